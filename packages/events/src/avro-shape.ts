// A strict walk over Avro bytes before they are decoded. avsc trusts counts and lengths: a few bytes of garbage can
// make it loop for hours or reserve gigabytes. Here every length is checked against what is left, and only the one
// canonical encoding is accepted (shortest numbers, one block an array), so that the bytes a link or a signature
// covers are the only bytes that say the same.

import { isUtf8 } from 'node:buffer'
import { PeerInvalid } from './errors.ts'

type Named = { readonly name: string; readonly namespace?: string }
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | (Named & {
      readonly type: 'record'
      readonly fields: readonly { readonly name: string; readonly type: AvroSchema }[]
    })
  | (Named & { readonly type: 'enum'; readonly symbols: readonly string[] })
  | (Named & { readonly type: 'fixed'; readonly size: number })
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | { readonly type: string }

/** Walks one value from `position` and returns where it ends; throws PeerInvalid where the bytes are not one. */
export type Walk = (bytes: Buffer, position: number) => number

const malformed = (what: string): PeerInvalid =>
  new PeerInvalid(
    'record_malformed',
    `the record is not what its schema says: ${what}; look for it in the dead letters`,
  )

/** The last number read by `readLong`, so that it need not return a pair. */
let lastLong = 0

/** Reads one zigzag varint, the shortest form only, at most 53 bits; returns where it ends. */
function readLong(bytes: Buffer, position: number): number {
  let value = 0
  let scale = 1
  let at = position
  for (;;) {
    const byte = bytes[at++]
    if (byte === undefined) throw malformed('it ends within a number')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      if (byte === 0 && at - position > 1) throw malformed('a number is not in its shortest form')
      break
    }
    scale *= 128
    if (at - position >= 8) throw malformed('a number is out of range')
  }
  lastLong = value % 2 === 0 ? value / 2 : -(value + 1) / 2
  if (!Number.isSafeInteger(value)) throw malformed('a number is out of range')
  return at
}

function readLength(bytes: Buffer, position: number): number {
  const at = readLong(bytes, position)
  if (lastLong < 0 || lastLong > bytes.length - at) throw malformed('a length exceeds the record')
  return at
}

const MAX_INT = 2_147_483_647

const PRIMITIVES: Readonly<Record<string, Walk>> = {
  null: (_bytes, position) => position,
  boolean: (bytes, position) => {
    const byte = bytes[position]
    if (byte !== 0 && byte !== 1) throw malformed('a boolean is neither 0 nor 1')
    return position + 1
  },
  int: (bytes, position) => {
    const at = readLong(bytes, position)
    if (lastLong > MAX_INT || lastLong < -MAX_INT - 1) throw malformed('an int is out of range')
    return at
  },
  long: readLong,
  bytes: (bytes, position) => {
    const at = readLength(bytes, position)
    return at + lastLong
  },
  string: (bytes, position) => {
    const at = readLength(bytes, position)
    const end = at + lastLong
    if (!isUtf8(bytes.subarray(at, end))) throw malformed('a string is not UTF-8')
    return end
  },
}

/** Items as one block with a positive count. Each item takes at least a byte, so that a count is bounded by what is left. */
function blockOf(item: Walk): Walk {
  return (bytes, position) => {
    let at = readLength(bytes, position)
    if (lastLong === 0) return at
    for (let left = lastLong; left > 0; left--) {
      const next = item(bytes, at)
      if (next === at) throw malformed('an item without bytes')
      at = next
    }
    if (bytes[at] !== 0) throw malformed('an array is not one block')
    return at + 1
  }
}

const inSequence =
  (walks: readonly Walk[]): Walk =>
  (bytes, position) => {
    let at = position
    for (const walk of walks) at = walk(bytes, at)
    return at
  }

const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema)

/** Compiles a schema; `named` holds the types that were already defined, by full name. */
export function compileWalk(schema: AvroSchema, named = new Map<string, Walk>(), namespace = ''): Walk {
  if (typeof schema === 'string') {
    const known = PRIMITIVES[schema] ?? named.get(schema) ?? named.get(`${namespace}.${schema}`)
    if (known === undefined) throw new TypeError(`unknown Avro type ${schema}`)
    return known
  }
  if (isUnion(schema)) {
    const branches = schema.map((branch) => compileWalk(branch, named, namespace))
    return (bytes, position) => {
      const at = readLong(bytes, position)
      const branch = branches[lastLong]
      if (branch === undefined) throw malformed('a union has no such branch')
      return branch(bytes, at)
    }
  }
  if ('fields' in schema) {
    const scope = schema.namespace ?? namespace
    const walk = inSequence(schema.fields.map((field) => compileWalk(field.type, named, scope)))
    named.set(`${scope}.${schema.name}`, walk)
    return walk
  }
  if ('symbols' in schema) {
    const count = schema.symbols.length
    const walk: Walk = (bytes, position) => {
      const at = readLong(bytes, position)
      if (lastLong < 0 || lastLong >= count) throw malformed('an enum has no such symbol')
      return at
    }
    named.set(`${schema.namespace ?? namespace}.${schema.name}`, walk)
    return walk
  }
  if ('size' in schema) {
    const { size } = schema
    const walk: Walk = (bytes, position) => {
      if (size > bytes.length - position) throw malformed('it ends within a field')
      return position + size
    }
    named.set(`${schema.namespace ?? namespace}.${schema.name}`, walk)
    return walk
  }
  if ('items' in schema) return blockOf(compileWalk(schema.items, named, namespace))
  if ('values' in schema) {
    const value = compileWalk(schema.values, named, namespace)
    return blockOf(inSequence([PRIMITIVES.string as Walk, value]))
  }
  return compileWalk(schema.type, named, namespace)
}

export type RecordShape = {
  /** Walks the whole record from `position`; returns the end of each field, in order. Trailing bytes are an error. */
  fieldEnds(bytes: Buffer, position: number): number[]
}

/** The shape of a record schema's text. */
export function recordShape(schema: AvroSchema): RecordShape {
  if (typeof schema === 'string' || isUnion(schema) || !('fields' in schema)) throw new TypeError('not a record schema')
  const named = new Map<string, Walk>()
  const walks = schema.fields.map((field) => compileWalk(field.type, named, schema.namespace ?? ''))
  return {
    fieldEnds(bytes, position) {
      let at = position
      const ends = walks.map((walk) => {
        at = walk(bytes, at)
        return at
      })
      if (at !== bytes.length) throw malformed('bytes follow its end')
      return ends
    },
  }
}

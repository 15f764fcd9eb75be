// Rows as a server sends them, read apart again by means of their own, and columns masked in all the ways there are.

import type { FieldMasker, MaskedField } from '@sluice/mask'
import fc from 'fast-check'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { ServerFramer } from '../wire/server-framer.ts'

export type Field = Buffer | null

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A count, and each field with its length. */
export const tuple = (fields: readonly Field[]): Buffer =>
  Buffer.concat([
    encode.int16(fields.length),
    ...fields.flatMap((field) => (field === null ? [int32(-1)] : [int32(field.length), field])),
  ])

export const dataRow = (fields: readonly Field[]): Buffer => encode.message(SERVER.dataRow, tuple(fields))

/** The bodies of whole messages of one type. */
export const bodies = (bytes: Buffer, type: number): readonly Buffer[] => {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== type) throw new Error(`a message of type ${bytes[at]}`)
    const end = at + 1 + bytes.readUInt32BE(at + 1)
    if (end > bytes.length) throw new Error('a message that does not end')
    found.push(bytes.subarray(at + 5, end))
    at = end
  }
  return found
}

export const fieldsOf = (body: Buffer): readonly Field[] => {
  const fields: Field[] = []
  let at = 2
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at)
    at += 4
    fields.push(length === -1 ? null : body.subarray(at, at + length))
    at += Math.max(0, length)
  }
  if (at !== body.length) throw new Error('bytes behind the last field')
  return fields
}

const masker = (tag: string, nullBecomes: MaskedField, of: (value: Buffer) => MaskedField): FieldMasker => ({
  tag,
  nullBecomes,
  mask: (bytes, start, end) => of(Buffer.from(bytes.subarray(start, end))),
})

export const constant = (tag: string): FieldMasker => {
  const bytes = Buffer.from(`[${tag}]`)
  return masker(tag, undefined, () => bytes)
}

class FirstByte {
  readonly by = Buffer.from('<>')
  from = 0
  to = 0

  find(_bytes: Buffer, start: number, end: number): boolean {
    this.from = start
    this.to = start + 1
    return end - start > 3
  }
}

/** By name, for what a failed property shows. */
export const MASKERS: Readonly<Record<string, FieldMasker | null>> = {
  clear: null,
  constant: constant('pii.one'),
  computed: masker('pii.computed', Buffer.from('[pii.computed]'), () => Buffer.from('[pii.computed]')),
  empty: masker('pii.empty', undefined, () => Buffer.alloc(0)),
  null: masker('pii.null', null, () => null),
  longer: masker('pii.longer', undefined, (value) => Buffer.alloc(value.length * 3 + 40, '\\"\t\n,x')),
  shorter: masker('pii.shorter', undefined, (value) => value.subarray(0, value.length / 2)),
  inPart: {
    ...masker('pii.part', undefined, (value) => Buffer.from(`<>${value.toString('latin1', 1)}`, 'latin1')),
    part: new FirstByte(),
  },
  sometimes: masker('scanned', undefined, (value) => (value.includes('s') ? Buffer.from('a,"b"\\N') : undefined)),
}

export const maskerNames = fc.array(fc.constantFrom(...Object.keys(MASKERS)), { minLength: 1, maxLength: 6 })

/** What a masker makes of a field, by the plainest means. */
export const expected = (name: string, field: Field): Field => {
  const by = MASKERS[name] ?? null
  if (by === null) return field
  const masked = field === null ? by.nullBecomes : by.mask(field, 0, field.length)
  return masked === undefined ? field : masked
}

/** Cuts `bytes` at the given places, given as fractions. */
export const cut = (bytes: Buffer, fractions: readonly number[]): readonly Buffer[] => {
  const places = [0, ...fractions.map((fraction) => Math.floor(fraction * bytes.length)), bytes.length]
  const sorted = places.sort((a, b) => a - b)
  return sorted.slice(1).map((end, index) => Buffer.from(bytes.subarray(sorted[index], end)))
}

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

const WHOLE_BYTES = 2 ** 24

/** What comes of `stream` when it arrives in those chunks, and each run of rows is masked. */
export const throughFramer = (chunks: readonly Buffer[], mask: (run: Buffer) => Buffer): Buffer => {
  const out: Buffer[] = []
  const framer = new ServerFramer({
    row: () => undefined,
    pass: (run) => out.push(mask(run)),
    wantsWholeRows: () => WHOLE_BYTES,
    control: (_type, bytes) => out.push(bytes),
    violation: (reason) => {
      throw new Error(reason)
    },
  })
  for (const chunk of chunks) framer.push(chunk)
  return Buffer.concat(out)
}

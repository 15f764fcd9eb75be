// Reads the messages that the gateway has to understand. Every function takes a whole message, header included, and
// answers null where its body is not what the format says.

import { HEADER_BYTES, SERVER } from './message-types.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Longest text that is decoded byte by byte; measured: below it a loop is faster than TextDecoder. */
const ASCII_FAST_BYTES = 256

/** Strict UTF-8; null when it is not. */
export function strictText(bytes: Buffer): string | null {
  if (bytes.length <= ASCII_FAST_BYTES) {
    let ascii = true
    for (let index = 0; index < bytes.length && ascii; index++) ascii = (bytes[index] as number) < 0x80
    if (ascii) return bytes.toString('latin1')
  }
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** Two names that agree so far are one to a server (its NAMEDATALEN, less the NUL). */
const MAX_NAME_BYTES = 63

/** A cursor over one message's body. Reading past the end makes it `broken` and yields empty values. */
export class BodyReader {
  readonly #bytes: Buffer
  #position: number
  broken = false

  constructor(bytes: Buffer, start = HEADER_BYTES) {
    this.#bytes = bytes
    this.#position = start
  }

  get done(): boolean {
    return this.#position === this.#bytes.length
  }

  #take(count: number): number {
    const start = this.#position
    if (count < 0 || start + count > this.#bytes.length) {
      this.broken = true
      return -1
    }
    this.#position = start + count
    return start
  }

  uint8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : (this.#bytes[at] as number)
  }

  /** Counts and format codes: drivers use all 16 bits for up to 65,535 parameters. */
  uint16(): number {
    const at = this.#take(2)
    return at < 0 ? 0 : this.#bytes.readUInt16BE(at)
  }

  int32(): number {
    const at = this.#take(4)
    return at < 0 ? 0 : this.#bytes.readInt32BE(at)
  }

  bytes(count: number): Buffer {
    const at = this.#take(count)
    return at < 0 ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at, at + count)
  }

  /** The bytes up to a NUL, which is consumed. */
  cBytes(): Buffer {
    const end = this.#bytes.indexOf(0, this.#position)
    if (end < 0) {
      this.broken = true
      return this.#bytes.subarray(0, 0)
    }
    const bytes = this.#bytes.subarray(this.#position, end)
    this.#position = end + 1
    return bytes
  }

  /**
   * The name of a prepared statement or a portal as a server keeps it. Broken when it is not ASCII: what else two names
   * have in common is settled by the server's encoding.
   */
  cName(): string {
    const bytes = this.cBytes()
    if (bytes.some((byte) => byte >= 0x80)) this.broken = true
    return bytes.toString('latin1', 0, MAX_NAME_BYTES)
  }

  /** Text in strict UTF-8; broken when it is not. */
  cText(): string {
    const text = strictText(this.cBytes())
    if (text === null) this.broken = true
    return text ?? ''
  }
}

export type ParseBody = { readonly name: string; readonly text: string | null }

/** `text` is null when it is not UTF-8. */
export function decodeParse(message: Buffer): ParseBody | null {
  const body = new BodyReader(message)
  const name = body.cName()
  const text = strictText(body.cBytes())
  const count = body.uint16()
  body.bytes(count * 4)
  return body.broken || !body.done ? null : { name, text }
}

/** The parameters' types that a Parse declares, as far as it does; 0 leaves it to the server. */
export function declaredTypes(parse: Buffer): readonly number[] {
  const body = new BodyReader(parse)
  body.cBytes()
  body.cBytes()
  return readTypes(body)
}

/** The types that a ParameterDescription tells; empty for any other message. */
export function describedTypes(message: Buffer): readonly number[] {
  if (message[0] !== SERVER.parameterDescription) return []
  const body = new BodyReader(message)
  return readTypes(body)
}

function readTypes(body: BodyReader): readonly number[] {
  const count = body.uint16()
  return Array.from({ length: body.broken ? 0 : count }, () => body.int32() >>> 0)
}

export type QueryBody = { readonly text: string | null }

export function decodeQuery(message: Buffer): QueryBody | null {
  const body = new BodyReader(message)
  const text = body.cBytes()
  return body.broken || !body.done ? null : { text: strictText(text) }
}

export type BoundValue = { readonly binary: boolean; readonly bytes: Buffer | null }
export type BindBody = {
  readonly portal: string
  readonly statement: string
  readonly values: readonly BoundValue[]
  /** None (all text), one for all, or one for each. */
  readonly resultFormats: readonly number[]
}

export function decodeBind(message: Buffer): BindBody | null {
  const body = new BodyReader(message)
  const portal = body.cName()
  const statement = body.cName()
  const formats = readFormats(body)
  const values: BoundValue[] = []
  const count = body.uint16()
  if (formats.length > 1 && formats.length !== count) return null
  for (let index = 0; index < count && !body.broken; index++) {
    const length = body.int32()
    const format = formats.length === 1 ? formats[0] : formats[index]
    values.push({ binary: format === 1, bytes: length === -1 ? null : body.bytes(length) })
  }
  const resultFormats = readFormats(body)
  return body.broken || !body.done ? null : { portal, statement, values, resultFormats }
}

function readFormats(body: BodyReader): readonly number[] {
  const count = body.uint16()
  const formats: number[] = []
  for (let index = 0; index < count && !body.broken; index++) formats.push(body.uint16())
  return formats
}

export type ExecuteBody = { readonly portal: string; readonly maxRows: number }

export function decodeExecute(message: Buffer): ExecuteBody | null {
  const body = new BodyReader(message)
  const portal = body.cName()
  const maxRows = body.int32()
  return body.broken || !body.done ? null : { portal, maxRows }
}

export type NamedTarget = { readonly target: 'statement' | 'portal'; readonly name: string }

const STATEMENT = 'S'.charCodeAt(0)
const PORTAL = 'P'.charCodeAt(0)

/** The body of Describe and of Close. */
export function decodeNamed(message: Buffer): NamedTarget | null {
  const body = new BodyReader(message)
  const kind = body.uint8()
  const name = body.cName()
  if (body.broken || !body.done || (kind !== STATEMENT && kind !== PORTAL)) return null
  return { target: kind === STATEMENT ? 'statement' : 'portal', name }
}

/** The fields of ErrorResponse and NoticeResponse by their one-letter names. */
export function decodeReport(message: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  const body = new BodyReader(message)
  for (;;) {
    const type = body.uint8()
    if (type === 0 || body.broken) return fields
    fields.set(String.fromCharCode(type), body.cBytes().toString('utf8'))
  }
}

export function decodeParameterStatus(message: Buffer): { readonly name: string; readonly value: string } {
  const body = new BodyReader(message)
  return { name: body.cBytes().toString('utf8'), value: body.cBytes().toString('utf8') }
}

/** The number that the tag of a CommandComplete ends with (`UPDATE 7`, `INSERT 0 7`); 0 where it has none. */
export function rowsOfTag(message: Buffer): number {
  const [, rows = '0'] = / (\d+)\0?$/.exec(message.toString('latin1', 5)) ?? []
  return Number(rows)
}

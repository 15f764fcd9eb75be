// What of an audit record says what was delivered: the rows of a PostgreSQL result as people read them, or why they are
// not shown. The masker has decided what may be seen; here nothing is added to it.

import type { AuditSegment } from '@sluice/events'

export type RecordedResult =
  /** `columns` is empty where another event described them. `more`: rows that are recorded, and not here. */
  | {
      readonly kind: 'rows'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly (string | null)[])[]
      readonly more: number
    }
  | { readonly kind: 'withheld'; readonly reason: string }

const MAX_ROWS = 20
const MAX_CELL_CHARACTERS = 200
/** Of a message: its type and its length. */
const HEADER_BYTES = 5
/** Behind a column's name: table, attribute, type, length, modifier, format. */
const COLUMN_BYTES = 18
const BINARY_FORMAT = 1

const [ROW, COLUMNS, COPY_DATA] = ['D', 'T', 'd'].map((letter) => letter.charCodeAt(0))

/** Null where nothing was delivered that is a result. */
export function recordedResult(segments: readonly AuditSegment[]): RecordedResult | null {
  const results = segments.filter(({ kind }) => kind === 'result')
  if (results.length === 0) return null
  const hidden = results.find(({ bytes }) => bytes === null)
  if (hidden !== undefined) return { kind: 'withheld', reason: hidden.tag ?? hidden.reason ?? 'withheld' }
  return readRows(Buffer.concat(results.map(({ bytes }) => bytes ?? Buffer.alloc(0))))
}

function readRows(bytes: Buffer): RecordedResult | null {
  let columns: readonly Described[] = []
  const rows: (readonly (string | null)[])[] = []
  let seen = 0
  for (const [type, body] of messagesIn(bytes)) {
    if (type === COLUMNS) columns = describedIn(body)
    if (type !== ROW && type !== COPY_DATA) continue
    if (++seen > MAX_ROWS) continue
    rows.push(type === ROW ? fieldsIn(body).map((field, index) => shown(field, columns[index])) : [shown(body)])
  }
  if (seen === 0 && columns.length === 0) return null
  return { kind: 'rows', columns: columns.map(({ name }) => name), rows, more: seen - rows.length }
}

/** As far as they are whole. */
function* messagesIn(bytes: Buffer): Generator<readonly [number, Buffer]> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + 1 + bytes.readUInt32BE(at + 1)
    if (end < at + HEADER_BYTES || end > bytes.length) return
    yield [bytes.readUInt8(at), bytes.subarray(at + HEADER_BYTES, end)]
    at = end
  }
}

type Described = { readonly name: string; readonly binary: boolean }

function describedIn(body: Buffer): readonly Described[] {
  const columns: Described[] = []
  for (let at = 2; at < body.length; ) {
    const end = body.indexOf(0, at)
    if (end === -1 || end + 1 + COLUMN_BYTES > body.length) break
    const binary = body.readUInt16BE(end + COLUMN_BYTES - 1) === BINARY_FORMAT
    columns.push({ name: body.toString('utf8', at, end), binary })
    at = end + 1 + COLUMN_BYTES
  }
  return columns
}

function fieldsIn(body: Buffer): readonly (Buffer | null)[] {
  const fields: (Buffer | null)[] = []
  for (let at = 2; at + 4 <= body.length; ) {
    const length = body.readInt32BE(at)
    at += 4
    fields.push(length < 0 ? null : body.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return fields
}

/** Control characters but tab and line ends, and what stands for bytes that are no UTF-8. */
const UNREADABLE = /(?![\t\n\v\f\r])\p{Cc}|\ufffd/u

function shown(field: Buffer | null, column?: Described): string | null {
  if (field === null) return null
  const text = field.toString('utf8', 0, 4 * MAX_CELL_CHARACTERS)
  if (column?.binary === true || UNREADABLE.test(text)) return `‹${field.length} bytes›`
  return text.length > MAX_CELL_CHARACTERS ? `${text.slice(0, MAX_CELL_CHARACTERS)}…` : text.replace(/\n$/, '')
}

// The messages of a recorded PostgreSQL result, as a client reads them (documentation, "Message Formats"). Nothing is
// read past its end: what does not fit together is no result.

export type ResultColumn = {
  readonly name: string
  /** Of the column that it shows as it is; 0 where it is computed. */
  readonly relid: number
  readonly attno: number
  readonly type: number
  readonly format: 'text' | 'binary'
}

export type ResultMessage =
  | { readonly kind: 'columns'; readonly columns: readonly ResultColumn[] }
  /** A NULL is null. */
  | { readonly kind: 'row'; readonly fields: readonly (Buffer | null)[] }
  /** Text of the server's, or of COPY: then it is data. */
  | { readonly kind: 'text'; readonly bytes: Buffer; readonly data: boolean }
  /** Nothing of the data is in it. */
  | { readonly kind: 'protocol' }

const HEADER_BYTES = 5
const MAX_COLUMNS = 1_664
/** Type, length, modifier and format of a column, and before them relation and attribute. */
const COLUMN_BYTES = 18

const letter = (text: string): number => text.charCodeAt(0)
const PROTOCOL: ReadonlySet<number> = new Set(['C', 'I', 's', 'n', 't', '1', '2', '3', 'Z', 'H', 'c'].map(letter))
/** Errors, notices, notifications, settings, and the data of COPY. */
const TEXT: ReadonlySet<number> = new Set(['E', 'N', 'A', 'S', 'd'].map(letter))
const COPY_DATA = letter('d')
const ROW = letter('D')
const COLUMNS = letter('T')

/** Null where the bytes are not whole messages of known kinds. */
export function readResult(bytes: Buffer): readonly ResultMessage[] | null {
  const messages: ResultMessage[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < HEADER_BYTES) return null
    const end = at + 1 + bytes.readInt32BE(at + 1)
    if (end < at + HEADER_BYTES || end > bytes.length) return null
    const message = readMessage(bytes[at] as number, bytes.subarray(at + HEADER_BYTES, end))
    if (message === null) return null
    messages.push(message)
    at = end
  }
  return messages
}

function readMessage(type: number, body: Buffer): ResultMessage | null {
  if (type === ROW) return readRow(body)
  if (type === COLUMNS) return readColumns(body)
  if (TEXT.has(type)) return { kind: 'text', bytes: body, data: type === COPY_DATA }
  return PROTOCOL.has(type) ? { kind: 'protocol' } : null
}

function readRow(body: Buffer): ResultMessage | null {
  if (body.length < 2) return null
  const count = body.readUInt16BE(0)
  const fields: (Buffer | null)[] = []
  let at = 2
  for (let index = 0; index < count; index++) {
    if (body.length - at < 4) return null
    const length = body.readInt32BE(at)
    at += 4
    if (length < -1 || length > body.length - at) return null
    fields.push(length === -1 ? null : body.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return at === body.length ? { kind: 'row', fields } : null
}

function readColumns(body: Buffer): ResultMessage | null {
  if (body.length < 2) return null
  const count = body.readUInt16BE(0)
  if (count > MAX_COLUMNS) return null
  const columns: ResultColumn[] = []
  let at = 2
  for (let index = 0; index < count; index++) {
    const nameEnd = body.indexOf(0, at)
    if (nameEnd < 0 || body.length - nameEnd - 1 < COLUMN_BYTES) return null
    const facts = nameEnd + 1
    columns.push({
      name: body.toString('utf8', at, nameEnd),
      relid: body.readUInt32BE(facts),
      attno: body.readInt16BE(facts + 4),
      type: body.readUInt32BE(facts + 6),
      format: body.readInt16BE(facts + 16) === 0 ? 'text' : 'binary',
    })
    at = facts + COLUMN_BYTES
  }
  return at === body.length ? { kind: 'columns', columns } : null
}

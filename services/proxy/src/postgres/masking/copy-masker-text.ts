// COPY in text format: one row a line, a delimiter between fields, and a backslash before what would be read otherwise.

import type { CopyFormat } from '@sluice/sql'
import { HEADER_BYTES } from '../wire/message-types.ts'
import type { CopyRows } from './copy-masker.ts'
import type { MaskedColumns } from './masked-columns.ts'
import { RowUnexpected } from './row-unexpected.ts'
import { isSame, ScratchBytes, type SplicedBytes } from './spliced-bytes.ts'

const BACKSLASH = 0x5c
const NEWLINE = 0x0a

/** What the server writes behind a backslash for a control character. */
const LETTERS: readonly (readonly [letter: string, meant: string])[] = [
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]

const NO_BYTE = 0

/** By byte: what it means behind a backslash, 0 where the server never writes it. */
function meaningTable(delimiter: number): Uint8Array {
  const table = new Uint8Array(256)
  for (const [letter, meant] of LETTERS) table[letter.charCodeAt(0)] = meant.charCodeAt(0)
  table[BACKSLASH] = BACKSLASH
  table[delimiter] = delimiter
  return table
}

/** By byte: what is written behind a backslash in its place, 0 where it stands for itself. */
function escapeTable(delimiter: number): Uint8Array {
  const table = new Uint8Array(256)
  table[BACKSLASH] = BACKSLASH
  table[delimiter] = delimiter
  for (const [letter, meant] of LETTERS) table[meant.charCodeAt(0)] = letter.charCodeAt(0)
  return table
}

export class TextRows implements CopyRows {
  readonly #columns: MaskedColumns
  readonly #delimiter: number
  readonly #null: Buffer
  /** Only one that a value is never written as tells of NULL; with others, NULL is masked as that text would be. */
  readonly #nullIsCertain: boolean
  readonly #meanings: Uint8Array
  readonly #escapes: Uint8Array
  readonly #scratch = new ScratchBytes()

  constructor(columns: MaskedColumns, copy: CopyFormat) {
    this.#columns = columns
    this.#delimiter = copy.delimiter.charCodeAt(0)
    this.#null = Buffer.from(copy.null)
    this.#nullIsCertain = copy.null.startsWith('\\')
    this.#meanings = meaningTable(this.#delimiter)
    this.#escapes = escapeTable(this.#delimiter)
  }

  mask(run: Buffer, _view: DataView, position: number, end: number, spliced: SplicedBytes): void {
    const delimiter = this.#delimiter
    const last = this.#columns.maskers.length - 1
    const lineEnd = end - 1
    let start = position + HEADER_BYTES
    if (lineEnd < start || run[lineEnd] !== NEWLINE) throw new RowUnexpected('it is no line')
    const place = spliced.placeOf(position)
    let column = 0
    let escaped = false
    let grown = 0
    for (let at = start; ; at++) {
      const byte = at < lineEnd ? run[at] : delimiter
      if (byte === delimiter) {
        if (column > last) throw new RowUnexpected('more fields than columns')
        grown += this.#maskField(run, column, start, at, escaped, spliced)
        if (at >= lineEnd) break
        column++
        start = at + 1
        escaped = false
      } else if (byte === BACKSLASH) {
        escaped = true
        at++
        if (at >= lineEnd) throw new RowUnexpected('it ends with a backslash')
      } else if (byte === NEWLINE) throw new RowUnexpected('more than one line')
    }
    if (column !== last) throw new RowUnexpected('fewer fields than columns')
    if (grown !== 0) spliced.putInt32(place + 1, end - position - 1 + grown)
  }

  /** How many bytes longer the field is now. */
  #maskField(run: Buffer, column: number, start: number, end: number, escaped: boolean, spliced: SplicedBytes): number {
    const masker = this.#columns.maskers[column] ?? null
    if (masker === null) return 0
    let masked: Buffer | null | undefined
    if (this.#nullIsCertain && isSame(run, start, end, this.#null)) masked = masker.nullBecomes
    else if (escaped) {
      const length = this.#decode(run, start, end)
      masked = masker.mask(this.#scratch.bytes, 0, length)
    } else masked = masker.mask(run, start, end)
    if (masked === undefined) return 0
    this.#columns.seen[column] = (this.#columns.seen[column] as number) + 1
    spliced.keepUntil(start, masked === null ? this.#null.length : 2 * masked.length)
    const before = spliced.placeOf(start)
    if (masked === null) spliced.add(this.#null)
    else this.write(masked, spliced)
    spliced.skipTo(end)
    return spliced.placeOf(end) - before - (end - start)
  }

  /** Into the scratch bytes; returns how many. */
  #decode(run: Buffer, start: number, end: number): number {
    const bytes = this.#scratch.ofSize(end - start)
    let length = 0
    for (let at = start; at < end; at++) {
      let byte = run[at] as number
      if (byte === BACKSLASH) {
        byte = this.#meanings[run[++at] as number] as number
        if (byte === NO_BYTE) throw new RowUnexpected('an escape that the server does not write')
      }
      bytes[length++] = byte
    }
    return length
  }

  write(value: Buffer, spliced: SplicedBytes): void {
    const escapes = this.#escapes
    for (let at = 0; at < value.length; at++) {
      const byte = value[at] as number
      const letter = escapes[byte] as number
      if (letter !== NO_BYTE) spliced.addByte(BACKSLASH)
      spliced.addByte(letter === NO_BYTE ? byte : letter)
    }
  }
}

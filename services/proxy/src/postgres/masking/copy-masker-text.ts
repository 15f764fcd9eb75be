// COPY in text format: one row a line, a delimiter between fields, and a backslash before what would be read otherwise.

import type { FieldMasker, MaskedField } from '@sluice/mask'
import type { CopyFormat } from '@sluice/sql'
import { HEADER_BYTES } from '../wire/message-types.ts'
import type { CopyRows } from './copy-masker.ts'
import type { MaskedColumns } from './masked-columns.ts'
import { RowUnexpected } from './row-unexpected.ts'
import { isSame, ownBytes, ScratchBytes, type SplicedBytes } from './spliced-bytes.ts'

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
const PLAIN = 0

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
  /** By byte: whether it ends a field, or stands before a character that is written in another way. */
  readonly #special = new Uint8Array(256)
  readonly #null: Buffer
  /** Only one that a value is never written as tells of NULL; with others, NULL is masked as that text would be. */
  readonly #nullIsCertain: boolean
  readonly #meanings: Uint8Array
  readonly #escapes: Uint8Array
  readonly #scratch = new ScratchBytes()

  constructor(columns: MaskedColumns, copy: CopyFormat) {
    this.#columns = columns
    const delimiter = copy.delimiter.charCodeAt(0)
    for (const byte of [delimiter, BACKSLASH, NEWLINE]) this.#special[byte] = 1
    this.#null = Buffer.from(copy.null)
    this.#nullIsCertain = copy.null.startsWith('\\')
    this.#meanings = meaningTable(delimiter)
    this.#escapes = escapeTable(delimiter)
  }

  mask(run: Buffer, _view: DataView, position: number, end: number, spliced: SplicedBytes): void {
    const { maskers, seen } = this.#columns
    const special = this.#special
    const lineEnd = end - 1
    let start = position + HEADER_BYTES
    if (lineEnd < start || run[lineEnd] !== NEWLINE) throw new RowUnexpected('it is no line')
    const place = spliced.placeOf(position)
    let grown = 0
    for (let column = 0; column < maskers.length; column++) {
      if (start > lineEnd) throw new RowUnexpected('fewer fields than columns')
      let escaped = false
      let at = start
      // The line's own end is special: nothing is read behind it.
      while (special[run[at] as number] === PLAIN) at++
      while (run[at] === BACKSLASH) {
        escaped = true
        at += 2
        while (special[run[at] as number] === PLAIN) at++
      }
      if (at > lineEnd) throw new RowUnexpected('it ends with a backslash')
      if (at < lineEnd && run[at] === NEWLINE) throw new RowUnexpected('more than one line')
      const masker = maskers[column] ?? null
      if (masker !== null) {
        const masked = this.#masked(masker, run, start, at, escaped)
        if (masked !== undefined) {
          seen[column] = (seen[column] as number) + 1
          grown += this.#replace(masked, run, start, at, spliced)
        }
      }
      start = at + 1
    }
    if (start !== end) throw new RowUnexpected('more fields than columns')
    if (grown !== 0) spliced.putInt32(place + 1, end - position - 1 + grown)
  }

  #masked(masker: FieldMasker, run: Buffer, start: number, end: number, escaped: boolean): MaskedField {
    if (!escaped) return masker.mask(run, start, end)
    if (this.#nullIsCertain && isSame(run, start, end, this.#null)) return masker.nullBecomes
    const length = this.#decode(run, start, end)
    return masker.mask(this.#scratch.bytes, 0, length)
  }

  /** How many bytes longer the field is now. */
  #replace(masked: Buffer | null, run: Buffer, start: number, end: number, spliced: SplicedBytes): number {
    const before = spliced.placeOf(start)
    spliced.replace(start, end, masked === null ? this.#null.length : 2 * masked.length)
    if (masked === null) spliced.add(this.#null)
    else this.write(ownBytes(masked, run), spliced)
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
    let plain = 0
    while (plain < value.length && escapes[value[plain] as number] === NO_BYTE) plain++
    if (plain === value.length) return spliced.add(value)
    for (let at = 0; at < value.length; at++) {
      const byte = value[at] as number
      const letter = escapes[byte] as number
      if (letter !== NO_BYTE) spliced.addByte(BACKSLASH)
      spliced.addByte(letter === NO_BYTE ? byte : letter)
    }
  }
}

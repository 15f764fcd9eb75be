// COPY in csv format: a delimiter between fields, quotes around what would be read otherwise. A row may be several lines.

import type { CopyFormat } from '@sluice/sql'
import { HEADER_BYTES } from '../wire/message-types.ts'
import type { CopyRows } from './copy-masker.ts'
import type { MaskedColumns } from './masked-columns.ts'
import { RowUnexpected } from './row-unexpected.ts'
import { isSame, ownBytes, ScratchBytes, type SplicedBytes } from './spliced-bytes.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const PLAIN = 0
/** Alone on a line it ends the data for some readers. */
const END_OF_DATA = Buffer.from('\\.')

export class CsvRows implements CopyRows {
  readonly #columns: MaskedColumns
  readonly #delimiter: number
  readonly #quote: number
  /** By byte: whether it ends a field, or only stands between quotes. */
  readonly #special = new Uint8Array(256)
  readonly #null: Buffer
  readonly #scratch = new ScratchBytes()
  /** Where the field that was read last ends, and what it says. */
  #end = 0
  #value: Buffer | null = null
  #valueStart = 0
  #valueEnd = 0

  constructor(columns: MaskedColumns, copy: CopyFormat) {
    this.#columns = columns
    this.#delimiter = copy.delimiter.charCodeAt(0)
    this.#quote = copy.quote.charCodeAt(0)
    for (const byte of [this.#delimiter, this.#quote, NEWLINE, CARRIAGE_RETURN]) this.#special[byte] = 1
    this.#null = Buffer.from(copy.null)
  }

  mask(run: Buffer, _view: DataView, position: number, end: number, spliced: SplicedBytes): void {
    const { maskers, seen } = this.#columns
    const lineEnd = end - 1
    let start = position + HEADER_BYTES
    if (lineEnd < start || run[lineEnd] !== NEWLINE) throw new RowUnexpected('it is no line')
    const place = spliced.placeOf(position)
    let grown = 0
    for (let column = 0; column < maskers.length; column++) {
      if (start > lineEnd) throw new RowUnexpected('fewer fields than columns')
      const masker = maskers[column] ?? null
      this.#read(run, start, lineEnd, masker !== null)
      if (masker !== null) {
        const value = this.#value
        const masked = value === null ? masker.nullBecomes : masker.mask(value, this.#valueStart, this.#valueEnd)
        if (masked !== undefined) {
          seen[column] = (seen[column] as number) + 1
          grown += this.#replace(masked, run, start, this.#end, spliced)
        }
      }
      start = this.#end + 1
    }
    if (this.#end !== lineEnd) throw new RowUnexpected('more fields than columns')
    if (grown !== 0) spliced.putInt32(place + 1, end - position - 1 + grown)
  }

  /** Reads the field at `start`, up to a delimiter or the end of the row, and what it says where that is `wanted`. */
  #read(run: Buffer, start: number, lineEnd: number, wanted: boolean): void {
    if (start < lineEnd && run[start] === this.#quote) return this.#readQuoted(run, start, lineEnd, wanted)
    const special = this.#special
    let at = start
    // The line's own end is special: nothing is read behind it.
    while (special[run[at] as number] === PLAIN) at++
    if (at !== lineEnd && run[at] !== this.#delimiter) {
      throw new RowUnexpected('a field without quotes has what needs them')
    }
    this.#end = at
    if (!wanted) return
    this.#value = isSame(run, start, at, this.#null) ? null : run
    this.#valueStart = start
    this.#valueEnd = at
  }

  #readQuoted(run: Buffer, start: number, lineEnd: number, wanted: boolean): void {
    const quote = this.#quote
    let doubled = 0
    let at = start + 1
    for (; ; at++) {
      if (at >= lineEnd) throw new RowUnexpected('a quote that does not end')
      if (run[at] !== quote) continue
      if (run[at + 1] !== quote) break
      doubled++
      at++
    }
    this.#end = at + 1
    if (this.#end !== lineEnd && run[this.#end] !== this.#delimiter) {
      throw new RowUnexpected('something stands behind a closing quote')
    }
    if (!wanted) return
    this.#value = run
    this.#valueStart = start + 1
    this.#valueEnd = at
    if (doubled > 0) this.#decode(run, at - start - 1)
  }

  #decode(run: Buffer, length: number): void {
    const decoded = this.#scratch.ofSize(length)
    let to = 0
    for (let at = this.#valueStart; at < this.#valueEnd; at++) {
      if (run[at] === this.#quote) at++
      decoded[to++] = run[at] as number
    }
    this.#value = decoded
    this.#valueStart = 0
    this.#valueEnd = to
  }

  /** How many bytes longer the field is now. Whether it had quotes before tells of its value: only the new one counts. */
  #replace(masked: Buffer | null, run: Buffer, start: number, end: number, spliced: SplicedBytes): number {
    const before = spliced.placeOf(start)
    spliced.replace(start, end, masked === null ? this.#null.length : 2 * masked.length + 2)
    if (masked === null) spliced.add(this.#null)
    else this.write(ownBytes(masked, run), spliced)
    return spliced.placeOf(end) - before - (end - start)
  }

  write(value: Buffer, spliced: SplicedBytes): void {
    if (!this.#needsQuotes(value)) return spliced.add(value)
    spliced.addByte(this.#quote)
    for (let at = 0; at < value.length; at++) {
      const byte = value[at] as number
      if (byte === this.#quote) spliced.addByte(byte)
      spliced.addByte(byte)
    }
    spliced.addByte(this.#quote)
  }

  #needsQuotes(value: Buffer): boolean {
    const special = this.#special
    if (isSame(value, 0, value.length, this.#null) || isSame(value, 0, value.length, END_OF_DATA)) return true
    for (let at = 0; at < value.length; at++) {
      if (special[value[at] as number] !== PLAIN) return true
    }
    return false
  }
}

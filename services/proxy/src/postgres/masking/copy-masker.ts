// Masks what COPY … TO STDOUT sends, field by field, in each of its three formats.

import type { MaskedOutput } from '@sluice/mask'
import type { CopyFormat } from '@sluice/sql'
import { HEADER_BYTES, SERVER } from '../wire/message-types.ts'
import { BinaryRows } from './copy-masker-binary.ts'
import { CsvRows } from './copy-masker-csv.ts'
import { TextRows } from './copy-masker-text.ts'
import { MaskedColumns, type MaskParts } from './masked-columns.ts'
import { messageEnd } from './row-masker.ts'
import { RowUnexpected } from './row-unexpected.ts'
import { SplicedBytes } from './spliced-bytes.ts'

const NEWLINE = 0x0a
const ALL_TEXT: readonly number[] = []
const ALL_BINARY: readonly number[] = [1]

/** One row of a format. */
export interface CopyRows {
  /** Masks the row in the message at `position`, whose content ends at `end`. Throws RowUnexpected. */
  mask(run: Buffer, view: DataView, position: number, end: number, spliced: SplicedBytes): void
  /** Writes a field as the server would. Needs room for twice its bytes and two. */
  write(value: Buffer, spliced: SplicedBytes): void
}

export interface CopyMasker {
  /** The CopyOutResponse that goes before the rows. Throws RowUnexpected where it announces something else. */
  opened(message: Buffer): void
  /**
   * One or more whole CopyData messages in, the same with masked fields out. `run` is written over: what comes out is in
   * its memory, or in memory of its own. Throws RowUnexpected.
   */
  rows(run: Buffer): Buffer
  /** Masked values by tag, since the masker was made or the map was cleared. */
  readonly counts: Map<string, number>
}

/** For one COPY: what was read of one decides how the rest is read. Null where every column is clear. */
export function compileCopyMasker(
  outputs: readonly MaskedOutput[],
  format: CopyFormat,
  parts: MaskParts,
): CopyMasker | null {
  const columns = MaskedColumns.of(outputs, format.format === 'binary' ? ALL_BINARY : ALL_TEXT, parts)
  const names = outputs.map(({ name }) => name)
  return columns === null ? null : new CopyDataMasker(columns, format, names)
}

function rowsOf(columns: MaskedColumns, copy: CopyFormat): CopyRows {
  switch (copy.format) {
    case 'binary':
      return new BinaryRows(columns)
    case 'csv':
      return new CsvRows(columns, copy)
    case 'text':
      return new TextRows(columns, copy)
    default:
      return copy.format satisfies never
  }
}

/** As they are read here: the text side lets no others through. */
const DELIMITERS: ReadonlySet<string> = new Set(['\t', ',', ';', '|'])
const QUOTES: ReadonlySet<string> = new Set(['"', "'"])

function isCertain(copy: CopyFormat): boolean {
  if (copy.format === 'binary') return !copy.header
  if (!DELIMITERS.has(copy.delimiter)) return false
  return copy.format === 'text' || (QUOTES.has(copy.quote) && copy.escape === copy.quote)
}

export class CopyDataMasker implements CopyMasker {
  readonly #columns: MaskedColumns
  readonly #rows: CopyRows
  readonly #isBinary: boolean
  readonly #spliced = new SplicedBytes()
  /** The row of names that is due. */
  #header: Buffer | null

  /** @param names of the columns */
  constructor(columns: MaskedColumns, copy: CopyFormat, names: readonly string[]) {
    if (!isCertain(copy)) throw new RowUnexpected('characters of its format can be taken for each other')
    this.#columns = columns
    this.#rows = rowsOf(columns, copy)
    this.#isBinary = copy.format === 'binary'
    this.#header = copy.header ? headerLine(this.#rows, copy, names) : null
  }

  get counts(): Map<string, number> {
    return this.#columns.counts
  }

  opened(message: Buffer): void {
    const code = this.#isBinary ? 1 : 0
    const columns = this.#columns.maskers.length
    const expected = [code, columns >> 8, columns & 0xff, ...Array.from({ length: columns }, () => [0, code]).flat()]
    if (message[0] !== SERVER.copyOut || !message.subarray(HEADER_BYTES).equals(Buffer.from(expected))) {
      throw new RowUnexpected('a COPY of another format, or with another number of columns, was announced')
    }
  }

  rows(run: Buffer): Buffer {
    const view = new DataView(run.buffer, run.byteOffset, run.length)
    const spliced = this.#spliced
    spliced.begin(run)
    for (let position = 0; position < run.length; ) {
      const end = messageEnd(run, view, position, SERVER.copyData)
      if (this.#header === null) this.#rows.mask(run, view, position, end, spliced)
      else this.#skipHeader(run.subarray(position + HEADER_BYTES, end), this.#header)
      position = end
    }
    this.#columns.count()
    return spliced.finish()
  }

  /** What is not masked has to be the names and nothing else. */
  #skipHeader(line: Buffer, header: Buffer): void {
    if (!line.equals(header)) throw new RowUnexpected('the COPY does not begin with the names of its columns')
    this.#header = null
  }
}

function headerLine(rows: CopyRows, { delimiter }: CopyFormat, names: readonly string[]): Buffer {
  const line = new SplicedBytes()
  for (const [index, name] of names.entries()) {
    const bytes = Buffer.from(name)
    line.replace(0, 0, 2 * bytes.length + 3)
    if (index > 0) line.addByte(delimiter.charCodeAt(0))
    rows.write(bytes, line)
  }
  line.replace(0, 0, 1)
  line.addByte(NEWLINE)
  return line.finish()
}

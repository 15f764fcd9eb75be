// Masks the fields of rows: DataRow messages, and the tuples of COPY in binary format, which have the same shape.

import type { MaskedOutput } from '@sluice/mask'
import { HEADER_BYTES, SERVER } from '../wire/message-types.ts'
import { MaskedColumns, type MaskParts } from './masked-columns.ts'
import { RowUnexpected } from './row-unexpected.ts'
import { SplicedBytes } from './spliced-bytes.ts'

const COUNT_BYTES = 2
const LENGTH_BYTES = 4
const NULL_LENGTH = -1

export interface RowMasker {
  /**
   * One or more whole DataRow messages in, the same rows with masked fields out. `run` is written over: what comes out is
   * in its memory, or in memory of its own. Throws RowUnexpected.
   */
  rows(run: Buffer): Buffer
  /** Masked values by tag, since the masker was made or the map was cleared. */
  readonly counts: Map<string, number>
}

/**
 * @param formats of the results, as Bind carries them: 0, 1 or a code for each column
 * @returns null where every column is clear. Throws RowUnexpected where the formats do not fit the outputs.
 */
export function compileRowMasker(
  outputs: readonly MaskedOutput[],
  formats: readonly number[],
  parts: MaskParts,
): RowMasker | null {
  const columns = MaskedColumns.of(outputs, formats, parts)
  return columns === null ? null : new DataRowMasker(columns)
}

export class DataRowMasker implements RowMasker {
  readonly #columns: MaskedColumns
  readonly #spliced = new SplicedBytes()

  constructor(columns: MaskedColumns) {
    this.#columns = columns
  }

  get counts(): Map<string, number> {
    return this.#columns.counts
  }

  rows(run: Buffer): Buffer {
    const view = new DataView(run.buffer, run.byteOffset, run.length)
    const [columns, spliced] = [this.#columns, this.#spliced]
    spliced.begin(run)
    for (let position = 0; position < run.length; ) {
      const end = messageEnd(run, view, position, SERVER.dataRow)
      maskFields(columns, run, view, position, position + HEADER_BYTES, end, spliced)
      position = end
    }
    columns.count()
    return spliced.finish()
  }
}

/** Where the message at `position` ends. Throws RowUnexpected where it is of another type, or not whole. */
export function messageEnd(run: Buffer, view: DataView, position: number, type: number): number {
  if (run.length - position < HEADER_BYTES || run[position] !== type) throw new RowUnexpected('it is no row')
  const end = position + 1 + view.getUint32(position + 1)
  if (end > run.length || end < position + HEADER_BYTES) throw new RowUnexpected('its length is not that of a message')
  return end
}

/** Masks the row in the message at `position`, whose fields, with their count, are all that stands from `start` to `end`. */
export function maskFields(
  { maskers, seen }: MaskedColumns,
  run: Buffer,
  view: DataView,
  position: number,
  start: number,
  end: number,
  spliced: SplicedBytes,
): void {
  const count = maskers.length
  if (end - start < COUNT_BYTES || view.getUint16(start) !== count) throw new RowUnexpected('another number of fields')
  const place = spliced.placeOf(position)
  let grown = 0
  let field = start + COUNT_BYTES
  for (let index = 0; index < count; index++) {
    if (end - field < LENGTH_BYTES) throw new RowUnexpected('a field is missing')
    const length = view.getInt32(field)
    const value = field + LENGTH_BYTES
    const next = length === NULL_LENGTH ? value : value + length
    if (length < NULL_LENGTH || next > end) throw new RowUnexpected('a field is longer than its row')
    const masker = maskers[index] as (typeof maskers)[number]
    const part = length === NULL_LENGTH ? null : masker?.part
    if (part?.find(run, value, next) === true) {
      seen[index] = (seen[index] as number) + 1
      const lengthPlace = spliced.placeOf(field)
      const more = part.by.length - (part.to - part.from)
      spliced.replace(part.from, part.to, part.by.length)
      spliced.add(part.by)
      spliced.putInt32(lengthPlace, length + more)
      grown += more
    } else if (masker !== null) {
      const masked = length === NULL_LENGTH ? masker.nullBecomes : masker.mask(run, value, next)
      if (masked !== undefined) {
        seen[index] = (seen[index] as number) + 1
        const bytes = masked === null ? 0 : masked.length
        spliced.replace(field, next, LENGTH_BYTES + bytes)
        spliced.addInt32(masked === null ? NULL_LENGTH : bytes)
        if (masked !== null) spliced.add(masked)
        grown += bytes - (next - value)
      }
    }
    field = next
  }
  if (field !== end) throw new RowUnexpected('something stands behind its last field')
  if (grown !== 0) spliced.putInt32(place + 1, end - position - 1 + grown)
}

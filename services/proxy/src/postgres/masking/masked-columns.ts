// What is masked in the rows of one result: a masker for each column that is not clear, and how often each tag was met.

import {
  type Detectors,
  type FieldFormat,
  type FieldMasker,
  fieldMasker,
  type MaskedOutput,
  type MaskKeys,
  type Tag,
} from '@sluice/mask'
import { RowUnexpected } from './row-unexpected.ts'

export type MaskParts = {
  /** Of the connection; null where it has none. */
  readonly keys: MaskKeys | null
  readonly detectors: Detectors
}

const FORMATS: readonly FieldFormat[] = ['text', 'binary']

/** Result formats as Bind carries them: none (all text), one for all, or one for each column. */
export function fieldFormats(codes: readonly number[], columns: number): readonly FieldFormat[] {
  if (codes.length > 1 && codes.length !== columns) {
    throw new RowUnexpected(`${codes.length} result formats for ${columns} columns`)
  }
  return Array.from({ length: columns }, (_, index) => {
    const format = FORMATS[codes.length === 1 ? (codes[0] as number) : (codes[index] ?? 0)]
    if (format === undefined) throw new RowUnexpected('a result format that is neither text nor binary')
    return format
  })
}

export class MaskedColumns {
  /** By column; null where it is clear. */
  readonly maskers: readonly (FieldMasker | null)[]
  /** Values that were masked, by tag, since it was made or cleared. */
  readonly counts = new Map<Tag, number>()
  /** The same by column, as far as it was not added to `counts`. */
  readonly seen: Uint32Array

  constructor(maskers: readonly (FieldMasker | null)[]) {
    this.maskers = maskers
    this.seen = new Uint32Array(maskers.length)
  }

  /** Null where every column is clear. */
  static of(
    outputs: readonly MaskedOutput[],
    formats: readonly FieldFormat[],
    { keys, detectors }: MaskParts,
  ): MaskedColumns | null {
    const maskers = outputs.map((output, index) => fieldMasker(output, formats[index] ?? 'text', keys, detectors))
    return maskers.every((masker) => masker === null) ? null : new MaskedColumns(maskers)
  }

  /** Once for each run of rows: a map is too slow for each field. */
  count(): void {
    for (const [index, masker] of this.maskers.entries()) {
      const seen = this.seen[index] as number
      if (masker === null || seen === 0) continue
      this.counts.set(masker.tag, (this.counts.get(masker.tag) ?? 0) + seen)
      this.seen[index] = 0
    }
  }
}

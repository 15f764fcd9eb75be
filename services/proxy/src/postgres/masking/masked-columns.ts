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

type Maskers = readonly (FieldMasker | null)[]

/** Result formats as Bind carries them: none (all text), one for all, or one for each column. */
function fieldFormats(codes: readonly number[], columns: number): readonly FieldFormat[] {
  if (codes.length > 1 && codes.length !== columns) {
    throw new RowUnexpected(`${codes.length} result formats for ${columns} columns`)
  }
  return Array.from({ length: columns }, (_, index) => {
    const format = FORMATS[codes.length === 1 ? (codes[0] as number) : (codes[index] ?? 0)]
    if (format === undefined) throw new RowUnexpected('a result format that is neither text nor binary')
    return format
  })
}

type Made = MaskParts & {
  readonly codes: readonly number[]
  readonly maskers: Maskers | null
  readonly tags: readonly (readonly Tag[])[]
}

/** What was made last for the outputs of a statement: its next execution usually wants the same. */
const made = new WeakMap<readonly MaskedOutput[], Made>()

/** Null where every column is clear. */
function madeFor(outputs: readonly MaskedOutput[], codes: readonly number[], parts: MaskParts): Made {
  const { keys, detectors } = parts
  const last = made.get(outputs)
  if (last !== undefined && last.keys === keys && last.detectors === detectors && isEqual(last.codes, codes)) {
    return last
  }
  const formats = fieldFormats(codes, outputs.length)
  const all = outputs.map((output, index) => fieldMasker(output, formats[index] ?? 'text', keys, detectors))
  const maskers = all.every((masker) => masker === null) ? null : all
  const tags = outputs.map(({ sources }, index) => tagsOf(all[index] ?? null, sources))
  const now = { keys, detectors, codes: [...codes], maskers, tags }
  made.set(outputs, now)
  return now
}

/** Under which a masked value counts: each tag of what it is made of. */
function tagsOf(masker: FieldMasker | null, sources: MaskedOutput['sources']): readonly Tag[] {
  return masker === null ? [] : [...new Set([masker.tag, ...sources.flatMap(({ tags }) => tags)])]
}

function isEqual(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((code, index) => code === others[index])
}

export class MaskedColumns {
  /** By column; null where it is clear. */
  readonly maskers: Maskers
  /** Values that were masked, by tag, since it was made or cleared. */
  readonly counts = new Map<Tag, number>()
  /** The same by column, as far as it was not added to `counts`. */
  readonly seen: number[]

  readonly #tags: readonly (readonly Tag[])[]

  /** `tags`: by column; without them a masker's own. */
  constructor(maskers: Maskers, tags: readonly (readonly Tag[])[] = maskers.map((masker) => tagsOf(masker, []))) {
    this.maskers = maskers
    this.#tags = tags
    this.seen = maskers.map(() => 0)
  }

  /** Null where every column is clear. */
  static of(outputs: readonly MaskedOutput[], codes: readonly number[], parts: MaskParts): MaskedColumns | null {
    const { maskers, tags } = madeFor(outputs, codes, parts)
    return maskers === null ? null : new MaskedColumns(maskers, tags)
  }

  /** Once for each run of rows: a map is too slow for each field. */
  count(): void {
    for (let index = 0; index < this.maskers.length; index++) {
      const masker = this.maskers[index] ?? null
      const seen = this.seen[index] as number
      if (masker === null || seen === 0) continue
      for (const tag of this.#tags[index] ?? []) this.counts.set(tag, (this.counts.get(tag) ?? 0) + seen)
      this.seen[index] = 0
    }
  }
}

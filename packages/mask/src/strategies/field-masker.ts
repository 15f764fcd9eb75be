// One output column's values, as they are on the wire, to what the client gets instead.

import type { Detectors } from '../detectors/detection.ts'
import type { MaskedOutput, OutputMask } from '../lineage/mask-decision.ts'
import type { Strategy, Tag } from '../plan/plan.ts'
import type { MaskKeys } from './mask-keys.ts'
import { hiddenPartOf, partialOf } from './partial.ts'
import type { HiddenPart } from './partial-email.ts'
import { placeholderFor } from './placeholders.ts'
import { constantFor, type FieldFormat } from './redact.ts'
import { scanOf } from './scan.ts'
import { hashed, tokenize } from './token.ts'
import { isPlainText } from './type-constants.ts'

/** What stands for a field. `undefined`: the field as it is. null: SQL NULL. */
export type MaskedField = Buffer | null | undefined

export interface FieldMasker {
  /** A field that is not NULL. The result may be shared: nobody writes to it. */
  mask(bytes: Buffer, start: number, end: number): MaskedField
  /** For hot paths: where it finds something, the result is that of `mask`, made by replacing only that. */
  readonly part?: HiddenPart | null
  /** What a NULL becomes. */
  readonly nullBecomes: MaskedField
  /** For counting: the output's tag, or `SCANNED`. */
  readonly tag: Tag
}

/** Counts what the detectors masked in free text. */
export const SCANNED: Tag = 'scanned'

type Whole = Extract<OutputMask, { kind: 'mask' }>

const always = (tag: Tag, constant: Buffer | null, nullBecomes: MaskedField): FieldMasker => ({
  mask: () => constant,
  nullBecomes,
  tag,
})

/** A strategy that needs the value itself has no place where the value was computed, or has no key, or is no text. */
const possible = ({ strategy, computed }: Whole, type: number, keys: MaskKeys | null): Strategy => {
  if (strategy === 'redact' || strategy === 'null') return strategy
  if (computed || !isPlainText(type)) return 'redact'
  return strategy === 'partial' || keys !== null ? strategy : 'redact'
}

const tagsOf = (mask: Whole, output: MaskedOutput): readonly [Tag, ...Tag[]] => [
  mask.tag,
  ...output.sources.flatMap(({ tags }) => tags),
]

const maskWhole = (mask: Whole, output: MaskedOutput, format: FieldFormat, keys: MaskKeys | null): FieldMasker => {
  const { tag, computed } = mask
  const constant = constantFor(output.type, format, placeholderFor(...tagsOf(mask, output)))
  // A computed output tells nothing by being NULL either; a stored one is what it is.
  const redacted = always(tag, constant, computed ? constant : undefined)
  const strategy = possible(mask, output.type, keys)
  switch (strategy) {
    case 'redact':
      return redacted
    case 'null':
      return always(tag, null, null)
    case 'partial': {
      const leave = partialOf(tag)
      return {
        part: hiddenPartOf(tag),
        mask: (bytes, start, end) => {
          const left = end - start > MAX_PARTIAL_BYTES ? null : leave(bytes.toString('utf8', start, end))
          return left === null ? constant : Buffer.from(left)
        },
        nullBecomes: undefined,
        tag,
      }
    }
    case 'tokenize':
    case 'hash': {
      if (keys === null) return redacted
      const stand = strategy === 'hash' ? hashed : tokenize
      return {
        mask: (bytes, start, end) =>
          end - start > MAX_KEYED_BYTES ? constant : stand(bytes.subarray(start, end), keys, tag),
        nullBecomes: undefined,
        tag,
      }
    }
    default:
      return strategy satisfies never
  }
}

/** Longer values are redacted: what is shown in part is short, and a token is as long as its value. */
const MAX_PARTIAL_BYTES = 2 ** 10
const MAX_KEYED_BYTES = 2 ** 16

/** Null: the output's values pass. */
export function fieldMasker(
  output: MaskedOutput,
  format: FieldFormat,
  keys: MaskKeys | null,
  detectors: Detectors,
): FieldMasker | null {
  const { mask } = output
  switch (mask.kind) {
    case 'clear':
      return null
    case 'scan':
      return { mask: scanOf(output, format, detectors), nullBecomes: undefined, tag: SCANNED }
    case 'mask':
      return maskWhole(mask, output, format, keys)
    default:
      return mask satisfies never
  }
}

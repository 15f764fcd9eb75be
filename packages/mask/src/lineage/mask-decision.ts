// From facts about a statement to what happens to it: which outputs are masked and how, or why it is refused.

import type { Strategy, Tag } from '../plan/plan.ts'
import type { Source } from './lineage.ts'

/** What happens to the values of one output column. */
export type OutputMask =
  | { readonly kind: 'clear' }
  /** The whole value by its tag's strategy; `bare` is required for all but `redact` and `null`. */
  | { readonly kind: 'mask'; readonly strategy: Strategy; readonly tag: Tag; readonly computed: boolean }
  /** Free text, stored whole: what the detectors find in it. */
  | { readonly kind: 'scan' }

export type MaskedOutput = {
  readonly name: string
  readonly type: number
  readonly mask: OutputMask
  readonly sources: readonly Source[]
}

/** Distinct constants that a statement compares a tag's columns with, or writes to them. */
export type BudgetUse = {
  readonly tag: Tag
  readonly use: 'compared' | 'written'
  readonly literals: readonly number[]
  readonly parameters: readonly number[]
  readonly perDay: number
}

export type MaskDecision =
  | {
      readonly kind: 'allowed'
      readonly outputs: readonly MaskedOutput[]
      readonly budget: readonly BudgetUse[]
      /** Tags whose touch rule wants a person's approval first. */
      readonly approve: readonly Tag[]
      /** No output is masked or scanned. */
      readonly clear: boolean
    }
  | {
      readonly kind: 'refused'
      /** Stable: `tag_touch`, `tag_sink`, `lineage_unknown`, `plan_stale` … */
      readonly code: string
      /** `customers.ssn (pii.ssn) may not be compared with LIKE` */
      readonly what: string
      readonly hint: string
    }

/** Who asks: the tags that policies let them see unmasked. */
export type Reveals = ReadonlySet<Tag>

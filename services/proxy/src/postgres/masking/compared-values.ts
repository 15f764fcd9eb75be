// The constants that a statement compares sensitive columns with: they are counted, because whoever may ask often enough
// whether a value is there finds it.

import type { BudgetUse, Lineage } from '@sluice/mask'
import type { SensitiveValues } from '@sluice/session'
import { touchedLiterals } from '@sluice/sql'
import type { BoundValue } from '../wire/decode.ts'
import type { AnalysedText } from './session-masking.ts'

export type Compared = {
  readonly tag: string
  /** Compared with columns of the tag, or written to them. */
  readonly use: BudgetUse['use']
  readonly perDay: number
  readonly constants: readonly string[]
  /** From 1. */
  readonly parameters: readonly number[]
}

/** What can't be found in the text counts by its place: it is another constant each time. */
export function comparedIn(budget: readonly BudgetUse[], text: string): readonly Compared[] {
  return budget.map(({ tag, use, perDay, literals, parameters }) => {
    const found = touchedLiterals(text, literals)
    const constants = literals.map((at, index) => found[index]?.value ?? `${text} ${at}`)
    return { tag, use, perDay, constants, parameters }
  })
}

/** Where the values stand that the statement itself brings for sensitive columns. */
export function sensitiveIn({ sensitiveValues }: Lineage, { whole, at }: AnalysedText): SensitiveValues {
  const placed =
    at === null
      ? []
      : sensitiveValues.flatMap(({ location, tag }) => (location === null ? [] : { at: at + location, tag }))
  const literals = touchedLiterals(
    whole,
    placed.map((each) => each.at),
  )
  return {
    spans: placed.flatMap(({ tag }, index) => {
      const span = literals[index]?.span ?? null
      return span === null ? [] : { ...span, tag }
    }),
    parameters: sensitiveValues.flatMap(({ parameter, tag }) => (parameter === null ? [] : { parameter, tag })),
  }
}

/** What stands for a bound value. */
export function valueText(value: BoundValue | undefined): string {
  if (value === undefined || value.bytes === null) return ''
  return value.binary ? `\\x${value.bytes.toString('hex')}` : value.bytes.toString('utf8')
}

// Why a statement is refused for the sake of masking, as a denial.

import type { MaskDecision, Output } from '@sluice/mask'
import { type Denial, NO_OBLIGATIONS } from '@sluice/policy'
import type { Compared } from './compared-values.ts'
import type { Analysed } from './session-masking.ts'

type Refused = Extract<MaskDecision, { kind: 'refused' }>

function denied(
  plan: string,
  policyIds: readonly string[],
  words: Pick<Denial, 'reasonCode' | 'reason' | 'hint'>,
): Denial {
  return { kind: 'deny', policyIds, policyVersion: `plan ${plan.slice(0, 12)}`, ...words, obligations: NO_OBLIGATIONS }
}

export function maskDenied({ code, what, hint }: Refused, plan: string): Denial {
  return denied(plan, [code.replaceAll('_', '-')], { reasonCode: code, reason: what, hint })
}

export function lineageDenied(what: string, plan: string): Denial {
  return denied(plan, [], {
    reasonCode: 'lineage_unknown',
    reason: `where the results of this statement come from can not be told (${what})`,
    hint: 'Write it with plain columns, joins and functions, or ask for the tags to be revealed.',
  })
}

export function budgetDenied({ tag, use, perDay }: Compared, plan: string): Denial {
  const doing =
    use === 'written'
      ? `${perDay} different constants a day may be written to columns tagged ${tag}`
      : `values tagged ${tag} may be compared with ${perDay} different constants a day`
  return denied(plan, ['tag-budget'], {
    reasonCode: 'tag_budget',
    reason: `${doing}, and these are more`,
    hint: 'Repeat constants that were used before, or try again tomorrow.',
  })
}

export function placeholderDenied(plan: string): Denial {
  return denied(plan, ['masked-writes'], {
    reasonCode: 'placeholder_written',
    reason: 'this would write what stands for a masked value over the value itself',
    hint: 'Leave the column out of the statement, or write the real value.',
  })
}

/** EXPLAIN ANALYZE counts the rows that a condition finds, and the memory and bytes that values took on their way. */
export function countsTold({ view }: Analysed): Denial {
  return denied(view.plan.version, ['tag-touch'], {
    reasonCode: 'tag_touch',
    reason: 'EXPLAIN ANALYZE would count which sensitive values a condition finds, and how long they are',
    hint: 'Use EXPLAIN without ANALYZE, or leave sensitive columns out of the statement.',
  })
}

/** A table or view made of sensitive columns. */
export function copiesMade({ name, sources }: Output, { view }: Analysed): Denial {
  return denied(view.plan.version, ['tag-sink'], {
    reasonCode: 'tag_sink',
    reason: `the column ${name} would hold ${sources.map((source) => source.name).join(', ')} where nothing says that it is sensitive`,
    hint: 'Leave the column out, or have the table made by whoever may see it, with tags.',
  })
}

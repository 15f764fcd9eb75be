// What people read when a use of a sensitive column is refused.

import { type Tag, UNKNOWN_TAG } from '../plan/plan.ts'
import type { PlanView } from '../plan/plan-view.ts'
import { FULL_JOIN } from './facts.ts'
import type { Source, Touch, TouchHow } from './lineage.ts'
import type { MaskDecision } from './mask-decision.ts'

type Refusal = Extract<MaskDecision, { kind: 'refused' }>

/** `customers.ssn (pii.ssn)` */
export function peopleName({ name, verdict, tags }: Source): string {
  const kind = tags.length > 0 ? tags.join(', ') : verdict === 'scanned' ? 'free text' : UNKNOWN_TAG
  return `${name.replace(/^public\./, '')} (${kind})`
}

const SHOWN_NAMES = 3

function names(sources: readonly Source[]): string {
  const shown = sources.slice(0, SHOWN_NAMES).map(peopleName).join(', ')
  return sources.length > SHOWN_NAMES ? `${shown} and ${sources.length - SHOWN_NAMES} more` : shown
}

const MAY_NOT: Readonly<Record<TouchHow, (operation: string) => string>> = {
  compare: (operation) => `may not be compared with ${operation} here`,
  sort: (operation) => `may not decide the order of rows (${operation})`,
  group: (operation) => `may not be grouped by (${operation})`,
  count: (operation) => `may not decide how many rows there are (${operation})`,
  compute: (operation) => `may not be used in ${operation}`,
}

const refused = (code: string, what: string, hint: string): Refusal => ({ kind: 'refused', code, what, hint })

const doing = (touch: Touch, sources: readonly Source[]): string =>
  `${names(sources)} ${MAY_NOT[touch.how](touch.operation)}`

/** What would be allowed instead. `most`: constants in one statement. */
const INSTEAD: Readonly<Record<TouchHow, (most: number) => string>> = {
  compare: (most) => `Use = or IN with up to ${most} values in WHERE, or join it with a column of the same tag.`,
  sort: () => 'Order by other columns: masked ones have no order here.',
  group: () => 'Group by other columns; count(distinct column) may be selected.',
  count: () => 'Let other columns or constants decide that.',
  compute: (most) =>
    `Select it as it is, or through functions such as upper, reverse, md5, concat or to_json; in WHERE use = or IN with up to ${most} values.`,
}

const USE_OTHER_JOIN = 'Use JOIN, LEFT JOIN or RIGHT JOIN, or join by another column.'

export function equalityOnly(touch: Touch, sources: readonly Source[], view: PlanView): Refusal {
  const [tag = UNKNOWN_TAG] = sources.flatMap(({ tags }) => tags)
  const { valuesPerStatement } = view.rule(tag)
  const instead = touch.operation === FULL_JOIN ? USE_OTHER_JOIN : INSTEAD[touch.how](valuesPerStatement)
  return refused('tag_touch', doing(touch, sources), instead)
}

export function notAtAll(touch: Touch, sources: readonly Source[], tag: Tag, view: PlanView): Refusal {
  const partial = view.rule(tag).strategy === 'partial'
  const why = partial
    ? `Values of ${tag} are shown in part, so they may be selected only.`
    : `Values of ${tag} may be selected only.`
  return refused('tag_touch', doing(touch, sources), `${why} Use other columns to choose rows.`)
}

export const unknownArray = (sources: readonly Source[]): Refusal =>
  refused(
    'tag_touch',
    `${names(sources)} may not be compared with an array whose size is not known`,
    'Use IN with single values or parameters.',
  )

export const tooManyValues = (sources: readonly Source[], values: number, most: number): Refusal =>
  refused(
    'tag_budget',
    `${names(sources)} may not be compared with ${values} values in one statement`,
    `Up to ${most} values are allowed.`,
  )

// Which of the server's ways to run a statement would show the order of sensitive values by the order of rows.

import type { PlanView } from '../plan/plan-view.ts'
import type { Lineage } from './lineage.ts'

/**
 * `scans`: rows must not come in the order of an index. `joins`: nor in the order, or that of the hashes, by which columns
 * are compared with each other.
 */
export type QuietPlan = 'scans' | 'joins'

/** How many constants sensitive columns are compared with: with one, rows that are found are all alike. */
function constants({ touches }: Lineage): number {
  return touches.reduce(
    (sum, { kind, values }) => (kind === 'constants' ? sum + (values ?? Number.POSITIVE_INFINITY) : sum),
    0,
  )
}

/** Null: whatever the server does, the order of rows follows from clean values and from where the rows lie. */
export function quietPlan(lineage: Lineage, view: PlanView): QuietPlan | null {
  if (lineage.touches.some(({ kind }) => kind === 'tags')) return 'joins'
  const isOrdered = lineage.relations.some((relid) => view.relation(relid)?.orderedByValue === true)
  return isOrdered || lineage.countsDistinct === true || constants(lineage) > 1 ? 'scans' : null
}

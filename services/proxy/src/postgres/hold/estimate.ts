// How many rows a command would change, as the planner guesses. EXPLAIN calls what the planner folds: only commands
// whose functions are all known come here.

import type { OwnResult, OwnStatement } from './own-work.ts'

/** The other statements have no plan. */
const PLANNED: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'SELECT FOR UPDATE'])
const PREFIX = 'EXPLAIN (FORMAT JSON) '

type Plan = { readonly 'Node Type'?: string; readonly 'Plan Rows'?: number; readonly Plans?: readonly Plan[] }

/** Null for statements that have no plan. It fails as the command itself would: an unknown column is told at once. */
export function explain(
  kinds: readonly string[],
  text: string,
  parameters: OwnStatement['parameters'],
): OwnStatement | null {
  if (!kinds.every((kind) => PLANNED.has(kind))) return null
  return { text: PREFIX + text, parameters }
}

export function readEstimate(result: Extract<OwnResult, { kind: 'done' }>, index: number): number | null {
  const text = result.results[index]?.map(([line]) => line).join('\n')
  if (text === undefined || text === '') return null
  try {
    const [{ Plan: plan } = {}] = JSON.parse(text) as readonly { Plan?: Plan }[]
    return plan === undefined ? null : rowsOf(plan)
  } catch {
    // Not a plan, so no estimate: the reviewer is told that there is none.
    return null
  }
}

function rowsOf(plan: Plan): number {
  const children = plan.Plans ?? []
  if (plan['Node Type'] !== 'ModifyTable') return Math.round(plan['Plan Rows'] ?? 0)
  return children.reduce((sum, child) => sum + rowsOf(child), 0)
}

/** Where in the client's own text an error of the explained text is; undefined where it has no place. */
export function positionBehindPrefix(position: string | undefined): string | undefined {
  const at = Number(position)
  return Number.isInteger(at) && at > PREFIX.length ? String(at - PREFIX.length) : undefined
}

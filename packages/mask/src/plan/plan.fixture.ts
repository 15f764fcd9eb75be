// Plans made for tests, of catalogs without a server.

import type { KnownFunctions } from '../functions/known-functions.ts'
import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { CatalogSnapshot } from './catalog.ts'
import { makePlan } from './make-plan.ts'
import { type MaskingInput, maskingRulesSchema } from './masking-rules.ts'
import type { MaskPlan, PlannedColumn, PlannedRelation } from './plan.ts'
import { NO_MEMORY, type PlanMemory } from './plan-memory.ts'

/** pg_class. */
export const CLEAN_CATALOG = 1_259

/** Everything below 16384 is on the list; of the catalog one table is. */
export const LISTED: KnownFunctions = {
  function: (id) => (id < FIRST_USER_ID ? 'plain' : undefined),
  operatorFunction: () => undefined,
  isEquality: () => false,
  isCount: () => false,
  isType: (id) => id < FIRST_USER_ID,
  isTotalCoercion: () => false,
  catalogRelation: (relid) => (relid === CLEAN_CATALOG ? 'clean' : undefined),
  catalogColumn: () => undefined,
  nameOf: () => undefined,
  operatorName: () => undefined,
  isDeterministicCollation: () => false,
  isSizeArgument: () => false,
}

export function plan(
  catalog: CatalogSnapshot,
  rules: MaskingInput = {},
  memory: PlanMemory = NO_MEMORY,
): { readonly plan: MaskPlan; readonly memory: PlanMemory } {
  return makePlan({ catalog, rules: maskingRulesSchema.parse(rules), memory, functions: LISTED, madeAt: 0 })
}

export function relationOf(made: MaskPlan, name: string): PlannedRelation {
  const found = made.relations.find((relation) => relation.name === name)
  if (found === undefined) throw new Error(`the plan has no relation ${name}`)
  return found
}

/** `table.column`. */
export function planned(made: MaskPlan, path: string): PlannedColumn {
  const [table = '', name = ''] = path.split('.')
  const found = relationOf(made, table).columns.find((column) => column.name === name)
  if (found === undefined) throw new Error(`the plan has no column ${path}`)
  return found
}

/** `clean`, `scanned`, or the tags: `pii.ssn+unknown`. */
export function verdictOf(made: MaskPlan, path: string): string {
  const { verdict, tags } = planned(made, path)
  return verdict === 'tagged' ? tags.join('+') : verdict
}

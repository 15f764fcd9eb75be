/** Masking as pure functions: query trees, lineage, plans, strategies and detectors. Knows no socket and no clock. */

export {
  type FunctionVerdict,
  type KnownFunctions,
  knownFunctions,
  type StandardObject,
} from './functions/known-functions.ts'
export {
  DEFAULT_TAG_RULE,
  type MaskPlan,
  type PlannedColumn,
  type PlannedRelation,
  type PlannedType,
  type Strategy,
  type Tag,
  type TagRule,
  type TouchRule,
  UNKNOWN_TAG,
  type Verdict,
} from './plan/plan.ts'
export { PlanView } from './plan/plan-view.ts'

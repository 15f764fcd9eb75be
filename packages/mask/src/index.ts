/** Masking as pure functions: query trees, lineage, plans, strategies and detectors. Knows no socket and no clock. */

export {
  type FunctionVerdict,
  type KnownFunctions,
  knownFunctions,
  type StandardObject,
} from './functions/known-functions.ts'
export {
  type CatalogCode,
  type CatalogColumn,
  type CatalogColumnId,
  type CatalogForeignKey,
  type CatalogKey,
  type CatalogRelation,
  type CatalogSnapshot,
  type CatalogType,
  catalogHash,
} from './plan/catalog.ts'
export {
  type MaskingInput,
  type MaskingRules,
  maskingRulesJson,
  maskingRulesSchema,
  NO_MASKING_RULES,
  parseMaskingRules,
} from './plan/masking-rules.ts'
export { packCatalog, packPlan, unpackCatalog, unpackPlan } from './plan/packed.ts'
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

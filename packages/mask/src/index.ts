/** Masking as pure functions: query trees, lineage, plans, strategies and detectors. Knows no socket and no clock. */

export type { Detection, Detectors, ScanContext, ScannedText, TextSyntax } from './detectors/detection.ts'
export { detectors } from './detectors/detectors.ts'
export { checkPattern, type PatternCheck } from './detectors/user-patterns.ts'
export {
  type FunctionVerdict,
  type KnownFunctions,
  knownFunctions,
} from './functions/known-functions.ts'
export { FIRST_USER_ID } from './functions/object-ids.ts'
export { STANDARD_OBJECTS_SQL, type StandardObject } from './functions/standard-objects.ts'
export { decideMasks } from './lineage/decide-masks.ts'
export type {
  ColumnRef,
  Lineage,
  LineageObjection,
  Output,
  SensitiveValue,
  Sink,
  Source,
  Touch,
  TouchHow,
} from './lineage/lineage.ts'
export type {
  BudgetUse,
  MaskDecision,
  MaskedOutput,
  OutputMask,
  Reveals,
} from './lineage/mask-decision.ts'
export { type QuietPlan, quietPlan } from './lineage/quiet-plan.ts'
export { lineageOf } from './lineage/read-lineage.ts'
export {
  type CatalogCode,
  type CatalogColumn,
  type CatalogColumnId,
  type CatalogForeignKey,
  type CatalogIndex,
  type CatalogKey,
  type CatalogRelation,
  type CatalogSnapshot,
  type CatalogType,
  catalogHash,
} from './plan/catalog.ts'
export { makePlan, type PlanMaking } from './plan/make-plan.ts'
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
export {
  type ColumnMemory,
  NO_MEMORY,
  type PlaceName,
  type PlanMemory,
  packMemory,
  unpackMemory,
  withFinding,
} from './plan/plan-memory.ts'
export { PlanView } from './plan/plan-view.ts'
export { uniteCatalogs } from './plan/unite-catalogs.ts'
export { type FieldMasker, fieldMasker, type MaskedField, SCANNED } from './strategies/field-masker.ts'
export { type MaskKeys, maskKeys } from './strategies/mask-keys.ts'
export { isPlaceholder, placeholderFor } from './strategies/placeholders.ts'
export type { FieldFormat } from './strategies/redact.ts'
export { detokenize } from './strategies/token.ts'
export type { TreeNode, TreeResult, TreeValue } from './tree/node.ts'
export { readStoredTree, readTree } from './tree/read-tree.ts'

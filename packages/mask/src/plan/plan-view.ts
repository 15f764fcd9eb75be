// A plan as it is asked: by ids.

import type { MaskPlan, PlannedColumn, PlannedRelation, PlannedType, Tag, TagRule } from './plan.ts'
import { DEFAULT_TAG_RULE } from './plan.ts'

export class PlanView {
  readonly plan: MaskPlan
  readonly #relations: ReadonlyMap<number, PlannedRelation>
  readonly #columns = new Map<number, ReadonlyMap<number, PlannedColumn>>()
  readonly #types: ReadonlyMap<number, PlannedType>

  constructor(plan: MaskPlan) {
    this.plan = plan
    this.#relations = new Map(plan.relations.map((relation) => [relation.relid, relation]))
    for (const { relid, columns } of plan.relations) {
      this.#columns.set(relid, new Map(columns.map((column) => [column.attno, column])))
    }
    this.#types = new Map(plan.types.map((type) => [type.typeId, type]))
  }

  /** Undefined: the plan doesn't know it, so nobody may rely on anything about it. */
  relation(relid: number): PlannedRelation | undefined {
    return this.#relations.get(relid)
  }

  /** Undefined for a column that came later: it is closed until it is known. */
  column(relid: number, attno: number): PlannedColumn | undefined {
    return this.#columns.get(relid)?.get(attno)
  }

  type(typeId: number): PlannedType | undefined {
    return this.#types.get(typeId)
  }

  rule(tag: Tag): TagRule {
    return this.plan.tags[tag] ?? DEFAULT_TAG_RULE
  }
}

// What sessions ask of the plans that are in force.

import type { PlanView } from '@sluice/mask'

export interface MaskPlans {
  /** Throws PolicyUnavailable where there is no plan that may be used: `plan_missing`, `plan_stale`, `plan_foreign`. */
  current(connection: string): PlanView
  /**
   * Looks at the catalog now. Resolves with a plan other than `version`, or with null where none comes in time or the
   * catalog is as that plan has it.
   */
  fresher(connection: string, version: string, withinMs: number): Promise<PlanView | null>
  /** Calls back with each newer plan; returns how to stop that. */
  onChange(connection: string, listener: (view: PlanView) => void): () => void
}

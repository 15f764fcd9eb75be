// What was read from a tree is kept for the same tree and the same plan, for all sessions: never for the same text.

import {
  type KnownFunctions,
  knownFunctions,
  type Lineage,
  lineageOf,
  type PlanView,
  type QuietPlan,
  quietPlan,
  readTree,
} from '@sluice/mask'
import type { AccessTouch } from '@sluice/policy'
import { TextCache } from '../text-cache.ts'
import { accessTouches, objectsOf } from './access-touches.ts'

/** What one tree is by one plan, made once: all but what is decided on it. */
export type PlannedLineage = {
  readonly kind: 'lineage'
  readonly lineage: Lineage
  /** The tables that it uses, by the names that they have in the database. */
  readonly objects: readonly string[]
  readonly touches: readonly AccessTouch[]
  readonly quiet: QuietPlan | null
}

export type ReadLineage = PlannedLineage | { readonly kind: 'unreadable'; readonly what: string }

type Planned = { readonly functions: KnownFunctions; readonly lineages: TextCache<ReadLineage> }

/** Objects of one lineage and of each output, touch and value in it, roughly. */
const LINEAGE_BYTES = 600
const PART_BYTES = 200

export class LineageCache {
  readonly #byPlan = new WeakMap<PlanView, Planned>()

  of(dump: string, view: PlanView): ReadLineage {
    const { lineages, functions } = this.#planned(view)
    const known = lineages.get(dump)
    if (known !== undefined) return known
    const read = readLineage(dump, view, functions)
    lineages.set(dump, read)
    return read
  }

  #planned(view: PlanView): Planned {
    const known = this.#byPlan.get(view)
    if (known !== undefined) return known
    const planned = {
      functions: knownFunctions(view.plan.serverMajor, view.plan.standard),
      lineages: new TextCache(sizeOf),
    }
    this.#byPlan.set(view, planned)
    return planned
  }
}

function readLineage(dump: string, view: PlanView, functions: KnownFunctions): ReadLineage {
  const tree = readTree(dump, view.plan.serverMajor)
  if (tree.kind === 'unreadable') return tree
  const lineage = lineageOf(tree.queries, view, functions)
  const objects = objectsOf(lineage, view)
  return {
    kind: 'lineage',
    lineage,
    objects,
    touches: accessTouches(lineage, objects, view),
    quiet: quietPlan(lineage, view),
  }
}

function sizeOf(read: ReadLineage): number {
  if (read.kind === 'unreadable') return LINEAGE_BYTES
  const { outputs, touches, sinks, sensitiveValues } = read.lineage
  const parts = outputs.length + touches.length + sinks.length + sensitiveValues.length + read.touches.length
  return LINEAGE_BYTES + PART_BYTES * parts
}

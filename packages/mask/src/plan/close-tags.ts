// Tags follow values: from a column to all whose values are made of it, until nothing changes any more.

import type { ColumnKey } from './column-key.ts'
import { type Tag, UNKNOWN_TAG, type Verdict } from './plan.ts'

/**
 * `copy`: the same stored value. `compute`: made of it; what detectors would find in free text they can't find in what is
 * computed of it. `tags`: equal values, whatever else the column holds.
 */
export type FlowKind = 'copy' | 'compute' | 'tags'

export type Flow = {
  /** Null: nobody knows where its values come from. */
  readonly from: ColumnKey | null
  readonly to: ColumnKey
  readonly kind: FlowKind
  /** For people: `view of public.customers.ssn`. */
  readonly why: string
}

export type ColumnState = {
  readonly verdict: Verdict
  /** Sorted. */
  readonly tags: readonly Tag[]
  readonly why: string
  /** A signed rule names the column: nothing flows into it. */
  readonly final: boolean
}

const MAX_WHY_CHARACTERS = 400

/** Verdicts only rise: clean, scanned, tagged. The order of `states` and `flows` decides which reason is told first. */
export function closeTags(
  states: ReadonlyMap<ColumnKey, ColumnState>,
  flows: readonly Flow[],
): ReadonlyMap<ColumnKey, ColumnState> {
  const closed = new Map(states)
  const outgoing = Map.groupBy(flows, ({ from }) => from)
  const waiting = new Set<ColumnKey>()
  const take = (flow: Flow, from: ColumnState): void => {
    const before = closed.get(flow.to)
    if (before === undefined) return
    const after = risen(before, from, flow)
    if (after === before) return
    closed.set(flow.to, after)
    waiting.add(flow.to)
  }
  for (const flow of outgoing.get(null) ?? []) take(flow, UNTRACED)
  for (const [key, { verdict }] of states) if (verdict !== 'clean') waiting.add(key)
  // A set hands out what is added while it is walked; each column comes again as often as its tags grow.
  for (const key of waiting) {
    waiting.delete(key)
    for (const flow of outgoing.get(key) ?? []) take(flow, closed.get(key) as ColumnState)
  }
  return closed
}

const UNTRACED: ColumnState = { verdict: 'tagged', tags: [UNKNOWN_TAG], why: '', final: true }

function risen(to: ColumnState, from: ColumnState, { kind, why }: Flow): ColumnState {
  if (to.final) return to
  const scanned = from.verdict === 'scanned'
  const flowing = scanned && kind === 'compute' ? [...from.tags, UNKNOWN_TAG] : from.tags
  const added = flowing.filter((tag) => !to.tags.includes(tag))
  const verdict = flowing.length > 0 ? 'tagged' : scanned && kind === 'copy' ? risenToScanned(to.verdict) : to.verdict
  if (added.length === 0 && verdict === to.verdict) return to
  const reasons = to.verdict === 'clean' ? why : `${to.why}, ${why}`
  return {
    verdict,
    tags: [...to.tags, ...added].sort(),
    why: reasons.length > MAX_WHY_CHARACTERS ? to.why : reasons,
    final: false,
  }
}

const risenToScanned = (verdict: Verdict): Verdict => (verdict === 'clean' ? 'scanned' : verdict)

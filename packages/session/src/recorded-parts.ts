// What of a request goes into its events: its decision, what was owed, where sensitive values stand, and its segments.

import type { RawSegment, RecordedDecision, RecordedObligation, SensitiveSpan } from '@sluice/events'
import { type DecisionObligations, NO_OBLIGATIONS, type PolicyDecision } from '@sluice/policy'
import type { RequestDescription } from './session.ts'

export const NOTHING_OWED: readonly never[] = []
/** Its spans are all that is sensitive in it, and its result is masked by what was found out about it. */
const ANALYSED: readonly RecordedObligation[] = [{ kind: 'analysed', tag: 'lineage', count: 1 }]
/** Nothing of a result was masked, whatever it holds. */
export const IN_CLEAR: readonly RecordedObligation[] = [{ kind: 'reveal', tag: 'all', count: 1 }]

export function recorded(
  decision: PolicyDecision,
  effect: PolicyDecision['kind'],
  approvalId: string | null,
): RecordedDecision {
  return {
    effect,
    policyIds: decision.policyIds,
    policyVersion: decision.policyVersion,
    reasonCode: decision.kind === 'deny' ? decision.reasonCode : null,
    approvalId,
    grantId: null,
  }
}

function recordedObligations({ notify, record }: DecisionObligations): RecordedObligation[] {
  const told = notify.map((channel) => ({ kind: 'notify', tag: channel, count: 1 }))
  return record === 'full' ? told : [...told, { kind: 'record', tag: record, count: 1 }]
}

/** They count the segments as they are recorded: where some are left out, nothing is left that they could be in. */
export function spansOf({ sensitive }: RequestDescription, { record }: DecisionObligations): readonly SensitiveSpan[] {
  return sensitive === undefined || record !== 'full' ? NOTHING_OWED : sensitive.spans
}

export function requestSpans(
  description: RequestDescription,
  obligations: DecisionObligations,
): readonly SensitiveSpan[] {
  const { sensitive, statement, parameters } = description
  const spans = spansOf(description, obligations)
  if (sensitive === undefined || sensitive.parameters.length === 0 || obligations.record !== 'full') return spans
  return [
    ...spans,
    ...sensitive.parameters.flatMap(({ parameter, tag }) => {
      const segment = statement.length + parameter - 1
      const end = parameters[parameter - 1]?.bytes.length ?? 0
      return end === 0 ? [] : [{ segment, start: 0, end, tag }]
    }),
  ]
}

export function owed(description: RequestDescription, obligations: DecisionObligations): readonly RecordedObligation[] {
  const told = obligations === NO_OBLIGATIONS ? NOTHING_OWED : recordedObligations(obligations)
  if (description.sensitive === undefined) return told
  return told.length === 0 ? ANALYSED : [...told, ...ANALYSED]
}

export function maskObligations(
  { sensitive }: RequestDescription,
  masked: ReadonlyMap<string, number> | null,
): readonly RecordedObligation[] {
  if (sensitive === undefined) return NOTHING_OWED
  if (masked === null || masked.size === 0) return ANALYSED
  return [...ANALYSED, ...[...masked].map(([tag, count]) => ({ kind: 'mask', tag, count }))]
}

/** What was asked for once holds, whatever is decided later. */
export function strictest(before: DecisionObligations, now: DecisionObligations): DecisionObligations {
  if (before === NO_OBLIGATIONS || before === now) return now
  return {
    notify: [...new Set([...before.notify, ...now.notify])],
    record: before.record === 'metadata' || now.record === 'metadata' ? 'metadata' : 'full',
  }
}

/** With `@record("metadata")` neither values nor results are recorded. */
function statementSegments({ statement }: RequestDescription, { record }: DecisionObligations): readonly RawSegment[] {
  return record === 'full' ? statement : statement.filter(({ kind }) => kind === 'text')
}

export function requestSegments(
  description: RequestDescription,
  obligations: DecisionObligations,
): readonly RawSegment[] {
  const statement = statementSegments(description, obligations)
  if (description.parameters.length === 0 || obligations.record !== 'full') return statement
  return [...statement, ...description.parameters]
}

export function finishedSegments(
  description: RequestDescription,
  obligations: DecisionObligations,
  result: Buffer | null,
): readonly RawSegment[] {
  const statement = statementSegments(description, obligations)
  if (result === null || obligations.record !== 'full') return statement
  return [...statement, { kind: 'result', label: '', bytes: result }]
}

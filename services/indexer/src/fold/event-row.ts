import type { Audit } from '@sluice/events'
import { indexCount, indexText, indexTexts, indexTime } from './index-values.ts'
import { type EventRow, RETENTION_DAYS } from './rows.ts'

export type IndexedRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Microseconds: when the log took the record. */
  readonly time: number
  readonly value: Buffer
  readonly headers: string
  readonly audit: Audit
}

/** The row of `events`: everything the record says, and the record itself. */
export function eventRow({ topic, partition, offset, time, value, headers, audit }: IndexedRecord): EventRow {
  const { header } = audit
  const { subject, decision, outcome } = header
  return {
    topic,
    partition,
    offset,
    logged_at: indexTime(time),
    event_id: header.eventId,
    session_id: header.sessionId,
    sequence: indexCount(header.sequence),
    time: indexTime(header.time),
    node_id: indexText(header.nodeId),
    kind: header.kind,
    direction: header.direction,
    protocol: indexText(header.protocol),
    connection: indexText(header.connection),
    subject: indexText(subject.id),
    subject_kind: subject.kind,
    subject_issuer: indexText(subject.issuer),
    subject_groups: indexTexts(subject.groups),
    on_behalf_of: indexText(subject.onBehalfOf),
    operation: indexText(header.operation),
    request_id: header.requestId,
    actions: indexTexts(header.actions),
    resources: indexTexts(header.resources),
    touches: header.touches.map(({ object, column, tag, how }) => ({
      object: indexText(object),
      column: indexText(column),
      tag: indexText(tag),
      how,
    })),
    fingerprint: indexText(header.fingerprint),
    decision: decision?.effect ?? '',
    policies: indexTexts(decision?.policyIds ?? []),
    policy_version: indexText(decision?.policyVersion),
    reason: indexText(decision?.reasonCode),
    approval_id: indexText(decision?.approvalId),
    grant_id: indexText(decision?.grantId),
    obligations: header.obligations.map(({ kind, tag, count }) => ({
      kind: indexText(kind),
      tag: indexText(tag),
      count: indexCount(count),
    })),
    status: outcome?.status ?? '',
    error: indexText(outcome?.code),
    rows: indexCount(outcome?.rows ?? 0),
    bytes: indexCount(outcome?.bytes ?? 0),
    duration_us: indexCount(outcome?.durationMicros ?? 0),
    client_address: indexText(header.clientAddress),
    trace: indexText(header.trace),
    text: indexText(audit.text),
    claims: Object.fromEntries(
      Object.entries(audit.claims).map(([name, claim]) => [indexText(name), indexText(claim)]),
    ),
    unsanitised: audit.unsanitised,
    retention_days: RETENTION_DAYS,
    record_base64: value.toString('base64'),
    headers: indexText(headers),
  }
}

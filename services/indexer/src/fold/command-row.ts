import type { Audit } from '@sluice/events'
import { indexCount, indexText, indexTime } from './index-values.ts'
import type { CommandRow, EventRow } from './rows.ts'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

/** The row of `commands`, from the event that finished it: that one carries everything. */
export function commandRow({ header, unsanitised }: Audit, event: EventRow): CommandRow {
  const masked = header.obligations.filter(({ kind }) => kind === 'mask')
  const { topic, partition, offset, logged_at, event_id, session_id, sequence } = event
  const { subject, subject_kind, subject_issuer, subject_groups, on_behalf_of, connection, protocol } = event
  const { operation, actions, decision, policies, policy_version, reason, approval_id, grant_id } = event
  const { status, error, rows, bytes, duration_us, trace, node_id, fingerprint, text, retention_days } = event
  return {
    topic,
    partition,
    offset,
    logged_at,
    command_id: header.requestId ?? event_id,
    event_id,
    session_id,
    sequence,
    time: indexTime(header.time - duration_us),
    finished_at: event.time,
    subject,
    subject_kind,
    subject_issuer,
    subject_groups,
    on_behalf_of,
    connection,
    protocol,
    operation,
    action: actions[0] ?? '',
    actions,
    objects: event.resources,
    fingerprint,
    text,
    decision,
    policy: policies.join(','),
    policies,
    policy_version,
    reason,
    approval_id,
    grant_id,
    status,
    error,
    rows,
    bytes,
    masked: masked.reduce((sum, { count }) => sum + indexCount(count), 0),
    masked_tags: masked.map(({ tag, count }) => ({ tag: indexText(tag), count: indexCount(count) })),
    duration_us,
    trace,
    trace_id: TRACEPARENT.exec(trace)?.[1] ?? '',
    node_id,
    unsanitised,
    retention_days,
  }
}

import type { CommandRow, EventRow, SessionPartRow } from './rows.ts'

/** What a block adds to each of its sessions, in the order in which they appear. */
export function sessionParts(events: readonly EventRow[], commands: readonly CommandRow[]): readonly SessionPartRow[] {
  const bySession = Map.groupBy(events, ({ session_id }) => session_id)
  const commandsBySession = Map.groupBy(commands, ({ session_id }) => session_id)
  return [...bySession].map(([sessionId, own]) => sessionPart(own, commandsBySession.get(sessionId) ?? []))
}

function sessionPart(events: readonly EventRow[], commands: readonly CommandRow[]): SessionPartRow {
  const first = events[0] as EventRow
  const last = events.at(-1) as EventRow
  const opened = events.find(({ kind }) => kind === 'session_opened')
  const closed = events.findLast(({ kind }) => kind === 'session_closed')
  const times = events.map(({ time }) => time).sort()
  const { session_id, subject, subject_kind, subject_issuer, subject_groups, on_behalf_of } = first
  const { connection, protocol, node_id, retention_days } = first
  return {
    session_id,
    opened_at: opened?.time ?? null,
    closed_at: closed?.time ?? null,
    first_at: times[0] ?? first.time,
    last_at: times.at(-1) ?? last.time,
    logged_at: last.logged_at,
    last_sequence: last.sequence,
    events: events.length,
    requests: events.filter(({ kind }) => kind === 'request').length,
    commands: commands.length,
    denied: commands.filter(({ decision }) => decision === 'deny').length,
    failed: commands.filter(({ status }) => status === 'error').length,
    rows: commands.reduce((sum, { rows }) => sum + rows, 0),
    bytes: commands.reduce((sum, { bytes }) => sum + bytes, 0),
    unsanitised: events.filter(({ unsanitised }) => unsanitised).length,
    outcome: closed?.status ?? '',
    subject,
    subject_kind,
    subject_issuer,
    subject_groups,
    on_behalf_of,
    connection,
    protocol,
    node_id,
    client_address: opened?.client_address ?? '',
    application: opened?.claims['application_name'] ?? '',
    database_user: opened?.claims['user'] ?? '',
    retention_days,
  }
}

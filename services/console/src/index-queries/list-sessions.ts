import type { ClickHouseClient } from '@clickhouse/client'
import { atLeast, isoTime, orNull } from './index-values.ts'

export type SessionRow = {
  readonly sessionId: string
  readonly state: 'open' | 'closed'
  readonly openedAt: string
  readonly closedAt: string | null
  readonly lastAt: string
  readonly subject: string
  readonly subjectKind: string
  readonly issuer: string
  readonly groups: readonly string[]
  readonly onBehalfOf: string | null
  readonly connection: string
  readonly protocol: string
  readonly application: string | null
  readonly databaseUser: string | null
  readonly clientAddress: string | null
  readonly nodeId: string
  readonly commands: number
  readonly denied: number
  readonly failed: number
  readonly rows: number
  readonly bytes: number
  readonly events: number
  /** Sequence numbers that are not in the index. */
  readonly missingEvents: number
  readonly unsanitisedEvents: number
  /** How it ended; null while it is open. */
  readonly outcome: string | null
}

/** Times in microseconds since the epoch, of the session's opening. */
export type SessionFilter = { readonly limit: number; readonly since?: number; readonly before?: number }

type Raw = Record<Exclude<keyof SessionRow, 'groups' | 'closedAt' | NumberKey>, string> & {
  readonly groups: readonly string[]
  readonly closedAt: string | null
} & Record<NumberKey, string>

type NumberKey = 'commands' | 'denied' | 'failed' | 'rows' | 'bytes' | 'events' | 'missingEvents' | 'unsanitisedEvents'

const FAR_FUTURE_MICROS = 7_258_118_400_000_000

/** The newest first. */
export async function listSessions(
  client: ClickHouseClient,
  { limit, since = 0, before = FAR_FUTURE_MICROS }: SessionFilter,
): Promise<readonly SessionRow[]> {
  const result = await client.query({
    query: `SELECT toString(session_id) AS sessionId, state, ${isoTime('s.opened_at')} AS openedAt,
        if(isNull(s.closed_at), NULL, ${isoTime('assumeNotNull(s.closed_at)')}) AS closedAt,
        ${isoTime('s.last_at')} AS lastAt, subject, subject_kind AS subjectKind, subject_issuer AS issuer,
        subject_groups AS groups, on_behalf_of AS onBehalfOf, connection, protocol, application,
        database_user AS databaseUser, client_address AS clientAddress, node_id AS nodeId, commands, denied, failed,
        rows, bytes, events, missing_events AS missingEvents, unsanitised_events AS unsanitisedEvents, outcome
      FROM sessions AS s
      WHERE ${atLeast('s.opened_at', 'since')} AND NOT ${atLeast('s.opened_at', 'before')}
      ORDER BY s.opened_at DESC, s.session_id LIMIT {limit:UInt32}`,
    query_params: { since, before, limit },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  })
  return (await result.json<Raw>()).map(sessionRow)
}

function sessionRow(raw: Raw): SessionRow {
  return {
    ...raw,
    state: raw.state === 'open' ? 'open' : 'closed',
    onBehalfOf: orNull(raw.onBehalfOf),
    application: orNull(raw.application),
    databaseUser: orNull(raw.databaseUser),
    clientAddress: orNull(raw.clientAddress),
    outcome: orNull(raw.outcome),
    commands: Number(raw.commands),
    denied: Number(raw.denied),
    failed: Number(raw.failed),
    rows: Number(raw.rows),
    bytes: Number(raw.bytes),
    events: Number(raw.events),
    missingEvents: Number(raw.missingEvents),
    unsanitisedEvents: Number(raw.unsanitisedEvents),
  }
}

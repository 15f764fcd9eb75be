import type { ClickHouseClient } from '@clickhouse/client'
import { type Audit, PeerInvalid } from '@sluice/events'
import { isoTime, orNull } from './index-values.ts'
import { type RecordedResult, recordedResult } from './recorded-result.ts'

export type SessionEventRow = {
  readonly eventId: string
  readonly sessionId: string
  readonly sequence: number
  readonly time: string
  readonly kind: string
  readonly direction: string
  readonly connection: string
  readonly subject: string
  readonly subjectKind: string
  readonly groups: readonly string[]
  readonly onBehalfOf: string | null
  readonly operation: string
  readonly requestId: string | null
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly touches: readonly {
    readonly object: string
    readonly column: string
    readonly tag: string
    readonly how: string
  }[]
  readonly decision: string | null
  readonly policies: readonly string[]
  readonly reason: string | null
  readonly approvalId: string | null
  readonly obligations: readonly { readonly kind: string; readonly tag: string; readonly count: string }[]
  readonly status: string | null
  readonly error: string | null
  readonly rows: number
  readonly bytes: number
  readonly durationMicros: number
  readonly clientAddress: string | null
  readonly trace: string | null
  /** The statement as it may be shown. */
  readonly text: string | null
  readonly claims: Readonly<Record<string, string>>
  readonly unsanitised: boolean
  /** What was delivered, as it may be shown; null where nothing was, or it was not asked for. */
  readonly result: RecordedResult | null
}

/** `after`: the sequence number behind which the answer begins. */
export type EventFilter = { readonly limit: number; readonly after?: number; readonly results?: boolean }

/** Reads an audit record as it lies in the index. */
export type ReadAudit = (record: Buffer) => Pick<Audit, 'segments'>

/** Longer ones have results that are withheld anyway. */
const MAX_RECORD_BYTES = 98_304

type NumberKey = 'sequence' | 'rows' | 'bytes' | 'durationMicros'
type Raw = Omit<SessionEventRow, NumberKey | 'result'> & Record<NumberKey | 'record', string> & Record<TextKey, string>
type TextKey =
  | 'onBehalfOf'
  | 'decision'
  | 'reason'
  | 'approvalId'
  | 'status'
  | 'error'
  | 'clientAddress'
  | 'trace'
  | 'text'

const SESSION = /^[0-9a-f][0-9a-f-]{3,35}$/
const MAX_CANDIDATES = 2

/**
 * The events of a session in their order. `session` may be the beginning of an id.
 * @throws PeerInvalid `session_unknown` or `session_ambiguous`
 */
export async function sessionEvents(
  client: ClickHouseClient,
  session: string,
  { limit, after = -1, results = false }: EventFilter,
  readAudit: ReadAudit,
): Promise<readonly SessionEventRow[]> {
  const result = await client.query({
    query: `SELECT toString(event_id) AS eventId, toString(session_id) AS sessionId, sequence, ${isoTime('e.time')} AS time, kind,
        direction, connection, subject, subject_kind AS subjectKind, subject_groups AS groups, on_behalf_of AS onBehalfOf, operation, if(isNull(request_id), NULL, toString(request_id)) AS requestId, actions,
        resources, touches, decision, policies, reason, approval_id AS approvalId, obligations, status, error, rows, bytes,
        duration_us AS durationMicros, client_address AS clientAddress, trace, text, claims, unsanitised,
        if({results:Bool} AND kind IN ('response', 'finished') AND length(record) <= {most:UInt32}, base64Encode(record), '') AS record
      FROM events AS e
      WHERE session_id = {session:UUID} AND sequence >= {from:UInt64}
      ORDER BY sequence LIMIT {limit:UInt32}`,
    query_params: { session: await wholeId(client, session), from: after + 1, limit, results, most: MAX_RECORD_BYTES },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  })
  return (await result.json<Raw>()).map((row) => eventRow(row, readAudit))
}

async function wholeId(client: ClickHouseClient, session: string): Promise<string> {
  const beginning = session.toLowerCase()
  if (!SESSION.test(beginning)) throw unknown(session)
  const result = await client.query({
    query: `SELECT DISTINCT toString(session_id) AS id FROM session_parts
      WHERE startsWith(toString(session_id), {beginning:String}) LIMIT {limit:UInt32}`,
    query_params: { beginning, limit: MAX_CANDIDATES },
    format: 'JSONEachRow',
  })
  const [first, second] = await result.json<{ id: string }>()
  if (first === undefined) throw unknown(session)
  if (second !== undefined) {
    throw new PeerInvalid('session_ambiguous', `several sessions begin with ${beginning}; give more of the id`)
  }
  return first.id
}

function unknown(session: string): PeerInvalid {
  const printable = session.replace(/[^\w-]/g, '?').slice(0, 36)
  return new PeerInvalid(
    'session_unknown',
    `there is no session ${printable} in the index; a new one appears within a second`,
  )
}

function eventRow({ record, ...raw }: Raw, readAudit: ReadAudit): SessionEventRow {
  return {
    ...raw,
    result: record === '' ? null : recordedResult(readAudit(Buffer.from(record, 'base64')).segments),
    sequence: Number(raw.sequence),
    onBehalfOf: orNull(raw.onBehalfOf),
    decision: orNull(raw.decision),
    reason: orNull(raw.reason),
    approvalId: orNull(raw.approvalId),
    status: orNull(raw.status),
    error: orNull(raw.error),
    rows: Number(raw.rows),
    bytes: Number(raw.bytes),
    durationMicros: Number(raw.durationMicros),
    clientAddress: orNull(raw.clientAddress),
    trace: orNull(raw.trace),
    text: orNull(raw.text),
  }
}

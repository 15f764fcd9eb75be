import type { ClickHouseClient } from '@clickhouse/client'
import { atLeast, isoTime, orNull } from './index-values.ts'
import { type ObjectReading, parseObject } from './object-pattern.ts'

export type AccessRow = {
  readonly time: string
  readonly subject: string
  readonly subjectKind: string
  readonly groups: readonly string[]
  readonly onBehalfOf: string | null
  readonly connection: string
  /** `connection/schema.relation` */
  readonly object: string
  /** null: the columns of the command were not recorded, it may have been any. */
  readonly column: string | null
  readonly how: string
  readonly tag: string | null
  readonly action: string
  readonly rows: number
  readonly masked: number
  readonly text: string
  readonly decision: string
  readonly policy: string
  readonly reason: string | null
  /** null: nobody was asked. */
  readonly approvalId: string | null
  readonly status: string
  readonly error: string | null
  readonly commandId: string
  readonly sessionId: string
}

export type AccessFilter = { readonly object: string; readonly limit: number; readonly sinceMicros?: number }

type Raw = Omit<AccessRow, 'rows' | 'masked' | TextKey> & Record<'rows' | 'masked' | TextKey, string>
type TextKey = 'onBehalfOf' | 'column' | 'tag' | 'reason' | 'approvalId' | 'error'

const COLUMNS = `time, subject, subject_kind, subject_groups, on_behalf_of, connection, object, column, how, tag, action, rows,
  masked, text, decision, policy, reason, approval_id, status, error, command_id, session_id, sequence, schema, relation`

/** Requests whose end is not recorded, in the shape of `access`: what they touched may have been delivered. */
const UNFINISHED = `SELECT u.time AS time, u.subject AS subject, u.subject_kind AS subject_kind, u.subject_groups AS subject_groups,
    u.on_behalf_of AS on_behalf_of, u.connection AS connection, object, '' AS column, '' AS how, '' AS tag,
    u.actions[1] AS action, 0 AS rows, 0 AS masked, u.text AS text, u.decision AS decision,
    arrayStringConcat(u.policies, ',') AS policy, u.reason AS reason, u.approval_id AS approval_id, 'unfinished' AS status, '' AS error, u.command_id AS command_id,
    u.session_id AS session_id, u.sequence AS sequence,
    splitByChar('.', substring(object, position(object, '/') + 1)) AS path,
    arrayStringConcat(arraySlice(path, 1, -1), '.') AS schema, path[-1] AS relation
  FROM unfinished AS u ARRAY JOIN u.objects AS object`

/**
 * Who touched an object, the newest first; refused commands too, and those without an end (status `unfinished`). With a column: those that touched it, and those whose
 * columns are not known, for they may have.
 * @throws PeerInvalid `object_malformed`
 */
export async function accessTo(
  client: ClickHouseClient,
  { object, limit, sinceMicros = 0 }: AccessFilter,
): Promise<readonly AccessRow[]> {
  const { connection, readings } = parseObject(object)
  const parameters: Record<string, string> = {}
  const conditions = readings.map((reading, index) => condition(reading, index, parameters))
  const result = await client.query({
    query: `SELECT ${isoTime('a.time')} AS time, subject, subject_kind AS subjectKind, subject_groups AS groups,
        on_behalf_of AS onBehalfOf, connection, object, column, how, tag, action, rows, masked, text, decision, policy,
        reason, approval_id AS approvalId, status, error, toString(command_id) AS commandId, toString(session_id) AS sessionId
      FROM (SELECT ${COLUMNS} FROM access UNION ALL SELECT ${COLUMNS} FROM (${UNFINISHED})) AS a
      WHERE ${atLeast('a.time', 'since')} AND (${conditions.join(' OR ')})
        ${connection === null ? '' : 'AND connection = {connection:String}'}
      ORDER BY a.time DESC, a.session_id, a.sequence DESC LIMIT {limit:UInt32}`,
    query_params: { ...parameters, since: sinceMicros, limit, connection: connection ?? '' },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  })
  return (await result.json<Raw>()).map(accessRow)
}

/** Names are compared as written and in lower case, as SQL folds them. A schema that was not recorded may be any. */
function condition(
  { schema, relation, column }: ObjectReading,
  index: number,
  parameters: Record<string, string>,
): string {
  const parts: string[] = []
  const compare = (field: string, name: string, value: string, orUnknown: boolean): void => {
    const parameter = `${name}${index}`
    parameters[parameter] = value
    const unknown = orUnknown ? ", ''" : ''
    parts.push(`a.${field} IN ({${parameter}:String}, lower({${parameter}:String})${unknown})`)
  }
  compare('relation', 'relation', relation, false)
  if (schema !== null) compare('schema', 'schema', schema, true)
  if (column !== null) compare('column', 'column', column, true)
  return `(${parts.join(' AND ')})`
}

function accessRow(raw: Raw): AccessRow {
  return {
    ...raw,
    onBehalfOf: orNull(raw.onBehalfOf),
    column: orNull(raw.column),
    tag: orNull(raw.tag),
    reason: orNull(raw.reason),
    approvalId: orNull(raw.approvalId),
    error: orNull(raw.error),
    rows: Number(raw.rows),
    masked: Number(raw.masked),
  }
}

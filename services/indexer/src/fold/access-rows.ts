import type { Audit } from '@sluice/events'
import { indexText } from './index-values.ts'
import { objectName, withConnection } from './object-name.ts'
import type { AccessRow, CommandRow } from './rows.ts'

/** `sql:write` and its like; everything else is read. */
const WRITING_ACTION = /(?:^|:)(?:write|insert|update|delete|truncate|merge|ddl|create|alter|drop|copy_from)$/

/**
 * One row for each object, column and use that a command touched. Where its columns were not recorded there is one row
 * an object, with an empty column.
 */
export function accessRows({ header }: Audit, command: CommandRow): readonly AccessRow[] {
  const how = header.actions.some((action) => WRITING_ACTION.test(action)) ? 'write' : 'read'
  const touched = header.touches.map((touch) => ({ ...touch, object: withConnection(header.connection, touch.object) }))
  const objects = new Set(touched.map(({ object }) => object))
  const whole = header.resources
    .map((resource) => withConnection(header.connection, resource))
    .filter((object) => !objects.has(object))
    .map((object) => ({ object, column: '', tag: null, how }))
  const seen = new Set<string>()
  return [...touched, ...whole].flatMap(({ object, column, tag, how: use }) => {
    const key = JSON.stringify([object, column, tag, use])
    if (seen.has(key)) return []
    seen.add(key)
    return [accessRow(command, indexText(object), indexText(column), use, indexText(tag))]
  })
}

function accessRow(command: CommandRow, object: string, column: string, how: string, tag: string): AccessRow {
  const { topic, partition, offset, logged_at, command_id, session_id, sequence, time } = command
  const { subject, subject_kind, subject_issuer, subject_groups, on_behalf_of, connection } = command
  const { action, decision, policy, reason, approval_id, status, error, rows, text, retention_days } = command
  const masked = tag === '' ? command.masked : (command.masked_tags.find((each) => each.tag === tag)?.count ?? 0)
  const { schema, relation } = objectName(object)
  return {
    topic,
    partition,
    offset,
    logged_at,
    command_id,
    session_id,
    sequence,
    time,
    subject,
    subject_kind,
    subject_issuer,
    subject_groups,
    on_behalf_of,
    connection,
    object,
    schema,
    relation,
    column,
    how,
    tag,
    action,
    decision,
    policy,
    reason,
    approval_id,
    status,
    error,
    rows,
    masked,
    text,
    retention_days,
  }
}

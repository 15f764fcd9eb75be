// A block of audit records folded into rows: pure, so that the same block always gives the same rows. What was seen
// before (a masker that died may publish an event twice) is known by its sequence number and dropped.

import { accessRows } from './access-rows.ts'
import { commandRow } from './command-row.ts'
import { eventRow, type IndexedRecord } from './event-row.ts'
import type { AccessRow, BlockRows, CommandRow, EventRow } from './rows.ts'
import { sessionParts } from './session-parts.ts'

export type FoldedBlock = {
  readonly rows: BlockRows
  readonly duplicates: number
  /** The last sequence number of each session that the block holds. */
  readonly lastSequences: ReadonlyMap<string, number>
}

/** `seen` holds the last sequence number of each session before the block; a session that isn't there is new. */
export function foldBlock(records: readonly IndexedRecord[], seen: ReadonlyMap<string, number>): FoldedBlock {
  const lastSequences = new Map<string, number>()
  const fresh: IndexedRecord[] = []
  for (const record of records) {
    const { sessionId, sequence } = record.audit.header
    const last = lastSequences.get(sessionId) ?? seen.get(sessionId) ?? -1
    if (sequence <= last) continue
    lastSequences.set(sessionId, sequence)
    fresh.push(record)
  }
  const events: EventRow[] = []
  const commands: CommandRow[] = []
  const access: AccessRow[] = []
  for (const record of fresh) {
    const event = eventRow(record)
    events.push(event)
    if (record.audit.header.kind !== 'finished') continue
    const command = commandRow(record.audit, event)
    commands.push(command)
    access.push(...accessRows(record.audit, command))
  }
  const rows = { events, commands, access, session_parts: sessionParts(events, commands) }
  return { rows, duplicates: records.length - fresh.length, lastSequences }
}

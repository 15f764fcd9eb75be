/** `sluice sessions`: who was here. */
import { type Column, printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { cutNote, type Row, rowsOf, shortId, text, when, who } from './rows.ts'

export async function runSessions(
  flags: AskingFlags & { readonly limit?: number },
  context: VerbContext,
): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.sessions(flags.limit === undefined ? {} : { limit: String(flags.limit) })
  const { output } = context
  if (flags.json === true) return output.json(answer)
  const rows = rowsOf(answer, 'sessions')
  if (rows.length === 0) return output.line('no sessions yet')
  printTable(output, sessionColumns(Date.now()), rows)
  const note = cutNote(rows, flags.limit)
  if (note !== null) output.line(output.style.dim(note))
}

export function sessionColumns(nowMs: number): readonly Column<Row>[] {
  return [
    { title: 'SESSION', value: (row) => shortId(text(row, 'sessionId')) },
    { title: 'OPENED', value: (row) => when(row['openedAt'], nowMs) },
    { title: 'STATE', value: (row) => text(row, 'state') },
    { title: 'WHO', value: who },
    { title: 'CONNECTION', value: (row) => text(row, 'connection') },
    { title: 'STATEMENTS', align: 'right', value: (row) => text(row, 'commands') },
    { title: 'REFUSED', align: 'right', value: (row) => text(row, 'denied') },
    { title: 'ROWS', align: 'right', value: (row) => text(row, 'rows') },
    { title: 'VIA', flexible: true, value: (row) => text(row, 'application') || '–' },
  ]
}

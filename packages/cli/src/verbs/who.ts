/** `sluice who OBJECT`: who used a table or a column, and what became of it. */
import { type Column, printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { cutNote, oneLine, type Row, rowsOf, text, when, who } from './rows.ts'

export type WhoFlags = AskingFlags & { readonly since: string; readonly limit?: number }

export async function runWho(object: string, flags: WhoFlags, context: VerbContext): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.accessTo(object, flags.since, flags.limit)
  const { output } = context
  if (flags.json === true) return output.json(answer)
  const rows = rowsOf(answer, 'access')
  if (rows.length === 0) return output.line(`nobody used ${object} since ${flags.since}, as far as it is indexed`)
  printTable(output, accessColumns(Date.now()), rows)
  const note = cutNote(rows, flags.limit)
  if (note !== null) output.line(output.style.dim(note))
}

export function accessColumns(nowMs: number): readonly Column<Row>[] {
  return [
    { title: 'WHEN', value: (row) => when(row['time'], nowMs) },
    { title: 'WHO', value: who },
    { title: 'OBJECT', value: objectOf },
    { title: 'HOW', value: (row) => text(row, 'how') },
    { title: 'ROWS', align: 'right', value: (row) => (row['decision'] === 'permit' ? text(row, 'rows') : '–') },
    { title: 'MASKED', value: maskedOf },
    { title: 'STATEMENT', flexible: true, value: (row) => oneLine(text(row, 'text')) },
    { title: 'DECISION', value: decisionOf },
  ]
}

function objectOf(row: Row): string {
  const column = text(row, 'column')
  return `${text(row, 'object')}${column === '' ? '' : `.${column}`}`
}

/** `2 × pii.ssn` */
function maskedOf(row: Row): string {
  const masked = Number(row['masked'] ?? 0)
  return masked > 0 && text(row, 'how') === 'output' ? `${masked} × ${text(row, 'tag') || 'values'}` : '–'
}

/**
 * `permit`, `approved`, `withdrawn`, `deny some-policy`; `deny some-policy (approval_expired)` where it waited for people. One policy or
 * a list of them, by the row's kind.
 */
export function decisionOf(row: Row): string {
  const [decision, wasAsked] = [text(row, 'decision'), text(row, 'approvalId') !== '']
  if (decision === 'pending' && text(row, 'status') === 'interrupted') return 'withdrawn'
  if (decision !== 'deny') return decision === 'permit' && wasAsked ? 'approved' : decision
  const policies = Array.isArray(row['policies']) ? row['policies'].map(String).join(', ') : text(row, 'policy')
  return `deny ${policies}`.trim() + (wasAsked ? ` (${text(row, 'reason')})` : '')
}

/** `sluice findings`: sensitive data that was seen where no rule expected it. */
import { type Column, printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { numberIn, oneLine, type Row, rowsOf, text, when } from './rows.ts'

export async function runFindings(
  flags: AskingFlags & { readonly connection?: string },
  context: VerbContext,
): Promise<void> {
  const answer = await (await clientFor(context, flags, 'owner')).findings(flags.connection)
  const { output } = context
  if (flags.json === true) return output.json(answer)
  const rows = rowsOf(answer, 'findings')
  if (rows.length === 0) return output.line('nothing sensitive was seen where no rule expects it')
  printTable(output, findingColumns(Date.now()), rows)
}

export function findingColumns(nowMs: number): readonly Column<Row>[] {
  return [
    { title: 'WHEN', value: (row) => when(row['time'], nowMs) },
    { title: 'WHERE', value: (row) => `${text(row, 'connection')}/${text(row, 'place')}` },
    { title: 'TAG', value: (row) => text(row, 'tag') },
    { title: 'SURE', align: 'right', value: (row) => `${numberIn(row, 'confidence')} %` },
    { title: 'SEEN', align: 'right', value: (row) => text(row, 'count') },
    { title: 'EXAMPLE', flexible: true, value: (row) => oneLine(text(row, 'example')) },
    { title: 'MASKED NOW', value: (row) => (row['raised'] === true ? 'yes' : 'not yet') },
  ]
}

/** `sluice sql`: an analyst's own question. */
import { type Column, printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { cell, type Row, rowsOf } from './rows.ts'

export async function runSql(query: string, flags: AskingFlags, context: VerbContext): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.sql(query)
  const { output } = context
  if (flags.json === true) return output.json(answer)
  const rows = rowsOf(answer, 'rows')
  const names = columnNames(answer, rows)
  const columns: Column<Row>[] = names.map((name) => ({
    title: name,
    value: (row) => cell(row[name]),
    ...(rows.every((row) => typeof row[name] === 'number') ? { align: 'right' as const } : {}),
  }))
  printTable(output, columns, rows)
  output.line(output.style.dim(rows.length === 1 ? '1 row' : `${rows.length} rows`))
}

function columnNames(answer: unknown, rows: readonly Row[]): readonly string[] {
  const columns: unknown = Reflect.get(Object(answer), 'columns')
  if (!Array.isArray(columns)) return Object.keys(rows[0] ?? {})
  return columns.map((column: unknown) =>
    typeof column === 'string' ? column : String(Reflect.get(Object(column), 'name')),
  )
}

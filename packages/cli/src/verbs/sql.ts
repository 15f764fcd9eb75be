/** `sluice sql`: an analyst's own question. */
import { CliFailure } from '../failure.ts'
import type { Output } from '../terminal/output.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { cell } from './rows.ts'

type Answer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** In the order of the columns. */
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
}

const NUMERIC = /^(?:Nullable\(|LowCardinality\()*U?(?:Int|Float|Decimal)/

export async function runSql(query: string, flags: AskingFlags, context: VerbContext): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.sql(query)
  if (flags.json === true) return context.output.json(answer)
  if (!isAnswer(answer))
    throw new CliFailure('the console answered without columns and rows; is it of the same version?')
  printAnswer(context.output, answer)
}

export function printAnswer(output: Output, { columns, rows, truncated }: Answer): void {
  const shown = columns.map(
    ({ name, type }, index): Column<readonly unknown[]> => ({
      title: name,
      value: (row) => cell(row[index]),
      ...(NUMERIC.test(type) ? { align: 'right' } : {}),
    }),
  )
  printTable(output, shown, rows)
  const count = rows.length === 1 ? '1 row' : `${rows.length} rows`
  output.line(
    output.style.dim(truncated ? `${count}, and there are more: ask for less, or add LIMIT and OFFSET` : count),
  )
}

function isAnswer(value: unknown): value is Answer {
  const { columns, rows }: Partial<Record<string, unknown>> = Object(value)
  return Array.isArray(columns) && Array.isArray(rows)
}

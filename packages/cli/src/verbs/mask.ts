/** `sluice mask plan`, `sluice mask explain` and `sluice reveal`: what is masked, why, and what a token stands for. */
import { type Column, printTable } from '../terminal/table.ts'
import type { VerbContext } from './context.ts'
import { askGateway, type GatewayAnswer, type GatewayFlags } from './gateway-question.ts'
import { oneLine } from './rows.ts'

export async function runMaskPlan(
  connection: string,
  flags: GatewayFlags & { readonly like?: string },
  context: VerbContext,
): Promise<void> {
  const answer = await askGateway(`sluice plan ${flags.like ?? ''}`, { ...flags, connection }, context, 'agent')
  print(answer, flags, context)
}

export async function runMaskExplain(sql: string, flags: GatewayFlags, context: VerbContext): Promise<void> {
  print(await askGateway(`sluice explain ${sql}`, flags, context, 'agent'), flags, context)
}

export async function runReveal(token: string, flags: GatewayFlags, context: VerbContext): Promise<void> {
  const answer = await askGateway(`sluice reveal ${token}`, flags, context, 'owner')
  const [value = ''] = answer.rows[0] ?? []
  if (flags.json === true) return context.output.json({ value })
  context.output.line(value)
}

function print({ columns, rows }: GatewayAnswer, flags: GatewayFlags, { output }: VerbContext): void {
  if (flags.json === true) {
    return output.json(
      rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? '']))),
    )
  }
  const shown = columns.map(
    (title, index): Column<readonly string[]> => ({
      title: title.toUpperCase(),
      value: (row) => oneLine(row[index] ?? '') || '–',
      ...(index === columns.length - 1 ? { flexible: true } : {}),
    }),
  )
  printTable(output, shown, rows)
}

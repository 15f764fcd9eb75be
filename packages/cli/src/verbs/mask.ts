/** `sluice mask plan`, `sluice mask explain` and `sluice reveal`: what is masked, why, and what a token stands for. */
import { type Column, printTable } from '../terminal/table.ts'
import type { VerbContext } from './context.ts'
import { askGateway, type GatewayAnswer, type GatewayFlags } from './gateway-question.ts'
import { oneLine } from './rows.ts'

export type MaskPlanFlags = GatewayFlags & {
  /** A part of `schema.table.column`, or with `*` all of it. */
  readonly like?: string
}

export async function runMaskPlan(connection: string, flags: MaskPlanFlags, context: VerbContext): Promise<void> {
  const { like = '' } = flags
  const answer = await askGateway(`sluice plan ${longestPiece(like)}`, { ...flags, connection }, context, 'agent')
  const matching = answer.rows.filter(([table = '', column = '']) => isLike(`${table}.${column}`, like))
  const rows = like === '' ? matching.filter(([table = '']) => !SYSTEM.test(table)) : matching
  print({ columns: answer.columns, rows: rows.toSorted(byTable) }, flags, context, 'the plan names no such column')
}

/** Views of the server's own: nobody tags those, and there are hundreds of columns. */
const SYSTEM = /^(?:pg_catalog|information_schema)\./

/** The columns of a table stay in their order. */
function byTable([one = '']: readonly string[], [other = '']: readonly string[]): number {
  return one < other ? -1 : Number(one > other)
}

/** The gateway looks for a part of the name. */
function longestPiece(like: string): string {
  return like.split('*').reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '')
}

function isLike(name: string, like: string): boolean {
  if (!like.includes('*')) return true
  const [first = '', ...pieces] = like.toLowerCase().split('*')
  const last = pieces.pop() ?? ''
  const whole = name.toLowerCase()
  if (!whole.startsWith(first)) return false
  let at = first.length
  for (const piece of pieces) {
    const found = whole.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return whole.length - last.length >= at && whole.endsWith(last)
}

export async function runMaskExplain(sql: string, flags: GatewayFlags, context: VerbContext): Promise<void> {
  const answer = await askGateway(`sluice explain ${sql}`, flags, context, 'agent')
  print(answer, flags, context, 'it has no output, and touches no sensitive column')
}

export async function runReveal(token: string, flags: GatewayFlags, context: VerbContext): Promise<void> {
  const answer = await askGateway(`sluice reveal ${token}`, flags, context, 'owner')
  const [value = ''] = answer.rows[0] ?? []
  if (flags.json === true) return context.output.json({ value })
  context.output.line(value)
}

/** `nothing`: what an answer without rows says. */
function print({ columns, rows }: GatewayAnswer, flags: GatewayFlags, { output }: VerbContext, nothing: string): void {
  if (flags.json === true) {
    return output.json(
      rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? '']))),
    )
  }
  if (rows.length === 0) return output.line(nothing)
  const shown = columns.map(
    (title, index): Column<readonly string[]> => ({
      title: title.toUpperCase(),
      value: (row) => oneLine(row[index] ?? '') || '–',
      ...(index === columns.length - 1 ? { flexible: true } : {}),
    }),
  )
  printTable(output, shown, rows)
}

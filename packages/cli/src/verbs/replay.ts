/** `sluice replay SESSION`: what happened, in order: statements, decisions, outcomes, and how long each took. */
import { escapeControls, escapeLines } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { printTable } from '../terminal/table.ts'
import { cutTo } from '../terminal/width.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { numberIn, oneLine, type Row, rowsOf, text, timeOf, when, who } from './rows.ts'
import { decisionOf } from './who.ts'

export async function runReplay(session: string, flags: AskingFlags, context: VerbContext): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const rows = await allEvents((limit, after) => client.events(session, limit, after))
  const { output } = context
  if (flags.json === true) return output.json({ events: rows })
  replay(output, rows, Date.now())
  if (rows.length >= MAX_EVENTS) output.line(`only the first ${MAX_EVENTS} events are shown`)
}

const PAGE = 200
const MAX_EVENTS = 100_000

/** The console answers a page at a time. */
export async function allEvents(page: (limit: number, after: number) => Promise<unknown>): Promise<readonly Row[]> {
  const rows: Row[] = []
  let after = -1
  while (rows.length < MAX_EVENTS) {
    const next = rowsOf(await page(PAGE, after), 'events')
    rows.push(...next)
    const last = numberIn(next.at(-1) ?? {}, 'sequence')
    if (next.length < PAGE || last <= after) break
    after = last
  }
  return rows
}

export function replay(output: Output, rows: readonly Row[], nowMs: number): void {
  const start = timeOf(rows[0]?.['time']) ?? nowMs
  const ends = endsOf(rows)
  for (const row of rows) {
    const offset = offsetOf(timeOf(row['time']) ?? start, start)
    for (const [index, line] of linesOf(row, ends, output, nowMs).entries()) {
      output.line(`${index === 0 ? output.style.dim(offset) : ' '.repeat(offset.length)}  ${line}`)
    }
  }
}

/** By the request that each ends. */
function endsOf(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(
    rows.flatMap((row) => (text(row, 'kind') === 'finished' ? [[text(row, 'requestId'), row] as const] : [])),
  )
}

function linesOf(row: Row, ends: ReadonlyMap<string, Row>, output: Output, nowMs: number): string[] {
  const { style } = output
  switch (text(row, 'kind')) {
    case 'session_opened':
      return [
        style.bold(
          `session opened by ${escapeControls(who(row))} on ${escapeControls(text(row, 'connection'))}, ${when(row['time'], nowMs)}`,
        ),
      ]
    case 'session_closed':
      return [style.bold(`session closed: ${escapeControls(text(row, 'status') || 'ok')}`)]
    case 'request': {
      const end = ends.get(text(row, 'eventId')) ?? row
      // Where a statement is analysed, more of it may be shown afterwards, and more is known for the decision.
      const shown = text(end, 'text') || text(row, 'text') || text(row, 'operation')
      const statement = escapeLines(shown).split('\n')
      const refused = text(end, 'decision') === 'deny' && !endedWait(end)
      return [
        ...statement.map((line, index) => (index === 0 ? `> ${line}` : `  ${line}`)),
        ...decisionLines(refused ? end : row, style),
      ]
    }
    case 'approval_used':
      return decisionLines(row, style)
    case 'finished':
      return [
        ...(endedWait(row) ? decisionLines(row, style) : []),
        style.dim(`  ${outcomeOf(row)}`),
        // Of what has no rows there is nothing to miss.
        ...(numberIn(row, 'rows') > 0 ? resultLines(row['result'], output) : []),
      ]
    default:
      return [style.dim(`  ${partOf(row)}`), ...resultLines(row['result'], output)]
  }
}

const WAITS = 'held until people decide'

function decisionLines(row: Row, style: Output['style']): string[] {
  const decision = decisionOf(row)
  if (decision === '') return []
  if (decision === 'pending') return [`  ${WAITS}`]
  const shown = escapeControls(decision)
  const code = text(row, 'reason')
  // A rule of the gateway's own has its name from the reason.
  const isSaid = text(row, 'approvalId') !== '' || decision === `deny ${code.replaceAll('_', '-')}`
  const reason = isSaid ? '' : code
  return [
    `  ${decision.startsWith('deny') ? style.bad(shown) : style.good(shown)}${reason === '' ? '' : escapeControls(` (${reason})`)}`,
  ]
}

/** A batch of a result that goes on. */
function partOf(row: Row): string {
  const [rows, bytes] = [numberIn(row, 'rows'), numberIn(row, 'bytes')]
  const kind = escapeControls(text(row, 'kind'))
  return rows === 0 && bytes === 0 ? kind : `${kind}: ${rows} rows, ${bytes} bytes`
}

/** Whether this refused what had waited: its request said that it waits. */
function endedWait(row: Row): boolean {
  return text(row, 'decision') === 'deny' && text(row, 'approvalId') !== ''
}

function outcomeOf(row: Row): string {
  const milliseconds = (numberIn(row, 'durationMicros') / 1_000).toFixed(1)
  const error = text(row, 'error')
  const status = escapeControls(`${text(row, 'status') || 'ok'}${error === '' ? '' : ` ${error}`}`)
  const rows = numberIn(row, 'rows')
  return `${status}, ${rows} ${rows === 1 ? 'row' : 'rows'} in ${milliseconds} ms${maskedOf(row)}`
}

/** `; masked 2 × pii.ssn` and `; in clear: pii.email`, from the obligations. */
function maskedOf(row: Row): string {
  const obligations = rowsOf({ obligations: row['obligations'] ?? [] }, 'obligations')
  const masked = obligations.filter((each) => text(each, 'kind') === 'mask' && numberIn(each, 'count') > 0)
  const counts = masked.map((each) => `${numberIn(each, 'count')} × ${text(each, 'tag') || 'values'}`)
  const revealed = obligations
    .filter((each) => text(each, 'kind') === 'reveal')
    .map((each) => text(each, 'tag') || 'all')
  return [
    counts.length === 0 ? '' : `; masked ${escapeControls(counts.join(', '))}`,
    revealed.length === 0 ? '' : `; in clear: ${escapeControls(revealed.join(', '))}`,
  ].join('')
}

/** Of the time in front of it, and of its own. */
const RESULT_INDENT = 16
const RESULT_CELL = 60

/** What was delivered, as it may be shown, below its outcome. */
function resultLines(result: unknown, { style, columns: width }: Output): string[] {
  const { kind, reason, columns, rows, more } = Object(result) as Row
  if (kind === 'withheld') return [style.dim(`  its result is not shown (${escapeControls(String(reason))})`)]
  if (!Array.isArray(rows) || rows.length === 0) return []
  const shown = rows.map((row) =>
    Array.isArray(row) ? row.map((field) => (field === null ? '–' : oneLine(String(field)))) : [],
  )
  const titles = Array.isArray(columns) ? columns.map(String) : []
  const lines: string[] = []
  const names = Array.from({ length: Math.max(...shown.map((row) => row.length)) }, (_, index) => titles[index] ?? '')
  printTable(
    {
      style,
      columns: width === null ? null : width - RESULT_INDENT,
      line: (line = '') => void lines.push(`    ${line}`),
    },
    names.map((title, index) => ({ title, value: (row: readonly string[]) => cutTo(row[index] ?? '', RESULT_CELL) })),
    shown,
  )
  const named = titles.length === 0 ? lines.slice(1) : lines
  return Number(more) > 0 ? [...named, style.dim(`    … and ${Number(more)} more`)] : named
}

/** Minutes and seconds since the session's first event. */
function offsetOf(time: number, start: number): string {
  const seconds = Math.max(0, time - start) / 1_000
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(3)}:${(seconds % 60).toFixed(3).padStart(6, '0')}`
}

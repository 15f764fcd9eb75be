/** `sluice replay SESSION`: what happened, in order: statements, decisions, outcomes, and how long each took. */
import { escapeControls, escapeLines } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { numberIn, type Row, rowsOf, text, timeOf, when, who } from './rows.ts'
import { decisionOf } from './who.ts'

export async function runReplay(session: string, flags: AskingFlags, context: VerbContext): Promise<void> {
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.events(session)
  const { output } = context
  if (flags.json === true) return output.json(answer)
  const rows = rowsOf(answer, 'events')
  if (rows.length === 0)
    return output.line(`there is no session ${escapeControls(session)} in the index; see: sluice sessions`)
  replay(output, rows, Date.now())
}

export function replay(output: Output, rows: readonly Row[], nowMs: number): void {
  const start = timeOf(rows[0]?.['time']) ?? nowMs
  for (const row of rows) {
    const offset = offsetOf(timeOf(row['time']) ?? start, start)
    for (const [index, line] of linesOf(row, output, nowMs).entries()) {
      output.line(`${index === 0 ? output.style.dim(offset) : ' '.repeat(offset.length)}  ${line}`)
    }
  }
}

function linesOf(row: Row, { style }: Output, nowMs: number): string[] {
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
      const statement = escapeLines(text(row, 'text') || text(row, 'operation')).split('\n')
      const decision = decisionOf(row)
      const denied = decision.startsWith('deny')
      return [
        ...statement.map((line, index) => (index === 0 ? `> ${line}` : `  ${line}`)),
        ...(decision === ''
          ? []
          : [`  ${denied ? style.bad(escapeControls(decision)) : style.good(decision)}${reasonOf(row)}`]),
      ]
    }
    case 'finished':
      return [style.dim(`  ${outcomeOf(row)}`)]
    default:
      return [
        style.dim(
          `  ${escapeControls(text(row, 'kind'))}: ${numberIn(row, 'rows')} rows, ${numberIn(row, 'bytes')} bytes`,
        ),
      ]
  }
}

function reasonOf(row: Row): string {
  const reason = text(row, 'reason')
  return reason === '' ? '' : escapeControls(` (${reason})`)
}

function outcomeOf(row: Row): string {
  const milliseconds = (numberIn(row, 'durationMicros') / 1_000).toFixed(1)
  const error = text(row, 'error')
  const status = escapeControls(`${text(row, 'status') || 'ok'}${error === '' ? '' : ` ${error}`}`)
  return `${status}, ${numberIn(row, 'rows')} rows in ${milliseconds} ms`
}

/** Minutes and seconds since the session's first event. */
function offsetOf(time: number, start: number): string {
  const seconds = Math.max(0, time - start) / 1_000
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(3)}:${(seconds % 60).toFixed(3).padStart(6, '0')}`
}

/** What there is to say about a held command, in words. Nothing here is escaped: whoever prints it does that. */
import type { Approval, ShownRequest } from './approval.ts'

const MINUTE_S = 60
const HOUR_S = 3_600

/** `agent for alice (agents) via psql` */
export function whoAsks({ subject, application }: ShownRequest): string {
  const behalf = subject.onBehalfOf === null ? '' : ` for ${subject.onBehalfOf}`
  const groups = subject.groups.length === 0 ? '' : ` (${subject.groups.join(', ')})`
  return `${subject.id}${behalf}${groups}${application ? ` via ${application}` : ''}`
}

/** `9:41`, `1:02:03`; nothing is left once it is over. */
export function timeLeft({ expiresAt }: ShownRequest, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(expiresAt) - nowMs) / 1_000))
  const two = (part: number) => String(part).padStart(2, '0')
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S)
  const rest = two(seconds % MINUTE_S)
  return seconds >= HOUR_S ? `${Math.floor(seconds / HOUR_S)}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** `public.orders, ~1 row, +2 more`: tables first, and that there is more behind them. */
export function touchedShortly({ touches, estimatedRows }: ShownRequest): string {
  const tables = touches.filter(({ kind }) => kind === 'table').map(({ name }) => name)
  const behind = touches.length - tables.length
  const parts = [
    ...tables,
    ...(estimatedRows === null ? [] : [`~${countOf(estimatedRows, 'row')}`]),
    ...(behind === 0 ? [] : [`+${behind} more`]),
  ]
  return parts.join(', ') || '–'
}

/** `table public.orders`, `trigger orders_audit` … */
export function touchedInFull({ touches }: ShownRequest): readonly string[] {
  return touches.map(({ kind, name }) => `${kind === 'cascade' ? 'by cascade' : kind} ${name}`)
}

/** What became of it, or what it still waits for. */
export function stateOf(approval: Approval, nowMs: number): string {
  switch (approval.state) {
    case 'open':
      return `open, ${timeLeft(approval.requested, nowMs)} left`
    case 'executed':
      return `executed: ${outcomeOf(approval)}`
    case 'approved':
      return 'approved, has not run yet'
    case 'denied':
    case 'expired':
    case 'withdrawn':
      return approval.endedReason ? `${approval.state}: ${approval.endedReason}` : approval.state
    default:
      return approval.state satisfies never
  }
}

/** `1 row`, or how it failed. */
export function outcomeOf({ executed }: Approval): string {
  if (executed === null) return 'its outcome is not known'
  if (executed.status === 'ok') return countOf(executed.rows, 'row')
  return executed.code === null ? executed.status : `${executed.status} ${executed.code}`
}

export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en-GB')} ${noun}${count === 1 ? '' : 's'}`
}

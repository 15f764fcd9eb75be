/** What is new in a list of held commands since it was last seen: one line for each. */
import { showApprovalCode } from '@sluice/policy'
import { escapeControls } from '../terminal/escape.ts'
import type { Approval } from './approval.ts'
import { stateOf, whoAsks } from './approval-words.ts'

export type Seen = {
  /** Of each command: what was last said about it. */
  readonly marks: ReadonlyMap<string, string>
  /** When the latest of them was asked, as ISO 8601. */
  readonly latest: string
}

export type Changes = {
  /** In the order in which they were asked. */
  readonly changed: readonly Approval[]
  readonly seen: Seen
}

/** At the first look only what is open is news; later what ended too, unless it came up from before. */
export function changesSince(before: Seen | null, approvals: readonly Approval[]): Changes {
  const marks = new Map(approvals.map((approval) => [approval.approvalId, markOf(approval)]))
  const latest = [before?.latest ?? '', ...approvals.map(({ askedAt }) => askedAt)].sort().at(-1) ?? ''
  const isNews = (approval: Approval): boolean => {
    const mark = before?.marks.get(approval.approvalId)
    if (mark !== undefined) return mark !== markOf(approval)
    return approval.state === 'open' || (before !== null && approval.askedAt > before.latest)
  }
  const changed = approvals.filter(isNews).toSorted((a, b) => a.askedAt.localeCompare(b.askedAt))
  return { changed, seen: { marks, latest } }
}

/** Counted votes are news as well. */
function markOf({ state, votes }: Approval): string {
  return `${state} ${votes.length}`
}

export function changeLine(approval: Approval, nowMs: number): string {
  const { requested, votes, state } = approval
  const counted = state === 'open' && votes.length > 0 ? `, ${votes.length} voted` : ''
  const parts = [
    new Date(nowMs).toISOString(),
    showApprovalCode(approval.code),
    `${stateOf(approval, nowMs)}${counted}`,
    whoAsks(requested),
    requested.command,
  ]
  return parts.map(escapeControls).join('  ')
}

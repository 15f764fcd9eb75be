// One held command as the console sees it: what was asked, whose votes count, how it ended. Requests and decisions come
// by different topics and in any order; an entry is the same in the end.
import type { ApprovalDecision, ApprovalRequest, CountedReviewer, Executed, Requested } from '@sluice/events'
import { decisionDifferences, withdrawnBecause } from '@sluice/policy'

export type ApprovalState = 'open' | 'approved' | 'denied' | 'expired' | 'withdrawn' | 'executed'

/** An end, or an approval, with why; times are microseconds since the epoch. */
export type Ending = { readonly kind: ApprovalState; readonly reason: string | null; readonly time: number }

export type ApprovalEntry = {
  readonly approvalId: string
  readonly nodeId: string
  readonly askedAt: number
  readonly requested: Requested
  /** Whose votes count: for it, and against it. */
  readonly approvals: readonly CountedReviewer[]
  readonly denials: readonly CountedReviewer[]
  /** The approver's: approved, denied, expired or withdrawn. The first one counts. */
  readonly decided: Ending | null
  /** The node's: nobody waits any more. */
  readonly withdrawn: Ending | null
  readonly executed: (Executed & { readonly time: number }) | null
  /** Its time is over and nobody said so. */
  readonly lapsed: boolean
  /** Of the book, when it last changed. */
  readonly revision: number
}

export function entryOf(request: ApprovalRequest, requested: Requested): ApprovalEntry {
  return {
    approvalId: request.approvalId,
    nodeId: request.nodeId,
    askedAt: request.time,
    // A decoded buffer may share the memory of a whole batch of records.
    requested: { ...requested, commandDigest: Buffer.from(requested.commandDigest) },
    approvals: [],
    denials: [],
    decided: null,
    withdrawn: null,
    executed: null,
    lapsed: false,
    revision: 0,
  }
}

/** What the node said later about its own request; the same entry where that is nothing new. */
export function withRequest(entry: ApprovalEntry, request: ApprovalRequest): ApprovalEntry {
  const { executed, withdrawn, time } = request
  if (executed !== null && entry.executed === null) return { ...entry, executed: { ...executed, time } }
  if (withdrawn === null || entry.withdrawn !== null) return entry
  return { ...entry, withdrawn: { kind: 'withdrawn', reason: withdrawnBecause(withdrawn.reason), time } }
}

/** A node that started holds nothing of what it held before, also where that was approved and had not run. */
export function withNodeStart(entry: ApprovalEntry, time: number): ApprovalEntry {
  const { kind } = endingOf(entry)
  if ((kind !== 'open' && kind !== 'approved') || entry.askedAt >= time) return entry
  return { ...entry, withdrawn: { kind: 'withdrawn', reason: withdrawnBecause('node_started'), time } }
}

/** Whether a decision is about the very thing that was asked. */
export function isAbout(decision: ApprovalDecision, { nodeId, requested }: ApprovalEntry): boolean {
  return decisionDifferences({ nodeId, ...requested }, decision).length === 0
}

/** The reason code of a counted vote that denies. */
const DENIAL = 'deny'

export function withDecision(entry: ApprovalEntry, decision: ApprovalDecision): ApprovalEntry {
  const { kind, time, reason, reviewers } = decision
  if (entry.decided !== null) return entry
  switch (kind) {
    case 'vote_refused':
      return entry
    case 'vote_counted':
      return decision.reasonCode === DENIAL ? withDenials(entry, reviewers) : { ...entry, approvals: reviewers }
    case 'approved':
      return { ...entry, approvals: reviewers, decided: { kind, reason, time } }
    case 'denied':
      return { ...withDenials(entry, reviewers), decided: { kind, reason, time } }
    case 'expired':
    case 'withdrawn':
      return { ...entry, decided: { kind, reason, time } }
    default:
      return kind satisfies never
  }
}

/** A denial takes back what the same person approved before. */
function withDenials(entry: ApprovalEntry, denials: readonly CountedReviewer[]): ApprovalEntry {
  const people = new Set(denials.map(({ person }) => person))
  return { ...entry, denials, approvals: entry.approvals.filter(({ person }) => !people.has(person)) }
}

/**
 * What it is now. What ran has run, whatever else was said; a denial stands; and what its node gave up stays given up,
 * also where it was approved meanwhile.
 */
export function endingOf({ decided, withdrawn, executed, lapsed, requested }: ApprovalEntry): Ending {
  if (executed !== null) return { kind: 'executed', reason: null, time: executed.time }
  if (decided !== null && decided.kind !== 'approved') return decided
  if (withdrawn !== null) return withdrawn
  if (decided !== null) return decided
  if (lapsed) return { kind: 'expired', reason: 'nobody decided in time', time: requested.expiresAt }
  return { kind: 'open', reason: null, time: requested.expiresAt }
}

export function isOpen(entry: ApprovalEntry): boolean {
  return endingOf(entry).kind === 'open'
}

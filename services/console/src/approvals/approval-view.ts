// A held command as the API gives it. Texts in it come from clients and the database: whoever prints them escapes them.
import { type CountedReviewer, isoMicros, type Requested, type Subject } from '@sluice/events'
import { type ApprovalRule, type PersonOf, shownReviewer } from '@sluice/policy'
import { type ApprovalEntry, type ApprovalState, endingOf } from './approval-entry.ts'
import { mayReview, waitingFor } from './reviewers.ts'

export type VoteView = {
  readonly person: string
  readonly vote: 'approve' | 'deny'
  readonly reason: string | null
}

/** Times are ISO 8601 with microseconds: the digest of what was shown is computed from them. */
export type ApprovalView = {
  readonly approvalId: string
  readonly code: string
  readonly state: ApprovalState
  readonly askedAt: string
  readonly nodeId: string
  readonly requested: Omit<Requested, 'commandDigest' | 'expiresAt'> & { readonly expiresAt: string }
  readonly votes: readonly VoteView[]
  /** Whose votes are still needed; null where it does not wait, or the console does not know the rules. */
  readonly waitingFor: string | null
  readonly endedAt: string | null
  readonly endedReason: string | null
  readonly executed: {
    readonly at: string
    readonly status: string
    readonly code: string | null
    readonly rows: number
    readonly durationMicros: number
  } | null
  readonly mayReview: boolean
  readonly revision: number
}

export type ViewFacts = {
  readonly viewer: Subject
  /** Null where the policies that asked are not known here. */
  readonly rules: readonly ApprovalRule[] | null
  readonly personOf: PersonOf
}

export function approvalView(entry: ApprovalEntry, { viewer, rules, personOf }: ViewFacts): ApprovalView {
  const { commandDigest: _secret, expiresAt, ...requested } = entry.requested
  const ending = endingOf(entry)
  const isOpen = ending.kind === 'open'
  return {
    approvalId: entry.approvalId,
    code: requested.code,
    state: ending.kind,
    askedAt: isoMicros(entry.askedAt),
    nodeId: entry.nodeId,
    requested: { ...requested, expiresAt: isoMicros(expiresAt) },
    votes: [...votesOf(entry.approvals, 'approve'), ...votesOf(entry.denials, 'deny')],
    waitingFor: isOpen ? waitingFor(rules, entry.approvals) : null,
    endedAt: isOpen ? null : isoMicros(ending.time),
    endedReason: ending.reason,
    executed: executedView(entry),
    mayReview: mayReview(viewer, entry, rules, personOf),
    revision: entry.revision,
  }
}

function votesOf(reviewers: readonly CountedReviewer[], vote: VoteView['vote']): readonly VoteView[] {
  return reviewers.map((reviewer) => ({ person: shownReviewer(reviewer), vote, reason: reviewer.reason }))
}

function executedView({ executed }: ApprovalEntry): ApprovalView['executed'] {
  if (executed === null) return null
  const { status, code, rows, durationMicros, time } = executed
  return { at: isoMicros(time), status, code, rows, durationMicros }
}

// Whether a vote counts, and whether it decides: pure. Each vote gets one answer, which names the review: counted, refused,
// or the end that it brought.

import type { CountedReviewer, Subject } from '@sluice/events'
import { countingGroups, describeSeats, freeSeats, groupsAsked, isRequester, mayReview } from '@sluice/policy'
import {
  type ApprovalFacts,
  type ApproverEvent,
  type ApproverState,
  DENIED_BY_PEOPLE,
  type OpenApproval,
} from './approval-state.ts'
import type { ApproverSettings } from './approver-settings.ts'
import { decision } from './decision-event.ts'
import { endedRefusal, notInGroup, type Refused, staleLogin, tokenInvalid, voteRefusal } from './refusals.ts'

/** Who votes, as the reviewer's own token says; or why the token says nothing. */
export type Reviewer =
  | {
      readonly kind: 'verified'
      readonly subject: Subject
      readonly demo: boolean
      /** Microseconds since the epoch; null where the token does not tell. */
      readonly authenticatedAt: number | null
    }
  | { readonly kind: 'invalid'; readonly why: string }

export type VoteCommand = {
  readonly kind: 'vote'
  readonly approvalId: string
  readonly reviewId: string
  readonly vote: 'approve' | 'deny'
  readonly reason: string | null
  readonly shownDigest: Buffer
  readonly reviewer: Reviewer
  readonly now: number
}

const MICROS_PER_MS = 1_000
const CLOCK_SKEW_MICROS = 30_000_000
/** Above what any rule can ask for together with those who deny. */
export const MAX_COUNTED_PEOPLE = 500
export const MAX_REASON_CHARACTERS = 1_000

const NOBODYS_FACTS = {
  nodeId: '',
  replyPartition: 0,
  sessionId: '00000000-0000-0000-0000-000000000000',
  execution: 0,
  commandDigest: Buffer.alloc(32),
  policyVersion: '',
}

export function decideVote(
  command: VoteCommand,
  state: ApproverState,
  settings: ApproverSettings,
  expire: (approval: OpenApproval, now: number) => ApproverEvent,
): readonly ApproverEvent[] {
  const { approvalId, reviewId, now } = command
  if (state.answered.has(reviewId)) return []
  const approval = state.open.get(approvalId)
  if (approval === undefined) {
    const ended = state.ended.get(approvalId)
    if (ended !== undefined) return [refuse(ended, command, endedRefusal(ended.ended))]
    return [refuse({ approvalId, ...NOBODYS_FACTS }, command, voteRefusal('unknown_request'))]
  }
  if (approval.expiresAt <= now) return [expire(approval, now), refuse(approval, command, endedRefusal('expired'))]
  const judged = judge(command, approval, settings)
  if ('code' in judged) return [refuse(approval, command, judged)]
  return [
    command.vote === 'deny'
      ? countDenial(command, approval, judged)
      : countApproval(command, approval, judged, settings),
  ]
}

function refuse(facts: ApprovalFacts, { reviewId, now }: VoteCommand, refused: Refused<string>): ApproverEvent {
  return decision(facts, 'vote_refused', now, { reviewId, reasonCode: refused.code, reason: refused.reason })
}

/** The person as whom the vote counts, or why it does not. */
function judge(
  command: VoteCommand,
  approval: OpenApproval,
  settings: ApproverSettings,
): CountedReviewer | Refused<string> {
  const { reviewer, vote, now } = command
  if (reviewer.kind === 'invalid') return tokenInvalid(reviewer.why)
  const { subject, demo, authenticatedAt } = reviewer
  if (demo && !settings.isDemo(approval.connection)) {
    return tokenInvalid("logins of the demo's own issuer count on connections of the demo only")
  }
  if (isRequester(approval.requester, subject, settings.personOf)) return voteRefusal('requester')
  // Somebody's deputy is not that person, and nobody should count for two.
  if (subject.kind !== 'human' || subject.onBehalfOf !== null) return voteRefusal('not_human')
  const groups = countingGroups(approval.rules, subject.groups)
  if (groups.length === 0) return notInGroup(groupsAsked(approval.rules))
  if (!isFresh(authenticatedAt, now, settings.reviewerAgeMs)) return staleLogin(settings.reviewerAgeMs)
  if (!command.shownDigest.equals(approval.shownDigest)) return voteRefusal('shown_differs')
  const person = settings.personOf(subject)
  const isThem = (other: CountedReviewer): boolean =>
    other.person === person || (other.issuer === subject.issuer && other.id === subject.id)
  // An approval can be taken back by a denial; a denial stands.
  if (approval.denials.some(isThem) || (vote === 'approve' && approval.approvals.some(isThem))) {
    return voteRefusal('already_voted')
  }
  const reason = reasonOf(command)
  if (reason === null && approval.rules.some((rule) => rule.reason === 'required'))
    return voteRefusal('reason_required')
  if (approval.approvals.length + approval.denials.length >= MAX_COUNTED_PEOPLE) return voteRefusal('too_many_votes')
  return { person, issuer: subject.issuer, id: subject.id, groups, reason }
}

function isFresh(authenticatedAt: number | null, now: number, maxAgeMs: number): boolean {
  if (authenticatedAt === null || authenticatedAt > now + CLOCK_SKEW_MICROS) return false
  return now - authenticatedAt <= maxAgeMs * MICROS_PER_MS
}

function reasonOf({ reason }: VoteCommand): string | null {
  const text = reason?.trim() ?? ''
  if (text === '') return null
  return text.length > MAX_REASON_CHARACTERS ? `${text.slice(0, MAX_REASON_CHARACTERS - 1)}…` : text
}

function countApproval(
  { reviewId, now }: VoteCommand,
  approval: OpenApproval,
  voter: CountedReviewer,
  { approvalUseMs }: ApproverSettings,
): ApproverEvent {
  const reviewers = [...approval.approvals, voter]
  const people = reviewers.map(({ groups }) => groups)
  const free = approval.rules.flatMap((rule) => freeSeats(rule, people))
  if (free.length > 0) {
    const reason = `still needed: ${describeSeats(free)}`
    return decision(approval, 'vote_counted', now, { reviewId, reviewers, reasonCode: 'approve', reason })
  }
  const usableUntil = now + approvalUseMs * MICROS_PER_MS
  return decision(approval, 'approved', now, { reviewId, reviewers, usableUntil })
}

/** The denials of those who may review under a rule count for that rule; the first rule that has enough of them ends it. */
function countDenial({ reviewId, now }: VoteCommand, approval: OpenApproval, voter: CountedReviewer): ApproverEvent {
  const reviewers = [...approval.denials, voter]
  const missing = approval.rules.map(
    (rule) => rule.denials - reviewers.filter(({ groups }) => mayReview(rule, groups)).length,
  )
  const least = Math.min(...missing)
  if (least > 0) {
    const reason = `${least} more denial${least === 1 ? '' : 's'} would end it`
    return decision(approval, 'vote_counted', now, { reviewId, reviewers, reasonCode: 'deny', reason })
  }
  const reasons = reviewers.flatMap(({ reason }) => (reason === null ? [] : [reason]))
  const reason = reasons.length === 0 ? null : reasons.join('; ')
  return decision(approval, 'denied', now, { reviewId, reviewers, reasonCode: DENIED_BY_PEOPLE, reason })
}

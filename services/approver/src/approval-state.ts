// What the approver knows, and how one event changes it: a fold without I/O. Nobody holds an older state, so it is
// changed in place: to copy thousands of entries would cost more than the vote that is counted.

import type { ApprovalDecision, CountedReviewer, Subject } from '@sluice/events'
import { type ApprovalRule, type ApprovalRules, identityName } from '@sluice/policy'

/** What every decision about a request says of it. */
export type ApprovalFacts = Pick<
  ApprovalDecision,
  'approvalId' | 'nodeId' | 'sessionId' | 'execution' | 'commandDigest' | 'policyVersion'
> & {
  /** Where its node reads decisions. */
  readonly replyPartition: number
}

export type OpenApproval = ApprovalFacts & {
  readonly code: string
  readonly requester: Subject
  readonly connection: string
  readonly shownDigest: Buffer
  /** By the node's clock, microseconds. */
  readonly requestedAt: number
  readonly expiresAt: number
  readonly rules: readonly ApprovalRule[]
  /** Whose votes count so far, in order; nobody is in both. */
  readonly approvals: readonly CountedReviewer[]
  readonly denials: readonly CountedReviewer[]
}

export type EndKind = 'approved' | 'denied' | 'expired' | 'withdrawn'

export type EndedApproval = ApprovalFacts & { readonly ended: EndKind }

export type ApproverEvent =
  /** A policy set was published. */
  | { readonly kind: 'policy_known'; readonly version: string; readonly rules: ApprovalRules }
  /** A request waits for votes; what records it is the request. */
  | { readonly kind: 'opened'; readonly approval: OpenApproval }
  /** Goes to the decisions' topic, and comes from there after a restart. */
  | { readonly kind: 'decided'; readonly replyPartition: number; readonly decision: ApprovalDecision }
  /** After a restart: of a request that ended before, and is not opened again. */
  | {
      readonly kind: 'recalled'
      readonly replyPartition: number
      readonly decision: ApprovalDecision
      readonly requester: Subject
    }

export type ApproverState = {
  /** Approval rules by policy version, the latest last. */
  readonly policies: Map<string, ApprovalRules>
  readonly open: Map<string, OpenApproval>
  readonly ended: Map<string, EndedApproval>
  readonly codes: Set<string>
  /** By `sessionOf`. */
  readonly sessions: Set<string>
  /** How many requests of a subject are open. */
  readonly held: Map<string, number>
  /** When requests of a subject were denied by people, the latest last. */
  readonly denials: Map<string, readonly number[]>
  /** Reviews that were answered. */
  readonly answered: Set<string>
}

export const MAX_KNOWN_POLICIES = 256
/** To tell late voters what became of it. */
export const MAX_REMEMBERED_ENDS = 50_000
export const MAX_REMEMBERED_REVIEWS = 200_000
export const MAX_DENIED_SUBJECTS = 10_000
/** The most that `limits.denialsBeforePause` can be. */
export const MAX_REMEMBERED_DENIALS = 1_000

/** The reason code of a denial by people, as opposed to one of the approver's own. */
export const DENIED_BY_PEOPLE = 'denied'

export function emptyState(): ApproverState {
  return {
    policies: new Map(),
    open: new Map(),
    ended: new Map(),
    codes: new Set(),
    sessions: new Set(),
    held: new Map(),
    denials: new Map(),
    answered: new Set(),
  }
}

/** A node can name what session it likes: with its own id it blocks none of another node. */
export function sessionOf({ nodeId, sessionId }: Pick<ApprovalFacts, 'nodeId' | 'sessionId'>): string {
  return `${nodeId} ${sessionId}`
}

/** The same state, changed. */
export function evolve(state: ApproverState, event: ApproverEvent): ApproverState {
  switch (event.kind) {
    case 'policy_known':
      state.policies.delete(event.version)
      remember(state.policies, event.version, event.rules, MAX_KNOWN_POLICIES)
      return state
    case 'opened':
      open(state, event.approval)
      return state
    case 'decided':
      decided(state, event.decision, event.replyPartition, state.open.get(event.decision.approvalId)?.requester ?? null)
      return state
    case 'recalled':
      decided(state, event.decision, event.replyPartition, event.requester)
      return state
    default:
      return event satisfies never
  }
}

function open(state: ApproverState, approval: OpenApproval): void {
  const subject = identityName(approval.requester)
  state.open.set(approval.approvalId, approval)
  state.codes.add(approval.code)
  state.sessions.add(sessionOf(approval))
  state.held.set(subject, (state.held.get(subject) ?? 0) + 1)
}

function decided(
  state: ApproverState,
  decision: ApprovalDecision,
  replyPartition: number,
  requester: Subject | null,
): void {
  const { approvalId, kind, reviewId, reviewers, reasonCode } = decision
  if (reviewId !== null) {
    state.answered.add(reviewId)
    forgetOldest(state.answered, MAX_REMEMBERED_REVIEWS)
  }
  const approval = state.open.get(approvalId)
  switch (kind) {
    case 'vote_refused':
      return
    case 'vote_counted': {
      const voter = reviewers.at(-1)
      if (approval === undefined || voter === undefined) return
      state.open.set(approvalId, counted(approval, voter, reasonCode === 'deny'))
      return
    }
    case 'approved':
    case 'denied':
    case 'expired':
    case 'withdrawn': {
      if (approval !== undefined) close(state, approval)
      if (requester !== null && kind === 'denied' && reasonCode === DENIED_BY_PEOPLE) {
        denied(state, identityName(requester), decision.time)
      }
      const { nodeId, sessionId, execution, commandDigest, policyVersion } = decision
      const facts = { approvalId, nodeId, sessionId, execution, commandDigest, policyVersion, replyPartition }
      if (!state.ended.has(approvalId))
        remember(state.ended, approvalId, { ...facts, ended: kind }, MAX_REMEMBERED_ENDS)
      return
    }
    default:
      kind satisfies never
  }
}

function counted(approval: OpenApproval, voter: CountedReviewer, denies: boolean): OpenApproval {
  const others = approval.approvals.filter(
    ({ person, issuer, id }) => person !== voter.person && !(issuer === voter.issuer && id === voter.id),
  )
  if (denies) return { ...approval, approvals: others, denials: [...approval.denials, voter] }
  return { ...approval, approvals: [...others, voter] }
}

function close(state: ApproverState, approval: OpenApproval): void {
  const subject = identityName(approval.requester)
  const left = (state.held.get(subject) ?? 1) - 1
  state.open.delete(approval.approvalId)
  state.codes.delete(approval.code)
  state.sessions.delete(sessionOf(approval))
  if (left > 0) state.held.set(subject, left)
  else state.held.delete(subject)
}

function denied(state: ApproverState, subject: string, time: number): void {
  const times = [...(state.denials.get(subject) ?? []), time].sort((a, b) => a - b).slice(-MAX_REMEMBERED_DENIALS)
  state.denials.delete(subject)
  remember(state.denials, subject, times, MAX_DENIED_SUBJECTS)
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.set(key, value)
  forgetOldest(map, max)
}

function forgetOldest(remembered: Map<string, unknown> | Set<string>, max: number): void {
  if (remembered.size <= max) return
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest)
    return
  }
}

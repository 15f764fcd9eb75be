// What the approver decides: a command and what is known become events. Pure; the clock comes with the command.

import type { ApprovalDecision, Requested, WithdrawReason } from '@sluice/events'
import {
  type ApprovalRule,
  decisionDifferences,
  describeSeats,
  freeSeats,
  type GivenUpReason,
  identityName,
  shownDigest,
  withdrawnBecause,
} from '@sluice/policy'
import {
  type ApprovalFacts,
  type ApproverEvent,
  type ApproverState,
  type OpenApproval,
  sessionOf,
} from './approval-state.ts'
import type { ApproverSettings } from './approver-settings.ts'
import { decision } from './decision-event.ts'
import { paused, type Refused, requestDenial, tooMany, tooManyOfSubject } from './refusals.ts'
import { decideVote, type VoteCommand } from './votes.ts'

/** Times are microseconds since the epoch; `now` is the approver's clock, `time` the node's. */
export type ApproverCommand =
  | {
      readonly kind: 'requested'
      readonly approvalId: string
      readonly nodeId: string
      readonly replyPartition: number
      readonly time: number
      readonly requested: Requested
      readonly now: number
    }
  | {
      readonly kind: 'withdrawn'
      readonly approvalId: string
      readonly nodeId: string
      readonly reason: WithdrawReason
      readonly now: number
    }
  /** It ran: the node says so of what was approved, which has ended here. */
  | { readonly kind: 'executed'; readonly approvalId: string; readonly nodeId: string; readonly now: number }
  | { readonly kind: 'node_started'; readonly nodeId: string; readonly time: number; readonly now: number }
  | VoteCommand
  | { readonly kind: 'tick'; readonly now: number }

type RequestCommand = Extract<ApproverCommand, { kind: 'requested' }>

const MICROS_PER_MS = 1_000

export function decide(
  command: ApproverCommand,
  state: ApproverState,
  settings: ApproverSettings,
): readonly ApproverEvent[] {
  switch (command.kind) {
    case 'requested':
      return decideRequested(command, state, settings)
    case 'withdrawn': {
      const { approvalId, nodeId, reason, now } = command
      const approval = state.open.get(approvalId)
      return approval === undefined || approval.nodeId !== nodeId ? [] : [withdraw(approval, reason, now)]
    }
    case 'executed':
      return []
    case 'node_started':
      return [...state.open.values()]
        .filter(({ nodeId, requestedAt }) => nodeId === command.nodeId && requestedAt < command.time)
        .map((approval) => withdraw(approval, 'node_started', command.now))
    case 'vote':
      return decideVote(command, state, settings, expire)
    case 'tick':
      return [...state.open.values()]
        .filter(({ expiresAt }) => expiresAt <= command.now)
        .map((approval) => expire(approval, command.now))
    default:
      return command satisfies never
  }
}

function decideRequested(
  command: RequestCommand,
  state: ApproverState,
  settings: ApproverSettings,
): readonly ApproverEvent[] {
  const { approvalId, requested, now, time } = command
  // The same once more, or somebody else's id: the first one holds.
  if (state.open.has(approvalId) || state.ended.has(approvalId)) return []
  const facts = factsOf(command)
  const rules = rulesOf(requested, state)
  if ('code' in rules) return [denial(facts, rules, now)]
  const expiresAt = expiryOf(command, rules)
  if (expiresAt <= now) return [expired(facts, rules, [], now)]
  const refused = beyondBounds(command, state, settings)
  if (refused !== null) return [denial(facts, refused, now)]
  const { code, connection, subject } = requested
  const approval: OpenApproval = {
    ...facts,
    code,
    requester: subject,
    connection,
    shownDigest: shownDigest(approvalId, requested),
    requestedAt: time,
    expiresAt,
    rules,
    approvals: [],
    denials: [],
  }
  return [{ kind: 'opened', approval }]
}

/** Whether a decision is on this very request, and not on another node's under the same id. */
export function isAbout(decision: ApprovalDecision, { nodeId, requested }: RequestCommand): boolean {
  return decisionDifferences({ nodeId, ...requested }, decision).length === 0
}

/** The rules by which it is decided, all of which must be satisfied. */
function rulesOf(
  { policyVersion, approvalRules, inTransaction }: Requested,
  state: ApproverState,
): readonly ApprovalRule[] | Refused<string> {
  const known = state.policies.get(policyVersion)
  if (known === undefined) return requestDenial('policy_unknown')
  const names = [...new Set(approvalRules)]
  const rules = names.flatMap((name) => (Object.hasOwn(known, name) ? [known[name] as ApprovalRule] : []))
  if (rules.length === 0 || rules.length < names.length) return requestDenial('rule_unknown')
  if (inTransaction && rules.some((rule) => rule.inTransaction === 'deny')) return requestDenial('in_transaction')
  return rules
}

/** The shortest bound counts. A node whose clock is ahead gets no more time by it. */
function expiryOf({ requested, time, now }: RequestCommand, rules: readonly ApprovalRule[]): number {
  const bounds = rules.flatMap(({ expires, inTransaction }) =>
    requested.inTransaction && inTransaction !== 'deny' ? [expires, inTransaction.hold] : [expires],
  )
  return Math.min(requested.expiresAt, Math.min(time, now) + Math.min(...bounds) * MICROS_PER_MS)
}

function beyondBounds(
  { nodeId, requested, time }: RequestCommand,
  state: ApproverState,
  settings: ApproverSettings,
): Refused<string> | null {
  const subject = identityName(requested.subject)
  if (state.codes.has(requested.code)) return requestDenial('code_taken')
  if (state.sessions.has(sessionOf({ nodeId, sessionId: requested.sessionId }))) return requestDenial('session_pending')
  const pausedUntil = pauseOf(state.denials.get(subject) ?? [], time, settings)
  if (pausedUntil !== null) return paused(settings.denialsBeforePause, pausedUntil)
  if ((state.held.get(subject) ?? 0) >= settings.heldPerSubject) return tooManyOfSubject(settings.heldPerSubject)
  return state.open.size >= settings.held ? tooMany(settings.held) : null
}

/**
 * Until when a subject's requests are not held: as long again as the time in which so many were denied. It is asked as
 * of the request, so that one which waits already is not ended by a restart after later denials.
 */
function pauseOf(
  denials: readonly number[],
  at: number,
  { denialsBeforePause, denialPauseMs }: ApproverSettings,
): number | null {
  const pauseMicros = denialPauseMs * MICROS_PER_MS
  const before = denials.filter((time) => time <= at)
  for (let last = before.length - 1; last >= denialsBeforePause - 1; last--) {
    const end = before[last] as number
    const began = before[last - denialsBeforePause + 1] as number
    if (end - began <= pauseMicros && at < end + pauseMicros) return end + pauseMicros
  }
  return null
}

function factsOf({ approvalId, nodeId, replyPartition, requested }: RequestCommand): ApprovalFacts {
  const { sessionId, execution, commandDigest, policyVersion } = requested
  return { approvalId, nodeId, replyPartition, sessionId, execution, commandDigest, policyVersion }
}

function denial(facts: ApprovalFacts, { code, reason }: Refused<string>, now: number): ApproverEvent {
  return decision(facts, 'denied', now, { reasonCode: code, reason })
}

function withdraw(approval: OpenApproval, reason: GivenUpReason, now: number): ApproverEvent {
  return decision(approval, 'withdrawn', now, {
    reviewers: approval.approvals,
    reasonCode: reason,
    reason: withdrawnBecause(reason),
  })
}

function expire(approval: OpenApproval, now: number): ApproverEvent {
  return expired(approval, approval.rules, approval.approvals, now)
}

function expired(
  facts: ApprovalFacts,
  rules: readonly ApprovalRule[],
  approvals: ApprovalDecision['reviewers'],
  now: number,
): ApproverEvent {
  const people = approvals.map(({ groups }) => groups)
  const missing = describeSeats(rules.flatMap((rule) => freeSeats(rule, people)))
  const reason = `nobody decided in time: ${missing} had still to agree; ask again when a reviewer is there`
  return decision(facts, 'expired', now, { reviewers: approvals, reasonCode: 'expired', reason })
}

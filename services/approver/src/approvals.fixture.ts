// Given, when, then for what the approver decides, and the pieces that its tests put together. For tests.

import type { ApprovalDecision, Requested, Subject } from '@sluice/events'
import { type ApprovalRulesInput, approvalRulesSchema, personsOf, shownDigest } from '@sluice/policy'
import { type ApproverEvent, type ApproverState, emptyState, evolve } from './approval-state.ts'
import { type ApproverCommand, decide } from './approvals.ts'
import type { ApproverSettings } from './approver-settings.ts'
import type { VoteCommand } from './votes.ts'

export const ISSUER = 'https://issuer.test'
export const NODE = 'node-1'
export const POLICY = 'policy-1'
export const SECOND = 1_000_000
export const MINUTE = 60 * SECOND
/** Now, at the beginning of each test. */
export const T0 = 1_800_000_000 * SECOND

export const id = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

export const person = (
  name: string,
  groups: readonly string[] = ['data-owners'],
  change: Partial<Subject> = {},
): Subject => ({
  issuer: ISSUER,
  id: name,
  kind: 'human',
  groups,
  onBehalfOf: null,
  ...change,
})

export const agent: Subject = person('agent-1', ['agents'], { kind: 'agent', onBehalfOf: 'ada' })

export const settings: ApproverSettings = {
  heldPerSubject: 3,
  held: 5,
  approvalUseMs: 60_000,
  denialsBeforePause: 2,
  denialPauseMs: 600_000,
  reviewerAgeMs: 600_000,
  personOf: personsOf([
    {
      name: 'Olga',
      identities: [
        { issuer: ISSUER, id: 'olga' },
        { issuer: 'https://other.test', id: 'o.k.' },
      ],
    },
    {
      name: 'Ada',
      identities: [
        { issuer: ISSUER, id: 'ada' },
        { issuer: ISSUER, id: 'ada-admin' },
      ],
    },
  ]),
  isDemo: (connection) => connection === 'demo',
}

export const rules: ApprovalRulesInput = {
  'data-owner': { reviewers: ['group:data-owners'] },
  two: { reviewers: ['group:data-owners'], count: 2 },
  mixed: { reviewers: [{ group: 'group:data-owners' }, { group: 'group:security' }] },
  patient: { reviewers: ['group:data-owners'], count: 2, denials: 2, expires: '1h' },
  security: { reviewers: ['group:security'], expires: '5m' },
  reasoned: { reviewers: ['group:data-owners'], reason: 'required' },
  'never-inside': { reviewers: ['group:data-owners'], inTransaction: 'deny' },
}

export const known: ApproverEvent = { kind: 'policy_known', version: POLICY, rules: approvalRulesSchema.parse(rules) }

/** One that nothing else conflicts with: its number makes its ids, its code and its session. */
export function requestedOf(number: number, change: Partial<Requested> = {}): Requested {
  return {
    code: String(number).padStart(8, '0'),
    sessionId: id(1_000 + number),
    execution: 1,
    eventId: id(2_000 + number),
    subject: agent,
    connection: 'shop',
    protocol: 'postgres',
    application: null,
    clientAddress: null,
    purpose: null,
    trace: null,
    summary: 'UPDATE orders',
    command: 'update orders set status = 1',
    parameters: [],
    commentsRemoved: 0,
    touches: [],
    estimatedRows: null,
    inTransaction: false,
    policyIds: ['p'],
    policyVersion: POLICY,
    approvalRules: ['data-owner'],
    expiresAt: T0 + 24 * 60 * MINUTE,
    commandDigest: Buffer.alloc(32, number),
    ...change,
  }
}

type RequestCommand = Extract<ApproverCommand, { kind: 'requested' }>

export function request(
  number: number,
  change: Partial<Requested> = {},
  more: Partial<RequestCommand> = {},
): RequestCommand {
  const requested = requestedOf(number, change)
  const place = { approvalId: id(number), nodeId: NODE, replyPartition: 7, time: T0, now: T0 }
  return { kind: 'requested', ...place, requested, ...more }
}

let votes = 0

/** By default a good approval of the first request by somebody who logged in just now. */
export function vote(
  subject: Subject,
  change: Partial<VoteCommand> & { readonly on?: RequestCommand } = {},
): VoteCommand {
  const { on = request(1), ...rest } = change
  const now = rest.now ?? T0 + SECOND
  return {
    kind: 'vote',
    approvalId: on.approvalId,
    reviewId: id(10_000 + votes++),
    vote: 'approve',
    reason: null,
    shownDigest: shownDigest(on.approvalId, on.requested),
    reviewer: { kind: 'verified', subject, demo: false, authenticatedAt: now },
    now,
    ...rest,
  }
}

/** The state after these commands, each with what was decided on it. */
export function given(
  commands: readonly ApproverCommand[],
  policies: readonly ApproverEvent[] = [known],
): ApproverState {
  const state = policies.reduce(evolve, emptyState())
  for (const command of commands) decide(command, state, settings).reduce(evolve, state)
  return state
}

/** What the last of the commands brings, after the others. */
export function outcome(...commands: readonly [...ApproverCommand[], ApproverCommand]): readonly ApproverEvent[] {
  const before = given(commands.slice(0, -1))
  return decide(commands.at(-1) as ApproverCommand, before, settings)
}

export function decisionsOf(events: readonly ApproverEvent[]): readonly ApprovalDecision[] {
  return events.flatMap((event) => (event.kind === 'decided' ? [event.decision] : []))
}

/** The same, as decisions: their kinds with the reason's code. */
export function kinds(...commands: readonly [...ApproverCommand[], ApproverCommand]): readonly string[] {
  return outcome(...commands).map((event) =>
    event.kind === 'decided' ? [event.decision.kind, event.decision.reasonCode].filter(Boolean).join(' ') : event.kind,
  )
}

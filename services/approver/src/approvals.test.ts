import type { Requested, Subject } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { evolve } from './approval-state.ts'
import {
  agent,
  decisionsOf,
  given,
  ISSUER,
  id,
  kinds,
  known,
  MINUTE,
  NODE,
  outcome,
  person,
  request,
  SECOND,
  settings,
  T0,
  vote,
} from './approvals.fixture.ts'
import { type ApproverCommand, decide } from './approvals.ts'
import { MAX_COUNTED_PEOPLE } from './votes.ts'

const olga = person('olga')
const pete = person('pete')
const other: Subject = { ...agent, id: 'agent-2', onBehalfOf: null }

const openUntil = (...commands: readonly [...ApproverCommand[], ApproverCommand]): number | undefined => {
  const [event] = outcome(...commands)
  return event?.kind === 'opened' ? event.approval.expiresAt : undefined
}

describe('a request', () => {
  it('waits under the rules that it names, and nothing is written about it', () => {
    const [event, ...rest] = outcome(request(1))
    expect(rest).toEqual([])
    expect(event).toMatchObject({ kind: 'opened', approval: { approvalId: id(1), replyPartition: 7, nodeId: NODE } })
  })

  it.each<[string, Partial<Requested>]>([
    ['policy_unknown', { policyVersion: 'policy-2' }],
    ['rule_unknown', { approvalRules: ['data-owner', 'nobody'] }],
    ['rule_unknown', { approvalRules: ['constructor'] }],
    ['rule_unknown', { approvalRules: [] }],
    ['in_transaction', { approvalRules: ['never-inside'], inTransaction: true }],
  ])('is denied: %s', (code, change) => {
    expect(kinds(request(1, change))).toEqual([`denied ${code}`])
  })

  it('is denied under the set that it names, not under a later one', () => {
    const later = { kind: 'policy_known', version: 'policy-2', rules: {} } as const
    const state = given([], [known, later])
    expect(decide(request(1), state, settings)[0]?.kind).toBe('opened')
    expect(decide(request(2, { policyVersion: 'policy-2' }), state, settings)[0]).toMatchObject({
      decision: { kind: 'denied', reasonCode: 'rule_unknown' },
    })
  })

  it('waits as long as the shortest of its rules says, and no longer than it asks itself', () => {
    expect(openUntil(request(1))).toBe(T0 + 10 * MINUTE)
    expect(openUntil(request(1, { approvalRules: ['patient', 'security', 'data-owner'] }))).toBe(T0 + 5 * MINUTE)
    expect(openUntil(request(1, { expiresAt: T0 + MINUTE }))).toBe(T0 + MINUTE)
    expect(openUntil(request(1, {}, { now: T0 + MINUTE }))).toBe(T0 + 10 * MINUTE)
    expect(openUntil(request(1, {}, { time: T0 + 60 * MINUTE }))).toBe(T0 + 10 * MINUTE)
  })

  it('inside a transaction waits half a minute, where its rule does not say otherwise', () => {
    expect(openUntil(request(1, { inTransaction: true }))).toBe(T0 + 30 * SECOND)
  })

  it('that comes after its time has expired', () => {
    expect(kinds(request(1, { expiresAt: T0 }))).toEqual(['expired expired'])
  })

  it('that comes once more changes nothing, whoever sends it', () => {
    const again = request(1, { command: 'drop table orders' }, { nodeId: 'node-2' })
    expect(kinds(request(1), request(1))).toEqual([])
    expect(kinds(request(1), again)).toEqual([])
    expect(kinds(request(1), vote(olga), again)).toEqual([])
  })

  it.each<[string, Partial<Requested>]>([
    ['code_taken', { code: request(1).requested.code }],
    ['session_pending', { sessionId: request(1).requested.sessionId }],
  ])('is denied beside another one: %s', (code, change) => {
    expect(kinds(request(1), request(2, { ...change, subject: other }))).toEqual([`denied ${code}`])
    expect(kinds(request(1), vote(olga), request(2, change))).toEqual(['opened'])
  })

  it('is not in the way of another node, whatever session it names', () => {
    const { sessionId } = request(1).requested
    expect(kinds(request(1), request(2, { sessionId, subject: other }, { nodeId: 'node-2' }))).toEqual(['opened'])
  })

  it('is denied where its subject, or all together, have too many', () => {
    const three = [request(1), request(2), request(3)]
    expect(kinds(...three, request(4))).toEqual(['denied held_per_subject'])
    expect(kinds(...three, vote(olga), request(4))).toEqual(['opened'])
    const five = [...three, request(4, { subject: other }), request(5, { subject: other })]
    expect(kinds(...five, request(6, { subject: person('x') }))).toEqual(['denied held'])
  })

  it('is denied for a time after its subject was denied too often, and told until when', () => {
    const deny = (number: number, now: number): ApproverCommand[] => [
      request(number, {}, { time: now, now }),
      vote(olga, { on: request(number), vote: 'deny', now }),
    ]
    const twice = [...deny(1, T0), ...deny(2, T0 + 9 * MINUTE)]
    const at = (minutes: number): ApproverCommand =>
      request(3, {}, { time: T0 + minutes * MINUTE, now: T0 + minutes * MINUTE })
    expect(kinds(...twice, at(10))).toEqual(['denied paused'])
    expect(kinds(...twice, at(18))).toEqual(['denied paused'])
    expect(kinds(...twice, at(19))).toEqual(['opened'])
    expect(kinds(...twice, request(3, { subject: other }, { time: T0 + 10 * MINUTE }))).toEqual(['opened'])
    expect(kinds(...deny(1, T0), ...deny(2, T0 + 11 * MINUTE), at(12))).toEqual(['opened'])
    // One that waited already when it came to that: a restart decides on it again.
    expect(kinds(...twice, at(8))).toEqual(['opened'])
    const [told] = decisionsOf(outcome(...twice, at(10)))
    expect(told?.reason).toContain(new Date((T0 + 19 * MINUTE) / 1000).toISOString())
  })

  it('denied by a bound does not count as denied', () => {
    const refused = [4, 5, 6, 7].map((number) => request(number, { policyVersion: 'unknown' }))
    expect(kinds(...refused, request(1))).toEqual(['opened'])
    const state = given([])
    for (const [event] of refused.map((each) => outcome(each))) {
      if (event?.kind === 'decided') evolve(state, { ...event, kind: 'recalled', requester: agent })
    }
    expect(decide(request(1), state, settings)[0]?.kind).toBe('opened')
  })
})

describe('an end', () => {
  it('by time names who had still to agree, and whose votes counted', () => {
    const two = request(1, { approvalRules: ['two'] })
    const tick: ApproverCommand = { kind: 'tick', now: T0 + 10 * MINUTE }
    expect(outcome(two, { kind: 'tick', now: T0 + 10 * MINUTE - 1 })).toEqual([])
    const [end] = decisionsOf(outcome(two, vote(olga, { on: two }), tick))
    expect(end).toMatchObject({ kind: 'expired', reviewers: [{ person: 'Olga' }], usableUntil: null })
    expect(end?.reason).toContain('1 of group data-owners')
    expect(kinds(two, tick, tick)).toEqual([])
  })

  it('by the node is a withdrawal, by another node nothing', () => {
    const withdrawn = { kind: 'withdrawn', approvalId: id(1), nodeId: NODE, reason: 'cancelled', now: T0 } as const
    expect(kinds(request(1), withdrawn)).toEqual(['withdrawn cancelled'])
    expect(kinds(request(1), { ...withdrawn, nodeId: 'node-2' })).toEqual([])
    expect(kinds(request(1), withdrawn, withdrawn)).toEqual([])
    expect(kinds(request(1), vote(olga), withdrawn)).toEqual([])
  })

  it('comes to all that a node held before it started, and to nothing else', () => {
    const earlier = [request(1), request(2)]
    const elsewhere = request(3, {}, { nodeId: 'node-2' })
    const later = request(4, { subject: other }, { time: T0 + 2 * SECOND })
    const started = { kind: 'node_started', nodeId: NODE, time: T0 + SECOND, now: T0 + 3 * SECOND } as const
    const ended = decisionsOf(outcome(...earlier, elsewhere, later, started))
    expect(ended.map(({ approvalId, kind }) => [approvalId, kind])).toEqual([
      [id(1), 'withdrawn'],
      [id(2), 'withdrawn'],
    ])
  })

  it('carries what the approval is bound to', () => {
    const [approved] = decisionsOf(outcome(request(1), vote(olga, { now: T0 + 5 * SECOND })))
    const { sessionId, commandDigest } = request(1).requested
    expect(approved).toMatchObject({ kind: 'approved', nodeId: NODE, sessionId, execution: 1, commandDigest })
    expect(approved?.usableUntil).toBe(T0 + 65 * SECOND)
  })
})

describe('a vote', () => {
  it('of one of the group approves', () => {
    expect(kinds(request(1), vote(olga))).toEqual(['approved'])
  })

  it.each<[string, Parameters<typeof vote>[0], Parameters<typeof vote>[1]?]>([
    ['requester', { ...agent, groups: ['data-owners'] }],
    ['requester', person('ada')],
    ['requester', person('ada-admin')],
    ['requester', person('pete', ['data-owners'], { onBehalfOf: 'ada' })],
    ['not_human', person('pete', ['data-owners'], { kind: 'service' })],
    ['not_human', person('pete', ['data-owners'], { kind: 'agent' })],
    ['not_human', person('pete', ['data-owners'], { onBehalfOf: 'eve' })],
    ['not_in_group', person('pete', ['analysts', 'group:data-owners'])],
    ['not_in_group', person('pete', [])],
    ['not_in_group', person('pete', ['analysts']), { vote: 'deny' }],
    ['requester', person('ada'), { vote: 'deny' }],
    ['shown_differs', pete, { shownDigest: Buffer.alloc(32) }],
    ['shown_differs', pete, { shownDigest: Buffer.alloc(0) }],
    ['token_invalid', pete, { reviewer: { kind: 'invalid', why: 'the token has expired' } }],
    ['token_invalid', pete, { reviewer: { kind: 'verified', subject: pete, demo: true, authenticatedAt: T0 } }],
    ['unknown_request', pete, { approvalId: id(99) }],
  ])('is refused: %s', (code, subject, change) => {
    expect(kinds(request(1), vote(subject, change))).toEqual([`vote_refused ${code}`])
  })

  it('is refused of whom an agent of another issuer acts for', () => {
    const abroad = { ...agent, issuer: 'https://agents.test', onBehalfOf: 'https://other.test|o.k.' }
    const asked = request(1, { subject: abroad })
    expect(kinds(asked, vote(olga, { on: asked }))).toEqual(['vote_refused requester'])
    expect(kinds(asked, vote(person('ada'), { on: asked }))).toEqual(['approved'])
  })

  it('by the demo counts on its own connection', () => {
    const asked = request(1, { connection: 'demo' })
    const reviewer = { kind: 'verified', subject: olga, demo: true, authenticatedAt: T0 } as const
    expect(kinds(asked, vote(olga, { on: asked, reviewer }))).toEqual(['approved'])
  })

  it.each([
    ['none at all', null, 'vote_refused stale_login'],
    ['one too old', T0 - 10 * MINUTE - 1, 'vote_refused stale_login'],
    ['one just new enough', T0 - 10 * MINUTE, 'approved'],
    ['one of a clock a little ahead', T0 + 20 * SECOND, 'approved'],
    ['one in the future', T0 + MINUTE, 'vote_refused stale_login'],
  ])('needs a login that is not old: %s', (_what, authenticatedAt, result) => {
    const reviewer = { kind: 'verified', subject: olga, demo: false, authenticatedAt } as const
    expect(kinds(request(1), vote(olga, { reviewer, now: T0 }))).toEqual([result])
  })

  it.each([null, '', ' \n '])('needs a reason where the rule says so, and %j is none', (reason) => {
    const asked = request(1, { approvalRules: ['data-owner', 'reasoned'] })
    expect(kinds(asked, vote(olga, { on: asked, reason }))).toEqual(['vote_refused reason_required'])
    expect(kinds(asked, vote(olga, { on: asked, reason: 'ok' }))).toEqual(['approved'])
    expect(kinds(asked, vote(olga, { on: asked, reason, vote: 'deny' }))).toEqual(['vote_refused reason_required'])
  })

  it('after the end is told what became of it', () => {
    const at = T0 + 10 * MINUTE
    expect(kinds(request(1), vote(olga), vote(pete))).toEqual(['vote_refused ended'])
    const [, refused] = decisionsOf(outcome(request(1), vote(pete, { now: at })))
    expect(kinds(request(1), vote(pete, { now: at }))).toEqual(['expired expired', 'vote_refused ended'])
    expect(refused?.reason).toContain('its time is over')
    const [denied] = decisionsOf(outcome(request(1), vote(olga, { vote: 'deny' }), vote(pete)))
    expect(denied).toMatchObject({ nodeId: NODE, sessionId: request(1).requested.sessionId })
    expect(denied?.reason).toContain('it was denied')
  })

  it('that was answered is not answered again', () => {
    const two = request(1, { approvalRules: ['two'] })
    const counted = vote(olga, { on: two })
    const refused = vote(person('ada'), { on: two })
    expect(kinds(two, counted, counted)).toEqual([])
    expect(kinds(two, refused, refused)).toEqual([])
    expect(kinds(request(1), vote(olga), vote(pete))).toEqual(['vote_refused ended'])
  })

  it('counts once a person, also under another identity', () => {
    const two = request(1, { approvalRules: ['two'] })
    const twin = person('o.k.', ['data-owners'], { issuer: 'https://other.test' })
    const first = vote(olga, { on: two })
    expect(kinds(two, first)).toEqual(['vote_counted approve'])
    expect(kinds(two, first, vote(olga, { on: two }))).toEqual(['vote_refused already_voted'])
    expect(kinds(two, first, vote(twin, { on: two }))).toEqual(['vote_refused already_voted'])
    expect(kinds(two, first, vote(pete, { on: two }))).toEqual(['approved'])
    const namesake = person('olga', ['data-owners'], { issuer: 'https://third.test' })
    expect(kinds(two, first, vote(namesake, { on: two }))).toEqual(['approved'])
  })

  it('counts once an identity, also where the configuration gave it another person meanwhile', () => {
    const two = request(1, { approvalRules: ['two'] })
    const state = given([two])
    const [event] = outcome(two, vote(pete, { on: two }))
    if (event?.kind !== 'decided') throw new Error('the vote was not answered')
    const renamed = event.decision.reviewers.map((reviewer) => ({ ...reviewer, person: 'Peter' }))
    evolve(state, { ...event, decision: { ...event.decision, reviewers: renamed } })
    expect(decide(vote(pete, { on: two }), state, settings)).toMatchObject([
      { decision: { kind: 'vote_refused', reasonCode: 'already_voted' } },
    ])
  })

  it('is not counted where so many were already', () => {
    const asked = request(1, { approvalRules: ['mixed'] })
    const owners = Array.from({ length: MAX_COUNTED_PEOPLE }, (_, index) => vote(person(`p${index}`), { on: asked }))
    expect(kinds(asked, ...owners.slice(1), vote(pete, { on: asked }))).toEqual(['vote_counted approve'])
    expect(kinds(asked, ...owners, vote(pete, { on: asked }))).toEqual(['vote_refused too_many_votes'])
  })

  it('of somebody in two groups takes one seat, and the one that nobody else can take', () => {
    const mixed = request(1, { approvalRules: ['mixed'] })
    const both = vote(person('both', ['data-owners', 'security']), { on: mixed })
    expect(kinds(mixed, both)).toEqual(['vote_counted approve'])
    expect(kinds(mixed, both, vote(pete, { on: mixed }))).toEqual(['approved'])
    expect(kinds(mixed, both, vote(person('sam', ['security']), { on: mixed }))).toEqual(['approved'])
    const twoOwners = [vote(olga, { on: mixed }), vote(pete, { on: mixed })] as const
    expect(kinds(mixed, ...twoOwners)).toEqual(['vote_counted approve'])
  })

  it('decides when all rules are satisfied', () => {
    const asked = request(1, { approvalRules: ['data-owner', 'security'] })
    const [counted] = decisionsOf(outcome(asked, vote(olga, { on: asked })))
    expect(counted).toMatchObject({ kind: 'vote_counted', reason: 'still needed: 1 of group security' })
    expect(kinds(asked, vote(olga, { on: asked }), vote(person('sam', ['security']), { on: asked }))).toEqual([
      'approved',
    ])
  })

  it('shows of a reviewer only the groups that count', () => {
    const reviewer = person('pete', ['data-owners', 'secret-project', 'security'])
    const [approved] = decisionsOf(outcome(request(1), vote(reviewer, { reason: ' fine ' })))
    expect(approved?.reviewers).toEqual([
      { person: `${ISSUER}|pete`, issuer: ISSUER, id: 'pete', groups: ['data-owners'], reason: 'fine' },
    ])
  })
})

describe('a denial', () => {
  it('of one ends it, with the reason', () => {
    const [denied] = decisionsOf(outcome(request(1), vote(olga, { vote: 'deny', reason: 'not today' })))
    expect(denied).toMatchObject({ kind: 'denied', reasonCode: 'denied', reason: 'not today', usableUntil: null })
    expect(denied?.reviewers.map((reviewer) => reviewer.person)).toEqual(['Olga'])
  })

  it('takes an approval back, and is not taken back', () => {
    const two = request(1, { approvalRules: ['patient'] })
    const yes = (subject: Subject): ApproverCommand => vote(subject, { on: two })
    const no = (subject: Subject): ApproverCommand => vote(subject, { on: two, vote: 'deny' })
    expect(kinds(two, yes(olga), no(olga))).toEqual(['vote_counted deny'])
    expect(kinds(two, yes(olga), no(olga), yes(pete))).toEqual(['vote_counted approve'])
    expect(kinds(two, no(olga), yes(olga))).toEqual(['vote_refused already_voted'])
    expect(kinds(two, no(olga), no(olga))).toEqual(['vote_refused already_voted'])
    expect(kinds(two, no(olga), no(pete))).toEqual(['denied denied'])
    const twin = person('o.k.', ['data-owners'], { issuer: 'https://other.test' })
    expect(kinds(two, yes(olga), no(twin), yes(pete))).toEqual(['vote_counted approve'])
  })

  it('counts for the rules of which they may review', () => {
    const asked = request(1, { approvalRules: ['patient', 'security'] })
    const no = (subject: Subject): ApproverCommand => vote(subject, { on: asked, vote: 'deny' })
    expect(kinds(asked, no(olga))).toEqual(['vote_counted deny'])
    expect(kinds(asked, no(person('sam', ['security'])))).toEqual(['denied denied'])
  })
})

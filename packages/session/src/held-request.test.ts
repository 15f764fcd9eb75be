import { type ApprovalDecision, type EventPart, PreparedSegment, type RawSegment } from '@sluice/events'
import { NO_OBLIGATIONS, type Pending, type StatementAccess } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import { GroupCommit } from './group-commit.ts'
import { type Recorder, Session, type Submitted } from './session.ts'

const SESSION = '0199c2f2-0000-7000-8000-000000000000'
const NOW = 1_000_000
const DIGEST = Buffer.alloc(32, 1)
const ACCESS = { actions: ['sql:write'], resources: ['shop/orders'] } as unknown as StatementAccess
const PENDING: Pending = {
  kind: 'pending',
  policyIds: ['agents-write-with-approval'],
  policyVersion: 'v1',
  approvalRules: ['data-owner'],
  obligations: NO_OBLIGATIONS,
}

function asking() {
  const events: EventPart[] = []
  const recorder = {
    prepare: (raw: RawSegment) => new PreparedSegment(SESSION, raw, Buffer.alloc(32), Buffer.alloc(32)),
    record(part: EventPart) {
      events.push(part)
      return { header: { eventId: `event-${events.length}` }, key: DIGEST, value: DIGEST, headers: '{}' }
    },
  } as unknown as Recorder
  const journal = { full: false }
  const log = {
    assertWritable() {
      if (journal.full) throw Object.assign(new Error('full'), { code: 'journal_full' })
    },
    append: () => undefined,
    commit: () => undefined,
  }
  const commit = new GroupCommit(log, () => undefined)
  const session = new Session({
    sessionId: SESSION,
    recorder,
    commit,
    decide: () => PENDING,
    monotonicMicros: () => 0,
    nowMicros: () => NOW,
  })
  const submit = (executes = true): Submitted =>
    session.submit({ operation: 'Query', executes, access: ACCESS, statement: [], parameters: [], trace: null })
  return { session, events, submit, journal }
}

function held(submitted: Submitted) {
  if (submitted.kind !== 'pending') throw new Error(`it was ${submitted.kind}`)
  return submitted
}

const approvalFor = (approvalId: string, other: Partial<ApprovalDecision> = {}): ApprovalDecision => ({
  approvalId,
  kind: 'approved',
  nodeId: 'node-1',
  sessionId: SESSION,
  execution: 0,
  commandDigest: DIGEST,
  policyVersion: 'v1',
  time: NOW,
  usableUntil: NOW + 1,
  reviewId: null,
  reviewers: [],
  reasonCode: null,
  reason: null,
  ...other,
})

describe('a request that needs an approval', () => {
  it('gets no permit, and says in its record for which approval it waits', () => {
    const { events, submit } = asking()
    const submitted = held(submit())
    expect(submitted).not.toHaveProperty('permit')
    expect(events[0]?.decision).toMatchObject({ effect: 'pending', approvalId: submitted.held.approvalId })
  })

  it('is prepared without one: only executions wait', () => {
    const { events, submit } = asking()
    expect(submit(false).kind).toBe('permitted')
    expect(events[0]?.decision).toMatchObject({ effect: 'permit', approvalId: null })
  })

  it('gets its permit for the approval of exactly this execution, recorded as used before', () => {
    const { session, events, submit } = asking()
    const submitted = held(submit())
    const approval = approvalFor(submitted.held.approvalId)
    const used = session.useApproval(submitted.request, submitted.held, approval, DIGEST)
    expect(used.kind).toBe('permitted')
    expect(events.at(-1)).toMatchObject({
      kind: 'approval_used',
      requestId: submitted.request.eventId,
      decision: { effect: 'permit', approvalId: submitted.held.approvalId },
    })
  })

  it.each<[string, Partial<ApprovalDecision>, string]>([
    ['a denial', { kind: 'denied' }, 'not_approved'],
    ['a vote that does not decide yet', { kind: 'vote_counted' }, 'not_approved'],
    ['another approval', { approvalId: '0199c2f2-0000-7000-8000-000000000001' }, 'for_another'],
    ['another session', { sessionId: '0199c2f2-0000-7000-8000-000000000002' }, 'for_another'],
    ['another execution of the session', { execution: 1 }, 'for_another'],
    ['another policy set', { policyVersion: 'v2' }, 'for_another'],
    ['another command', { commandDigest: Buffer.alloc(32, 2) }, 'changed'],
    ['a digest cut short', { commandDigest: DIGEST.subarray(0, 31) }, 'changed'],
    ['an approval of yesterday', { usableUntil: NOW - 1 }, 'too_late'],
    ['an approval without an end', { usableUntil: null }, 'too_late'],
  ])('gets none for %s', (_name, other, why) => {
    const { session, events, submit } = asking()
    const { request, held: facts } = held(submit())
    const recorded = events.length
    const approval = approvalFor(facts.approvalId, other)
    expect(session.useApproval(request, facts, approval, DIGEST)).toEqual({ kind: 'unusable', why })
    expect(events).toHaveLength(recorded)
  })

  it('gets none where the command is another one by now', () => {
    const { session, submit } = asking()
    const { request, held: facts } = held(submit())
    const used = session.useApproval(request, facts, approvalFor(facts.approvalId), Buffer.alloc(32, 9))
    expect(used).toEqual({ kind: 'unusable', why: 'changed' })
  })

  it('gets one once', () => {
    const { session, submit } = asking()
    const { request, held: facts } = held(submit())
    const approval = approvalFor(facts.approvalId)
    session.useApproval(request, facts, approval, DIGEST)
    expect(session.useApproval(request, facts, approval, DIGEST)).toEqual({ kind: 'unusable', why: 'used' })
  })

  it('gets none where the use can not be recorded', () => {
    const { session, submit, journal } = asking()
    const { request, held: facts } = held(submit())
    journal.full = true
    expect(() => session.useApproval(request, facts, approvalFor(facts.approvalId), DIGEST)).toThrow(
      expect.objectContaining({ code: 'journal_full' }),
    )
  })

  it('ends as denied where nobody agreed', () => {
    const { session, events, submit } = asking()
    const { request } = held(submit())
    session.denyHeld(request, 'approval_expired')
    session.finish(request, 'refused', '42501', null)
    expect(events.at(-1)?.decision).toMatchObject({ effect: 'deny', reasonCode: 'approval_expired' })
  })
})

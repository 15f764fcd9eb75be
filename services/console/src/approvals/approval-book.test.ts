import type { ApprovalDecision, ApprovalRequest, CountedReviewer } from '@sluice/events'
import { uuidv7 } from '@sluice/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Asked, testDecision, testRequest, testSaying } from '../control-world.fixture.ts'
import { ApprovalBook, type BookBounds, LAPSE_GRACE_MS } from './approval-book.ts'
import { endingOf } from './approval-entry.ts'

const NOW = 1_800_000_000_000_000
const OWNER: CountedReviewer = { person: 'owner', issuer: 'i', id: 'owner', groups: ['data-owners'], reason: 'fine' }
const OTHER: CountedReviewer = { ...OWNER, person: 'other', id: 'other', reason: null }
const executed = { status: 'ok', code: null, rows: 1, durationMicros: 1_500 }

function bookWith(bounds?: BookBounds) {
  const mismatches: string[] = []
  const clock = { now: NOW }
  const book = new ApprovalBook({
    nowMicros: () => clock.now,
    onChange: () => {},
    onMismatch: (approvalId) => mismatches.push(approvalId),
    ...(bounds === undefined ? {} : { bounds }),
  })
  return { book, mismatches, clock }
}

function asked(changes: Parameters<typeof testRequest>[0] = {}): Asked & { readonly request: ApprovalRequest } {
  const requested = testRequest({ expiresAt: NOW + 600_000_000, ...changes })
  const approvalId = uuidv7()
  const request = testSaying(approvalId, { kind: 'requested', requested, time: NOW })
  return { approvalId, code: requested.code, requested, request }
}

const stateIn = (book: ApprovalBook, { approvalId }: Asked): string | undefined => {
  const entry = book.find(approvalId)
  return entry === null ? undefined : endingOf(entry).kind
}

describe('a held command', () => {
  it.each<[string, Partial<ApprovalDecision>[], Partial<ApprovalRequest>[], string]>([
    ['waits', [], [], 'open'],
    ['waits for more votes', [{ kind: 'vote_counted', reviewers: [OWNER], reasonCode: 'approve' }], [], 'open'],
    ['waits after votes that do not count', [{ kind: 'vote_refused', reasonCode: 'requester' }], [], 'open'],
    ['is approved', [{ kind: 'approved' }], [], 'approved'],
    ['is denied', [{ kind: 'denied', reason: 'no' }], [], 'denied'],
    ['expires', [{ kind: 'expired' }], [], 'expired'],
    ['is given up', [], [{ kind: 'withdrawn', withdrawn: { reason: 'cancelled' } }], 'withdrawn'],
    ['runs', [{ kind: 'approved' }], [{ kind: 'executed', executed }], 'executed'],
    [
      'is given up after it was approved',
      [{ kind: 'approved' }],
      [{ kind: 'withdrawn', withdrawn: { reason: 'changed' } }],
      'withdrawn',
    ],
    [
      'stays denied when nobody waits any more',
      [{ kind: 'denied' }],
      [{ kind: 'withdrawn', withdrawn: { reason: 'session_ended' } }],
      'denied',
    ],
    ['is decided once', [{ kind: 'denied' }, { kind: 'approved' }], [], 'denied'],
  ])('%s', (_, decisions, said, state) => {
    const { book, mismatches } = bookWith()
    const it = asked()
    book.applyRequest(it.request)
    for (const decision of decisions) book.applyDecision(testDecision(it, decision))
    for (const what of said) book.applyRequest(testSaying(it.approvalId, { kind: 'withdrawn', ...what }))
    expect(stateIn(book, it)).toBe(state)
    expect(mismatches).toEqual([])
  })

  it('is the same in the end, however requests and decisions come', () => {
    const one = asked()
    const two = asked()
    const three = asked()
    const requests = [
      one.request,
      two.request,
      three.request,
      testSaying(one.approvalId, { kind: 'executed', executed, time: NOW }),
      testSaying('node-1', { kind: 'node_started', time: NOW + 1 }),
    ]
    const decisions = [
      testDecision(one, { kind: 'vote_counted', reviewers: [OWNER], reasonCode: 'approve', time: NOW }),
      testDecision(two, { kind: 'vote_counted', reviewers: [OTHER], reasonCode: 'deny', time: NOW }),
      testDecision(one, { kind: 'approved', reviewers: [OWNER, OTHER], time: NOW }),
      testDecision(three, { kind: 'approved', time: NOW }),
    ]
    const outcome = (order: readonly boolean[]) => {
      const { book } = bookWith()
      const left = { requests: [...requests], decisions: [...decisions] }
      for (const requestNext of order) {
        const request = requestNext ? left.requests.shift() : undefined
        if (request !== undefined) book.applyRequest(request)
        const decision = requestNext ? undefined : left.decisions.shift()
        if (decision !== undefined) book.applyDecision(decision)
      }
      for (const request of left.requests) book.applyRequest(request)
      for (const decision of left.decisions) book.applyDecision(decision)
      return [one, two, three].map(({ approvalId }) => {
        const entry = book.find(approvalId)
        return entry && { ending: endingOf(entry), approvals: entry.approvals, denials: entry.denials }
      })
    }
    const expected = outcome([])
    expect(expected).toMatchObject([
      { ending: { kind: 'executed' }, approvals: [OWNER, OTHER] },
      { ending: { kind: 'withdrawn' }, denials: [OTHER] },
      { ending: { kind: 'withdrawn' } },
    ])
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 10 }), (order) => {
        expect(outcome(order)).toEqual(expected)
      }),
    )
  })

  it('keeps one vote of a person, and takes an approval back by a denial', () => {
    const { book } = bookWith()
    const it = asked()
    book.applyRequest(it.request)
    book.applyDecision(testDecision(it, { kind: 'vote_counted', reviewers: [OWNER, OTHER], reasonCode: 'approve' }))
    book.applyDecision(testDecision(it, { kind: 'vote_counted', reviewers: [OWNER], reasonCode: 'deny' }))
    expect(book.find(it.approvalId)).toMatchObject({ approvals: [OTHER], denials: [OWNER] })
  })

  it.each<[string, Partial<ApprovalDecision>]>([
    ['node', { nodeId: 'node-2' }],
    ['session', { sessionId: uuidv7() }],
    ['execution', { execution: 2 }],
    ['command', { commandDigest: Buffer.alloc(32) }],
    ['policy set', { policyVersion: 'another' }],
  ])('is not decided by what is about another %s', (_, difference) => {
    const { book, mismatches } = bookWith()
    const it = asked()
    book.applyRequest(it.request)
    book.applyDecision(testDecision(it, { kind: 'approved', ...difference }))
    expect(stateIn(book, it)).toBe('open')
    expect(mismatches).toEqual([it.approvalId])
  })

  it('is spoken of by its own node only', () => {
    const { book, mismatches } = bookWith()
    const it = asked()
    book.applyRequest(it.request)
    const other = { nodeId: 'node-2', time: NOW + 1 }
    book.applyRequest(testSaying(it.approvalId, { kind: 'withdrawn', withdrawn: { reason: 'cancelled' }, ...other }))
    book.applyRequest(testSaying(it.approvalId, { kind: 'requested', requested: testRequest(), ...other }))
    book.applyRequest(testSaying('node-2', { kind: 'node_started', ...other }))
    expect(stateIn(book, it)).toBe('open')
    expect(book.find(it.approvalId)?.requested.command).toBe(it.requested.command)
    expect(mismatches).toEqual([it.approvalId, it.approvalId])
  })

  it('ends with the start of its node, but not one that was asked after it', () => {
    const { book } = bookWith()
    const before = asked()
    const after = asked()
    book.applyRequest(before.request)
    book.applyRequest({ ...after.request, time: NOW + 2 })
    book.applyRequest(testSaying('node-1', { kind: 'node_started', time: NOW + 1 }))
    expect([stateIn(book, before), stateIn(book, after)]).toEqual(['withdrawn', 'open'])
  })

  it('waits no longer than its time, also where nobody says that it is over', () => {
    const { book, clock } = bookWith()
    const it = asked()
    book.applyRequest(it.request)
    clock.now = it.requested.expiresAt + LAPSE_GRACE_MS * 1000
    expect(book.open()).toHaveLength(1)
    clock.now += 1
    expect(book.open()).toHaveLength(0)
    expect(stateIn(book, it)).toBe('expired')
    book.applyDecision(testDecision(it, { kind: 'denied' }))
    expect(stateIn(book, it)).toBe('denied')
  })
})

describe('the book', () => {
  it('finds by the whole code: who waits under it first, else the last one', () => {
    const { book } = bookWith()
    const first = asked({ code: 'K7QM2XPD' })
    const second = asked({ code: 'K7QM2XPD' })
    book.applyRequest(first.request)
    expect(book.findByCode('K7QM2XP')).toBeNull()
    expect(book.findByCode('K7QM2XPD')?.approvalId).toBe(first.approvalId)
    book.applyRequest(second.request)
    expect(book.findByCode('K7QM2XPD')?.approvalId).toBe(first.approvalId)
    book.applyDecision(testDecision(first, { kind: 'denied' }))
    expect(book.findByCode('K7QM2XPD')?.approvalId).toBe(second.approvalId)
    book.applyDecision(testDecision(second, { kind: 'denied' }))
    expect(book.findByCode('K7QM2XPD')?.approvalId).toBe(second.approvalId)
  })

  it('has a revision that grows with each change and with nothing else', () => {
    const { book } = bookWith()
    const it = asked()
    const seen: number[] = [book.revision]
    const then = (act: () => void): void => {
      act()
      seen.push(book.revision - NOW)
    }
    then(() => book.applyRequest(it.request))
    then(() => book.applyRequest(it.request))
    then(() => book.applyDecision(testDecision(it, { kind: 'approved' })))
    then(() => book.applyDecision(testDecision(it, { kind: 'approved' })))
    expect(seen).toEqual([NOW, 1, 1, 2, 2])
  })

  it('keeps what people decided while somebody asks again and again', () => {
    const { book } = bookWith({ open: 3, ended: 4, early: 2 })
    const decided = asked()
    book.applyRequest(decided.request)
    book.applyDecision(testDecision(decided, { kind: 'approved', reviewers: [OWNER] }))
    const spam = Array.from({ length: 20 }, () => asked())
    for (const it of spam) {
      book.applyRequest(it.request)
      book.applyDecision(testDecision(it, { kind: 'denied', reasonCode: 'paused', reviewers: [] }))
    }
    expect(stateIn(book, decided)).toBe('approved')
    expect(book.ended().map(({ approvalId }) => approvalId)).toEqual([
      ...spam
        .slice(-3)
        .map(({ approvalId }) => approvalId)
        .reverse(),
      decided.approvalId,
    ])
  })

  it('is bounded: the oldest go, with their codes', () => {
    const { book } = bookWith({ open: 3, ended: 2, early: 2 })
    const all = Array.from({ length: 8 }, () => asked())
    for (const { request } of all) book.applyRequest(request)
    expect(book.open().map(({ approvalId }) => approvalId)).toEqual(all.slice(5).map(({ approvalId }) => approvalId))
    expect(book.findByCode(all[0]?.code ?? '')).toBeNull()
    for (const it of all.slice(5)) book.applyDecision(testDecision(it, { kind: 'denied' }))
    expect(book.openCount).toBe(0)
    expect(book.ended().map(({ approvalId }) => approvalId)).toEqual([all[7]?.approvalId, all[6]?.approvalId])
    expect(book.findByCode(all[5]?.code ?? '')).toBeNull()

    const late = Array.from({ length: 3 }, () => asked())
    for (const it of late) book.applyDecision(testDecision(it, { kind: 'denied' }))
    for (const { request } of late) book.applyRequest(request)
    expect(late.map((it) => stateIn(book, it))).toEqual(['open', 'denied', 'denied'])
  })
})

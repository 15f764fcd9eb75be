import { shownDigest } from '@sluice/policy'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, problem, startTestConsole, type TestConsole } from '../console.fixture.ts'
import { createTestWorld, type TestWorld, until } from '../control-world.fixture.ts'
import { UNKNOWN_CODES_AT_ONCE } from './approvals-routes.ts'
import { digestOf, reviewing } from './reviewing.fixture.ts'
import { VOTES_AT_ONCE } from './vote-desk.ts'

let world: TestWorld
let server: TestConsole

beforeAll(async () => {
  world = await createTestWorld()
  server = await startTestConsole({ world })
})
afterEach(() => {
  world.answering = () => null
})
afterAll(async () => {
  await server.stop()
  await world.stop()
})

const { token, owner, counted, asked, vote } = reviewing(() => server)

describe('a vote', () => {
  it('goes to the approver with the token of the very request, sealed to it, and its answer comes back', async () => {
    const it = await asked()
    const as = owner()
    world.answering = () => ({ kind: 'approved', reviewers: [counted('owner')] })
    const answer = await vote(it, { reason: 'ticket 4711' }, as)
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ result: 'approved', approval: { code: it.code, state: 'approved' } })
    const sent = world.reviews.at(-1)
    expect(sent?.token).toBe(as)
    expect(sent?.review).toMatchObject({ approvalId: it.approvalId, vote: 'approve', reason: 'ticket 4711' })
    expect(sent?.review.shownDigest).toEqual(shownDigest(it.approvalId, it.requested))
    expect((await server.ask('/metrics')).text).toMatch(/sluice_console_votes_total\{result="approved"\} \d/)
  })

  it('may be one of several, or a denial', async () => {
    const it = await asked({ approvalRules: ['two'] })
    world.answering = () => ({ kind: 'vote_counted', reasonCode: 'approve', reviewers: [counted('owner')] })
    expect((await vote(it)).json).toMatchObject({ result: 'counted', approval: { state: 'open', votes: [{}] } })
    world.answering = () => ({ kind: 'denied', reasonCode: 'denied', reason: 'not today', reviewers: [counted('ben')] })
    expect((await vote(it, { vote: 'deny', reason: 'not today' }, token('ben', ['data-owners']))).json).toMatchObject({
      result: 'denied',
      approval: { state: 'denied', endedReason: 'not today' },
    })
    world.answering = () => ({ kind: 'approved' })
    const { length } = world.reviews
    expect(problem(await vote(it))).toEqual([409, 'ended'])
    expect(world.reviews).toHaveLength(length)
  })

  it.each([
    ['requester', 403],
    ['not_human', 403],
    ['not_in_group', 403],
    ['stale_login', 403],
    ['token_invalid', 403],
    ['already_voted', 409],
    ['shown_differs', 409],
    ['ended', 409],
    ['unknown_request', 409],
    ['too_many_votes', 409],
    ['reason_required', 422],
    ['something_new', 409],
  ])('that the approver refuses as %s is answered with %i and its sentence', async (reasonCode, status) => {
    const it = await asked()
    world.answering = () => ({ kind: 'vote_refused', reasonCode, reason: `a sentence about ${reasonCode}.` })
    const answer = await vote(it, {}, token(`voter-${reasonCode}`, ['agents'], 'agent'))
    expect(problem(answer)).toEqual([status, reasonCode === 'something_new' ? 'vote_refused' : reasonCode])
    expect(answer.json).toMatchObject({ detail: `a sentence about ${reasonCode}.` })
  })

  it('is not answered by what is about another vote', async () => {
    const it = await asked()
    const other = await asked()
    world.answering = ({ reviewId }) => {
      void world.decide(other, { kind: 'approved', reviewId })
      return { kind: 'vote_refused', reasonCode: 'not_in_group', reason: 'the right answer to it.' }
    }
    expect(problem(await vote(it))).toEqual([403, 'not_in_group'])
  })

  it('that the approver does not answer is recorded, and said to be', async () => {
    const silent = await startTestConsole({ voteAnswerMs: 50 })
    const it = await silent.world.ask()
    await until(
      () => silent.plane.approvals.book.findByCode(it.code),
      (entry) => entry !== null,
    )
    const answer = await silent.ask(`/v1/approvals/${it.code}/votes`, {
      token: silent.issuer.token({ sub: 'owner', sluice_kind: 'human', groups: ['data-owners'] }),
      body: JSON.stringify({ vote: 'deny', shownDigest: digestOf(it) }),
    })
    expect(problem(answer)).toEqual([503, 'approver_silent'])
    expect(answer.json).toMatchObject({ detail: expect.stringContaining('the vote is recorded') })
    await until(
      () => silent.world.reviews.length,
      (count) => count === 1,
    )
    await silent.stop()
  })

  it.each<[string, object]>([
    ['an unknown kind', { vote: 'maybe' }],
    ['a digest that is none', { shownDigest: 'abc' }],
    ['a reason of two lines', { reason: 'a\nb' }],
    ['a reason that turns the line around', { reason: 'ok\u202edab' }],
    ['an endless reason', { reason: 'x'.repeat(501) }],
    ['more than belongs there', { token: 'x' }],
  ])('is refused with %s', async (_, body) => {
    expect(problem(await vote(await asked(), body))).toEqual([400, 'body_invalid'])
  })

  it('of one person is limited, as are codes that are wrong', async () => {
    const stoppedMs = Date.now()
    const limited = await startTestConsole({ nowMs: () => stoppedMs })
    const as = limited.issuer.token({ sub: 'owner', sluice_kind: 'human', groups: ['data-owners'] })
    const send = (code: string, by = as): Promise<Answer> =>
      limited.ask(`/v1/approvals/${code}/votes`, {
        token: by,
        body: JSON.stringify({ vote: 'approve', shownDigest: 'A'.repeat(43) }),
      })
    const it = await limited.world.ask()
    await until(
      () => limited.plane.approvals.book.findByCode(it.code),
      (entry) => entry !== null,
    )
    await limited.world.decide(it, { kind: 'denied' })
    await until(
      () => limited.plane.approvals.book.open().length,
      (count) => count === 0,
    )
    const codes: unknown[] = []
    for (let i = 0; i <= VOTES_AT_ONCE; i++) codes.push(problem(await send(it.code)))
    expect(codes.slice(0, -1)).toEqual(Array.from({ length: VOTES_AT_ONCE }, () => [409, 'ended']))
    expect(codes.at(-1)).toEqual([429, 'votes_too_fast'])
    const other = limited.issuer.token({ sub: 'other', sluice_kind: 'human', groups: ['data-owners'] })
    for (let i = 0; i < UNKNOWN_CODES_AT_ONCE; i++) {
      expect(problem(await send('00000000', other))).toEqual([404, 'approval_unknown'])
    }
    expect(problem(await send(it.code, other))).toEqual([429, 'too_many_codes'])
    expect(problem(await limited.ask(`/v1/approvals/${it.code}`, { token: other }))).toEqual([429, 'too_many_codes'])
    await limited.stop()
  })
})

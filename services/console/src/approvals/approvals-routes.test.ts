import { request } from 'node:https'
import { nowMicros, TOPICS, uuidv7 } from '@sluice/events'
import { ControlWriter } from '@sluice/trust'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, problem, startTestConsole, type TestConsole } from '../console.fixture.ts'
import {
  type Asked,
  createTestWorld,
  type TestWorld,
  testDecision,
  testRequest,
  testSaying,
  until,
} from '../control-world.fixture.ts'
import type { ApprovalView } from './approval-view.ts'
import { reviewing } from './reviewing.fixture.ts'

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

const get = (path: string, as = owner()): Promise<Answer> => server.ask(`/v1/approvals${path}`, { token: as })
const view = async (code: string): Promise<ApprovalView> => (await get(`/${code}`)).json as ApprovalView
const list = async (query = '', as = owner()): Promise<{ revision: number; approvals: ApprovalView[] }> =>
  (await get(query, as)).json as { revision: number; approvals: ApprovalView[] }

const incidents = async (code: string): Promise<number> => {
  const { text } = await server.ask('/metrics')
  return Number(new RegExp(`sluice_console_incidents_total\\{code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

describe('held commands', () => {
  it('are listed with all that a reviewer is shown, and nothing of the digest', async () => {
    const it = await asked()
    const { approvals } = await list()
    const { commandDigest: _, expiresAt, ...requested } = it.requested
    expect(approvals.find(({ code }) => code === it.code)).toEqual({
      approvalId: it.approvalId,
      code: it.code,
      state: 'open',
      askedAt: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
      nodeId: 'node-1',
      requested: { ...requested, expiresAt: expect.stringMatching(/\.\d{6}Z$/) },
      votes: [],
      waitingFor: '1 of group data-owners',
      endedAt: null,
      endedReason: null,
      executed: null,
      mayReview: true,
      revision: expect.any(Number),
    })
    const shown = approvals.find(({ code }) => code === it.code)?.requested.expiresAt ?? ''
    const [seconds = '', fraction = ''] = shown.slice(0, -1).split('.')
    expect(Date.parse(`${seconds}Z`) * 1000 + Number(fraction)).toBe(expiresAt)
  })

  it('are found by the whole code as people type it, never by a part', async () => {
    const it = await asked()
    const dashed = `${it.code.slice(0, 4)}-${it.code.slice(4)}`
    for (const typed of [it.code, dashed, dashed.toLowerCase()]) {
      expect((await view(typed)).approvalId).toBe(it.approvalId)
    }
    for (const typed of [it.code.slice(0, 7), it.code.slice(0, 4), it.approvalId, `${it.code}0`, '00000000']) {
      expect(problem(await get(`/${typed}`, token('typist', ['data-owners'])))).toEqual([404, 'approval_unknown'])
    }
  })

  it('are for reviewers, admins and analysts; who asked is told so', async () => {
    const subject = { issuer: server.issuer.origin, id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null }
    const it = await asked({ subject: subject as Asked['requested']['subject'] })
    for (const group of ['data-owners', 'admins', 'analysts']) {
      expect((await get('', token('ana', ['x', group]))).status).toBe(200)
    }
    const agent = token('agent', ['agents', 'admins'], 'agent')
    expect(problem(await get('', agent))).toEqual([403, 'people_only'])
    expect(problem(await get('', token('svc', ['data-owners'], 'service')))).toEqual([403, 'people_only'])
    expect(problem(await get('', token('eve', ['interns'])))).toEqual([403, 'group_required'])
    expect(problem(await get(`/${it.code}`, token('eve', ['interns'])))).toEqual([403, 'group_required'])
    const own = await get(`/${it.code}`, agent)
    expect(problem(own)).toEqual([403, 'requester'])
    expect(own.json).toMatchObject({ detail: 'you asked for this yourself, so someone else must review it.' })
  })

  it('of other connections than those of the demo are not for its logins', async () => {
    const demo = await asked({ connection: 'shop' })
    const prod = await asked({ connection: 'prod' })
    const guest = server.demoIssuer.token({ sub: 'guest', sluice_kind: 'human', groups: ['data-owners'] })
    const codes = (await list('?limit=500', guest)).approvals.map(({ code }) => code)
    expect(codes).toContain(demo.code)
    expect(codes).not.toContain(prod.code)
    expect(problem(await get(`/${prod.code}`, guest))).toEqual([404, 'approval_unknown'])
    expect(problem(await vote(prod, {}, guest))).toEqual([404, 'approval_unknown'])
    expect((await list('?limit=500')).approvals.map(({ code }) => code)).toContain(prod.code)
  })

  it('are followed until they ran', async () => {
    const it = await asked({ approvalRules: ['two'] })
    await world.decide(it, { kind: 'vote_counted', reviewers: [counted('ana')], reasonCode: 'approve' })
    const first = await until(
      () => view(it.code),
      ({ votes }) => votes.length === 1,
    )
    expect(first).toMatchObject({
      state: 'open',
      votes: [{ person: 'ana', vote: 'approve', reason: 'ticket 4711' }],
      waitingFor: '1 of group data-owners',
    })
    await world.decide(it, { kind: 'approved', reviewers: [counted('ana'), counted('ben')] })
    await until(
      () => view(it.code),
      ({ state }) => state === 'approved',
    )
    const executed = { status: 'ok', code: null, rows: 1, durationMicros: 1_500 }
    await world.say(it.approvalId, { kind: 'executed', executed })
    const last = await until(
      () => view(it.code),
      ({ state }) => state === 'executed',
    )
    expect(last).toMatchObject({ executed, waitingFor: null, mayReview: false, votes: [{}, {}] })
    expect((await list('?state=ended')).approvals.map(({ code }) => code)).toContain(it.code)
    expect((await list('?state=open')).approvals.map(({ code }) => code)).not.toContain(it.code)
    expect((await list('?state=all&limit=1')).approvals).toHaveLength(1)
  })

  it('with unknown policies are shown, without saying who is needed', async () => {
    const it = await asked({ policyVersion: 'ffffffffffff' })
    expect(await view(it.code)).toMatchObject({ state: 'open', waitingFor: null, mayReview: false })
  })

  it.each(['?limit=0', '?limit=501', '?state=no', '?waitMs=-1', '?since=x', '?other=1', '/K7QM2XPD?state=open'])(
    'are not listed by a parameter that is wrong: %s',
    async (query) => {
      expect(problem(await get(query))).toEqual([400, 'parameter_invalid'])
    },
  )
})

describe('news', () => {
  it('wake who waits for them, and say so by a new revision', async () => {
    const { revision } = await list()
    const waiting = list(`?since=${revision}&waitMs=5000&limit=500`)
    await until(
      () => server.plane.approvals.bell.waiting,
      (count) => count === 1,
    )
    const it = await asked()
    const news = await waiting
    expect(news.revision).toBeGreaterThan(revision)
    expect(news.approvals.map(({ code }) => code)).toContain(it.code)

    const before = await view(it.code)
    const one = get(`/${it.code}?since=${before.revision}&waitMs=5000`)
    await until(
      () => server.plane.approvals.bell.waiting,
      (count) => count === 1,
    )
    await asked()
    expect(server.plane.approvals.bell.waiting).toBe(1)
    await world.decide(it, { kind: 'denied', reason: 'no' })
    expect((await one).json).toMatchObject({ state: 'denied', endedReason: 'no' })
  })

  it('that never come end the wait, as does a client that goes away', async () => {
    const { revision } = await list()
    expect((await list(`?since=${revision}&waitMs=20`)).revision).toBe(revision)
    expect((await list(`?since=${revision - 1}&waitMs=5000`)).revision).toBe(revision)
    const call = request(`https://${server.address}/v1/approvals?since=${revision}&waitMs=5000`, {
      ca: server.authority.certificate,
      servername: 'localhost',
      agent: false,
      headers: { authorization: `Bearer ${owner()}` },
    })
    call.on('error', () => {})
    call.end()
    await until(
      () => server.plane.approvals.bell.waiting,
      (count) => count === 1,
    )
    call.destroy()
    await until(
      () => server.plane.approvals.bell.waiting,
      (count) => count === 0,
      2_000,
    )
  })
})

describe('records of others', () => {
  it('change nothing and are incidents: the wrong role, no certificate, another node', async () => {
    const it = await asked()
    const forge = async (role: 'node' | 'console'): Promise<ControlWriter<typeof TOPICS.decisions>> =>
      ControlWriter.open({ ...world, topic: TOPICS.decisions, key: world.signing[role], nowMicros, partition: 1 })
    const before = { role: await incidents('wrong_role'), node: await incidents('request_mismatch') }
    const wrong = await forge('node')
    await wrong.publish(it.approvalId, testDecision(it, { kind: 'approved' }))
    await until(
      () => incidents('wrong_role'),
      (count) => count === before.role + 1,
    )
    await wrong.close()

    const stranger = await world.certify('node', 'node-2')
    const requests = await ControlWriter.open({
      ...world,
      topic: TOPICS.approvalRequests,
      key: stranger,
      nowMicros,
      partition: 1,
    })
    // It asks in the name of another node.
    const foreignId = uuidv7()
    const foreign = testRequest()
    await requests.publish(foreignId, testSaying(foreignId, { kind: 'requested', requested: foreign }))
    await until(
      () => incidents('request_mismatch'),
      (count) => count === before.node + 1,
    )
    // It is of the node that it names, but stands under another key.
    const misplaced = testRequest()
    const asking = testSaying(uuidv7(), { kind: 'requested', requested: misplaced, nodeId: 'node-2' })
    await requests.publish('another-key', asking)
    await until(
      () => incidents('request_mismatch'),
      (count) => count === before.node + 2,
    )
    await requests.close()
    const { book } = server.plane.approvals
    expect([book.findByCode(foreign.code), book.findByCode(misplaced.code)]).toEqual([null, null])
    expect((await view(it.code)).state).toBe('open')

    await world.decide(it, { kind: 'approved', commandDigest: Buffer.alloc(32) })
    await until(
      () => incidents('decision_mismatch'),
      (count) => count === 1,
    )
    await world.decide({ ...it, approvalId: uuidv7() }, { kind: 'approved', approvalId: it.approvalId })
    await until(
      () => incidents('decision_mismatch'),
      (count) => count === 2,
    )
    expect((await view(it.code)).state).toBe('open')
  })
})

describe('a console that is started again', () => {
  it('knows the same as before', async () => {
    const it = await asked()
    await world.decide(it, { kind: 'expired', reason: 'nobody decided in time' })
    await until(
      () => view(it.code),
      ({ state }) => state === 'expired',
    )
    const plain = ({ approvals }: { approvals: ApprovalView[] }) =>
      approvals.map((approval) => ({ ...approval, revision: 0 })).sort((a, b) => (a.code < b.code ? -1 : 1))
    const before = await list('?state=all&limit=500')
    await server.stop()
    server = await startTestConsole({ world })
    const after = await list('?state=all&limit=500')
    expect(plain(after)).toEqual(plain(before))
    expect(after.revision).not.toBe(before.revision)
  })
})

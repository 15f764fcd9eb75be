import { randomBytes } from 'node:crypto'
import { ScramClient, ScramServer } from '@sluice/identity'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { FAILURES_AT_ONCE } from './authenticate.ts'
import { type Ask, startTestConsole, type TestConsole } from './console.fixture.ts'
import type { SessionEventRow } from './index-queries/index.ts'

let server: TestConsole
let clockMs: number | null = null

beforeAll(async () => {
  server = await startTestConsole({ nowMs: () => clockMs ?? Date.now() })
})
afterEach(() => {
  server.asked.length = 0
})
afterAll(async () => server.stop())

const HUMAN = { sub: 'ana', sluice_kind: 'human', groups: ['analysts'] }
const agent = (claims: object = {}): string => server.issuer.token({ sub: 'agent', sluice_kind: 'agent', ...claims })
const analyst = (): string => server.issuer.token(HUMAN)
const ticketsPath = '/v1/tickets'

async function problemOf(path: string, ask: Ask): Promise<{ status: number; code: string }> {
  const answer = await server.ask(path, ask)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  const body = answer.json as { status: number; code: string; detail: string; type: string; title: string }
  expect(body.status).toBe(answer.status)
  expect(body.type).toBe(`urn:sluice:problem:${body.code}`)
  expect(body.detail.length).toBeGreaterThan(10)
  expect(body.title).not.toBe('')
  return { status: answer.status, code: body.code }
}

describe('a ticket', () => {
  it('is given to an agent, is in the log before that, and opens by its secret', async () => {
    const answer = await server.ask(ticketsPath, {
      token: agent(),
      body: '{"connection":"shop","task":"monthly report","ttlSeconds":60}',
    })
    expect(answer.status).toBe(201)
    const issued = answer.json as Record<string, string>
    expect(issued).toEqual({
      ticketId: expect.stringMatching(/^[a-z2-9]{8}$/),
      secret: expect.stringMatching(/^slt_/),
      expiresAt: expect.stringMatching(/Z$/),
      user: `agent.${issued['ticketId']}`,
      connection: 'shop',
      task: 'monthly report',
    })
    const ticket = (await server.tickets()).find(({ ticketId }) => ticketId === issued['ticketId'])
    if (ticket === undefined) throw new Error('the ticket is not in the log')
    expect(ticket).toMatchObject({
      subject: { issuer: server.issuer.origin, id: 'agent', kind: 'agent', groups: [], onBehalfOf: null },
      connection: 'shop',
      task: 'monthly report',
    })
    expect(ticket.expiresAt - ticket.issuedAt).toBe(60_000_000)
    const password = issued['secret'] ?? ''
    const client = new ScramClient({
      password,
      clientNonce: randomBytes(18),
      channelBinding: null,
      offered: ['SCRAM-SHA-256'],
    })
    const scram = new ScramServer({
      verifier: ticket.scram,
      serverNonce: randomBytes(18),
      channelBinding: null,
      mechanism: 'SCRAM-SHA-256',
    })
    expect(scram.final(client.final(scram.first(client.first()))).ok).toBe(true)
  })

  it('needs no body, and lives a quarter of an hour then', async () => {
    const answer = await server.ask(ticketsPath, { method: 'POST', token: agent() })
    const { expiresAt, connection, task } = answer.json as Record<string, string>
    expect({ status: answer.status, connection, task }).toEqual({ status: 201, connection: null, task: null })
    expect(Date.parse(expiresAt ?? '') - Date.now()).toBeGreaterThan(890_000)
  })

  it('of the demo opens demo connections only', async () => {
    const token = server.demoIssuer.token({ sub: 'agent' })
    expect((await server.ask(ticketsPath, { token, body: '{"connection":"shop"}' })).status).toBe(201)
    expect(await problemOf(ticketsPath, { token, body: '{"connection":"prod"}' })).toEqual({
      status: 403,
      code: 'connection_not_demo',
    })
    expect((await server.ask(ticketsPath, { token: agent(), body: '{"connection":"prod"}' })).status).toBe(201)
  })

  it.each<[string, string, number, string]>([
    ['of no connection', '{"connection":"nope"}', 404, 'connection_unknown'],
    ['of a connection that only objects have', '{"connection":"constructor"}', 404, 'connection_unknown'],
    ['for too long', '{"ttlSeconds":3601}', 400, 'body_invalid'],
    ['for no time', '{"ttlSeconds":0}', 400, 'body_invalid'],
    ['for someone else', '{"subject":"ana"}', 400, 'body_invalid'],
    ['with a task of two lines', '{"task":"a\\nb"}', 400, 'body_invalid'],
    ['with a task that has a number of somebody in it', '{"task":"refund for 078-05-1120"}', 400, 'body_invalid'],
    ['with a task that has an address in it', '{"task":"mail to ada@example.com"}', 400, 'body_invalid'],
    ['with a task of markup', '{"task":"<script>"}', 400, 'body_invalid'],
    ['from a list', '[]', 400, 'body_invalid'],
    ['from no JSON', '{', 400, 'body_invalid'],
  ])('is refused: %s', async (_, body, status, code) => {
    expect(await problemOf(ticketsPath, { token: agent(), body })).toEqual({ status, code })
  })

  it('is not made of a form, nor by GET', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await problemOf(ticketsPath, { token: agent(), body: 'a=b', headers })).toEqual({
      status: 415,
      code: 'media_type',
    })
    const answer = await server.ask(ticketsPath, { token: agent() })
    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({ status: 405, allow: 'POST' })
  })

  it('is refused with a body over the bound, of known length or not', async () => {
    const body = JSON.stringify({ task: 'x'.repeat(70_000) })
    expect(await problemOf(ticketsPath, { token: agent(), body })).toEqual({ status: 413, code: 'body_too_large' })
    const headers = { 'transfer-encoding': 'chunked' }
    expect(await problemOf(ticketsPath, { token: agent(), body, headers })).toEqual({
      status: 413,
      code: 'body_too_large',
    })
  })
})

describe('questions', () => {
  it('go to the index with what was asked', async () => {
    clockMs = 1_760_000_000_000
    const token = server.issuer.token({ ...HUMAN, exp: 4_000_000_000 })
    const status = async (path: string, ask: Ask = {}): Promise<number> =>
      (await server.ask(path, { token, ...ask })).status
    try {
      expect(await status('/v1/sessions')).toBe(200)
      expect(await status('/v1/sessions?limit=5&since=1d&before=2026-03-01T12:00:00Z')).toBe(200)
      expect(await status('/v1/sessions/0198AB?limit=7&events=1')).toBe(404)
      expect(await status('/v1/sessions/0198AB/events?limit=7&after=12')).toBe(200)
      expect(await status('/v1/access?object=customers&since=2h')).toBe(200)
      expect(await status('/v1/sql', { body: '{"query":"select 1"}' })).toBe(200)
    } finally {
      clockMs = null
    }
    expect(server.asked).toEqual([
      [{ limit: 100 }],
      [{ limit: 5, since: 1_759_913_600_000_000, before: 1_772_366_400_000_000 }],
      ['0198ab', { limit: 7, after: 12 }],
      [{ object: 'customers', limit: 100, sinceMicros: 1_759_992_800_000_000 }],
      ['select 1'],
    ])
  })

  it('are answered in an envelope', async () => {
    const answer = async (path: string, ask: Ask = {}): Promise<unknown> =>
      (await server.ask(path, { token: analyst(), ...ask })).json
    expect(await answer('/v1/sessions')).toEqual({ sessions: [] })
    expect(await answer('/v1/sessions/abcd/events')).toEqual({ events: [], next: null })
    expect(await answer('/v1/access?object=a')).toEqual({ access: [] })
    expect(await answer('/v1/sql', { body: '{"query":"select 1"}' })).toEqual({
      columns: [{ name: '1', type: 'UInt8' }],
      rows: [[1]],
      truncated: false,
    })
  })

  it('for events go on where a page was full', async () => {
    const { sessionEvents } = server.questions
    server.questions.sessionEvents = async (_session, { after = -1, limit }) =>
      [0, 1, 2]
        .filter((sequence) => sequence > after)
        .slice(0, limit)
        .map((sequence) => ({ sequence }) as SessionEventRow)
    const ask = async (query: string): Promise<unknown> =>
      (await server.ask(`/v1/sessions/abcd/events?${query}`, { token: analyst() })).json
    expect(await ask('limit=2')).toEqual({ events: [{ sequence: 0 }, { sequence: 1 }], next: 1 })
    expect(await ask('limit=2&after=1')).toEqual({ events: [{ sequence: 2 }], next: null })
    server.questions.sessionEvents = async (_session, { limit, results = false }) =>
      Array.from({ length: results ? limit : 0 }, (_, sequence) => ({ sequence }) as SessionEventRow)
    // Fewer of those with results, and more on the next page.
    expect(await ask('limit=1000&results=true')).toMatchObject({ events: { length: 200 }, next: 199 })
    expect(await ask('limit=1000&results=maybe')).toMatchObject({ code: 'parameter_invalid' })
    server.questions.sessionEvents = sessionEvents
  })

  it.each([
    ['/v1/sessions'],
    ['/v1/sessions/abcd/events'],
    ['/v1/access?object=customers'],
    ['/v1/sql', '{"query":"select 1"}'],
  ])('are not for agents nor for people of other groups: %s', async (path, body?: string) => {
    const ask = (token: string): Ask => ({ token, ...(body === undefined ? {} : { body }) })
    expect(await problemOf(path, ask(agent({ groups: ['admins'] })))).toEqual({
      status: 403,
      code: 'agents_may_not_ask',
    })
    const other = server.issuer.token({ ...HUMAN, groups: ['interns'] })
    expect(await problemOf(path, ask(other))).toEqual({ status: 403, code: 'group_required' })
    for (const group of ['admins', 'data-owners', 'analysts']) {
      const token = server.issuer.token({ ...HUMAN, groups: ['x', group] })
      expect((await server.ask(path, ask(token))).status).toBe(200)
    }
  })

  it.each([
    '/v1/sessions?limit=0',
    '/v1/sessions?limit=1001',
    '/v1/sessions?limit=x',
    '/v1/sessions?limit=1&limit=2',
    '/v1/sessions?since=yesterday',
    '/v1/sessions?unknown=1',
    '/v1/sessions/xyz/events',
    '/v1/sessions/0198/events?after=-2',
    "/v1/sessions/0198'/events",
    '/v1/sessions/%00%00%00%00/events',
    '/v1/access',
    '/v1/access?object=',
    '/v1/access?object=a&since=2026-99-99',
  ])('that are not valid are told so: %s', async (path) => {
    expect(await problemOf(path, { token: analyst() })).toEqual({ status: 400, code: 'parameter_invalid' })
    expect(server.asked).toEqual([])
  })

  it('that fail here say nothing of why', async () => {
    const { listSessions } = server.questions
    server.questions.listSessions = async () => {
      throw new Error('secret detail')
    }
    const answer = await server.ask('/v1/sessions', { token: analyst() })
    server.questions.listSessions = listSessions
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('secret detail')
    expect(answer.json).toMatchObject({
      code: 'internal',
      instance: `urn:uuid:${String(answer.headers['x-request-id'])}`,
    })
  })
})

describe('a token', () => {
  it.each<[string, () => string | undefined, string]>([
    ['is missing', () => undefined, 'token_missing'],
    ['is for another door', () => agent({ aud: 'sluice:proxy' }), 'token_audience'],
    ['has expired', () => agent({ exp: 1_000_000_000 }), 'token_expired'],
    ['is from elsewhere', () => agent({ iss: 'https://elsewhere.test' }), 'token_issuer'],
    ['was cut off', () => agent().slice(0, -20), 'token_cut_off'],
    ['is none', () => 'secret', 'token_malformed'],
  ])('that %s is refused with 401', async (_, token, code) => {
    for (const path of ['/v1/sessions', '/v1/tickets', '/v1/nothing']) {
      const answer = await server.ask(path, { token: token() })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="sluice"/)
      expect(answer.json).toMatchObject({ code })
    }
  })

  it('that fails again and again slows its address down, but not those whose token is known', async () => {
    const stoppedMs = Date.now()
    const limited = await startTestConsole({ nowMs: () => stoppedMs })
    const good = limited.issuer.token(HUMAN)
    expect((await limited.ask('/v1/sessions', { token: good })).status).toBe(200)
    const answers = new Set<number>()
    for (let i = 0; i < FAILURES_AT_ONCE + 5; i++)
      answers.add((await limited.ask('/v1/sessions', { token: 'secret' })).status)
    expect([...answers]).toEqual([401, 429])
    const refused = await limited.ask('/v1/sessions', { token: limited.issuer.token({ ...HUMAN, jti: 'new' }) })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await limited.ask('/v1/sessions', { token: good })).status).toBe(200)
    expect((await limited.ask('/metrics')).text).toContain(
      'sluice_console_authentication_failures_total{code="token_malformed"} 20',
    )
    await limited.stop()
  })
})

describe('everything', () => {
  it('is told apart: what is open, what is not there', async () => {
    expect((await server.ask('/healthz')).status).toBe(200)
    expect((await server.ask('/readyz')).json).toEqual({ ready: true })
    expect((await server.ask('/metrics')).text).toContain('sluice_console_requests_total')
    expect(await problemOf('/', {})).toEqual({ status: 404, code: 'route_unknown' })
    expect(await problemOf('/healthz', { method: 'DELETE' })).toEqual({ status: 405, code: 'method_not_allowed' })
    expect(await problemOf('/v1/nothing', { token: agent() })).toEqual({ status: 404, code: 'route_unknown' })
  })

  it('carries headers that forbid caching, embedding and guessing', async () => {
    for (const path of ['/healthz', '/v1/sessions', '/nothing']) {
      expect((await server.ask(path)).headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.any(String),
      })
    }
  })

  it.each(['evil.test', 'evil.test:443', '127.0.0.2', 'localhost.evil.test', '127.0.0.1:x', '[::1]', '0x7f.1'])(
    'is refused under another name: %s',
    async (host) => {
      for (const path of ['/healthz', '/v1/sessions']) {
        const answer = await server.ask(path, { token: analyst(), headers: { host } })
        expect([400, 421]).toContain(answer.status)
      }
    },
  )

  it('is answered under the names of the certificate', async () => {
    for (const host of ['localhost', 'LOCALHOST:15443', '127.0.0.1']) {
      expect((await server.ask('/healthz', { headers: { host } })).status).toBe(200)
    }
  })

  it('fails closed where the log is broken: no ticket, and no word of its secret', async () => {
    const broken = await startTestConsole()
    await broken.breakLog()
    const answer = await broken.ask(ticketsPath, { method: 'POST', token: broken.issuer.token({}) })
    expect(answer.status).toBe(503)
    expect(answer.json).toMatchObject({ code: 'ticket_log_unavailable' })
    expect(answer.text).not.toContain('slt_')
    await broken.stop()
  })
})

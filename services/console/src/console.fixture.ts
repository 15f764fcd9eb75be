// A console on a free port for the tests: real HTTPS, a real issuer of keys, the real log; only the index is played.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { controlCodec, nowMicros, type Ticket, TOPICS } from '@sluice/events'
import { type Authority, createAuthority, issueServerCertificate, TokenVerifier } from '@sluice/identity'
import { createLogger, Registry } from '@sluice/service'
import { ControlWriter } from '@sluice/trust'
import { createApp } from './app.ts'
import { Authenticator } from './authenticate.ts'
import { consoleMetrics } from './console-metrics.ts'
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from './control-plane.ts'
import { createTestWorld, type TestWorld } from './control-world.fixture.ts'
import { hostCheck } from './host-check.ts'
import { startHttpsServer } from './https-server.ts'
import type { Questions } from './questions.ts'
import { TicketOffice } from './ticket-office.ts'

export type TestIssuer = {
  readonly origin: string
  token(claims: Readonly<Record<string, unknown>>): string
  stop(): Promise<void>
}

export async function startIssuer(authority: Authority): Promise<TestIssuer> {
  const { certificate, key } = await issueServerCertificate(authority, { names: [], ips: ['127.0.0.1'] })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = JSON.stringify({
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }],
  })
  const server = createServer({ cert: certificate, key }, (_request, response) => response.end(jwks))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    token: (claims) => signedToken(privateKey, { iss: origin, ...claims }),
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function signedToken(privateKey: KeyObject, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 600
  const signed = `${part({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })}.${part({ sub: 'agent', aud: 'sluice:console', exp, ...claims })}`
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}
export type Ask = {
  readonly method?: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export type TestConsole = {
  readonly address: string
  readonly authority: Authority
  readonly issuer: TestIssuer
  readonly demoIssuer: TestIssuer
  readonly questions: { -readonly [K in keyof Questions]: Questions[K] }
  readonly asked: unknown[][]
  readonly world: TestWorld
  readonly plane: ControlPlane
  ask(path: string, ask?: Ask): Promise<Answer>
  tickets(): Promise<Ticket[]>
  breakLog(): Promise<void>
  drain(deadlineMs: number): Promise<void>
  stop(): Promise<void>
}

export type TestConsoleOptions = {
  readonly answerMs?: number
  readonly requestMs?: number
  readonly nowMs?: () => number
  /** Of an earlier console: this one begins where that one ended. */
  readonly world?: TestWorld
  readonly config?: Partial<ControlPlaneOptions['config']>
  readonly maxWaitMs?: number
  readonly voteAnswerMs?: number
}

export async function startTestConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const world = options.world ?? (await createTestWorld())
  const { log, registry } = world
  const authority = await createAuthority('console test authority')
  const [issuer, demoIssuer, tls] = await Promise.all([
    startIssuer(authority),
    startIssuer(authority),
    issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] }),
  ])
  const codec = await controlCodec(registry, TOPICS.tickets)
  const key = world.signing.console
  const writer = await ControlWriter.open({ log, registry, topic: TOPICS.tickets, key, nowMicros, everyKeyOnce: true })
  const metrics = consoleMetrics(new Registry())
  const nowMs = options.nowMs ?? Date.now
  const logger = createLogger('console-test', { level: 'fatal' })
  const stopping = new AbortController()
  const plane = await openControlPlane({
    config: { ...world.config, ...options.config },
    eventLog: log,
    registry,
    metrics,
    log: logger,
    nowMs,
    stopping: stopping.signal,
    maxWaitMs: options.maxWaitMs ?? 5_000,
    voteAnswerMs: options.voteAnswerMs ?? 5_000,
  })
  const trusted = (origin: string, demo: boolean) => ({
    issuer: origin,
    jwksUri: `${origin}/jwks`,
    authority: authority.certificate,
    algorithms: ['ES256'],
    type: 'at+jwt',
    subjectClaim: 'sub',
    kindClaim: 'sluice_kind',
    groupsClaim: 'groups',
    demo,
  })
  const asked: unknown[][] = []
  const noted = <T>(all: unknown[], answer: T): T => {
    asked.push(all)
    return answer
  }
  const questions: TestConsole['questions'] = {
    listSessions: async (...all) => noted(all, []),
    sessionEvents: async (...all) => noted(all, []),
    accessTo: async (...all) => noted(all, []),
    runAnalystSql: async (...all) =>
      noted(all, { columns: [{ name: '1', type: 'UInt8' }], rows: [[1]], truncated: false }),
  }
  const app = createApp({
    authenticator: new Authenticator({
      verifier: new TokenVerifier([trusted(issuer.origin, false), trusted(demoIssuer.origin, true)]),
      nowMs,
      onFailure: (code) => metrics.authenticationFailures.inc({ code }),
    }),
    tickets: new TicketOffice({
      connections: { shop: { demo: true }, prod: { demo: false } },
      defaultTtlMs: 900_000,
      maxTtlMs: 3_600_000,
      writer,
      nowMs,
    }),
    questions: {
      listSessions: (o) => questions.listSessions(o),
      sessionEvents: (session, o) => questions.sessionEvents(session, o),
      accessTo: (o) => questions.accessTo(o),
      runAnalystSql: (query) => questions.runAnalystSql(query),
    },
    approvals: plane.approvals,
    policies: plane.policies,
    keys: plane.keys,
    findings: plane.findings,
    acceptsHost: hostCheck(tls.certificate),
    readiness: () => ({ ready: true }),
    metrics,
    log: logger,
    nowMs,
    maxBodyBytes: 65_536,
    answerMs: options.answerMs ?? 10_000,
  })
  const server = await startHttpsServer({
    host: '127.0.0.1',
    port: 0,
    certificate: tls.certificate,
    key: tls.key,
    requestMs: options.requestMs ?? 5_000,
    fetch: app.fetch,
  })
  return {
    address: server.address,
    authority,
    issuer,
    demoIssuer,
    questions,
    asked,
    world,
    plane,
    ask: (path, ask = {}) => send(`https://${server.address}${path}`, authority.certificate, ask),
    async tickets() {
      const consumer = await log.consumer({ group: null, topics: [TOPICS.tickets], from: 'earliest' })
      const records = await consumer.poll({ maxRecords: 1000, maxBytes: 1_000_000, maxWaitMs: 0 })
      await consumer.close()
      return records.map(({ value }) => codec.decode(value))
    },
    breakLog: () => writer.close(),
    drain: (deadlineMs) => server.drain(deadlineMs),
    async stop() {
      stopping.abort()
      await server.drain(0)
      await Promise.all([writer.close(), plane.close(), issuer.stop(), demoIssuer.stop()])
      if (options.world === undefined) await world.stop()
    },
  }
}

export async function send(url: string, ca: string, { method, token, headers, body }: Ask): Promise<Answer> {
  const call = request(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ca,
    agent: false,
    // The name to verify is that of the address, whatever the Host header says.
    servername: 'localhost',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  call.end(body)
  const [response] = await once(call, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const isJson = /json/.test(response.headers['content-type'] ?? '')
  return { status: response.statusCode, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
}

/** Status and code of an answer that says what went wrong. */
export const problem = ({ status, json }: Answer): unknown => [status, (json as { code: string }).code]

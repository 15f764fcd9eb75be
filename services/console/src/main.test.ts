import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  controlCodec,
  generateSealingKeyPair,
  generateSigningKey,
  importSigningKey,
  importVerifyingKey,
  isSignedBy,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  publicKeyPem,
  TOPICS,
} from '@sluice/events'
import { type Authority, createAuthority, issueServerCertificate } from '@sluice/identity'
import { EmbeddedLog } from '@sluice/stream'
import { issueCertificate, TrustedKeys } from '@sluice/trust'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { send, startIssuer, type TestIssuer } from './console.fixture.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const HUMAN = { sub: 'ana', sluice_kind: 'human', groups: ['analysts'] }

let dir: string
let authority: Authority
let issuer: TestIssuer
let child: ChildProcess | null = null
const root = importSigningKey(generateSigningKey())
const consolePem = generateSigningKey()
const consoleKey = importSigningKey(consolePem)

async function certificate(signer = root): Promise<string> {
  const time = nowMicros()
  const facts = { key: consoleKey, role: 'console', name: 'console', validFrom: time, validUntil: null } as const
  return (await issueCertificate(signer, facts, { version: 1, previous: null, time })).toString('base64')
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-console-main-'))
  authority = await createAuthority('console main test authority')
  issuer = await startIssuer(authority)
  const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  // A port of the index where nothing listens: the console works without it.
  const config = `
log: { dir: log }
tls: { certificate: server.pem, key: server.key, authority: ca.pem }
keys:
  { root: root.pub, certificates: certificates, node: n, console: console.pem, approver: a, approverPublic: approver.pub,
    approverPrivate: b, maskerPublic: p, maskerPrivate: q, maskerSigning: s }
listeners: { console: { port: 0 } }
health: { console: '127.0.0.1:0' }
identity: { issuers: [{ issuer: '${issuer.origin}', jwksUri: '${issuer.origin}/jwks', authority: ca.pem, algorithms: [ES256] }] }
clickhouse: { url: 'http://127.0.0.1:9', plaintextLoopback: true, password: 'file:password' }
connections:
  shop: { protocol: postgres, host: 127.0.0.1, database: shop, credentials: { user: gateway, password: 'file:password' } }
`
  const files = {
    'sluice.yaml': config,
    'server.pem': tls.certificate,
    'server.key': tls.key,
    'ca.pem': authority.certificate,
    password: 'secret',
    'root.pub': publicKeyPem(root.publicKey),
    'console.pem': consolePem,
    'approver.pub': (await generateSealingKeyPair()).publicKey,
    'certificates/console.cert': `${await certificate()}\n`,
  }
  await mkdir(join(dir, 'certificates'))
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text, { mode: 0o600 })))
})
afterEach(() => {
  child?.kill('SIGKILL')
  child = null
})
afterAll(async () => {
  await issuer.stop()
  await rm(dir, { recursive: true, force: true })
})

type Ready = { ready: boolean; code?: string; addresses: { console: string; health: string } }

async function start(): Promise<{ process: ChildProcess; ready: Ready }> {
  child = fork(MAIN, ['--config', join(dir, 'sluice.yaml')], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const [ready] = (await once(child, 'message')) as [Ready]
  return { process: child, ready }
}

describe('the console as a process', { timeout: 60_000 }, () => {
  it('gives tickets without an index, survives being killed, and drains on SIGTERM', async () => {
    const ask = (url: string, body?: string) =>
      send(url, authority.certificate, { token: issuer.token(HUMAN), ...(body === undefined ? {} : { body }) })

    const first = await start()
    expect(first.ready.ready).toBe(true)
    const { console: address, health } = first.ready.addresses
    const given = await ask(`${address}/v1/tickets`, '{"connection":"shop"}')
    expect(given.status).toBe(201)
    const unanswered = await ask(`${address}/v1/sessions`)
    expect(unanswered.json).toMatchObject({ status: 503, code: 'index_unavailable' })
    expect(await (await fetch(`${health}/readyz`)).json()).toEqual({ ready: true })
    expect(await (await fetch(`${health}/metrics`)).text()).toContain('sluice_console_tickets_issued_total 1')
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')

    const second = await start()
    expect((await ask(`${second.ready.addresses.console}/v1/tickets`, '{}')).status).toBe(201)
    second.process.kill('SIGTERM')
    const [exitCode] = await once(second.process, 'exit')
    expect(exitCode).toBe(0)

    const log = EmbeddedLog.open(join(dir, 'log'))
    const consumer = await log.consumer({ group: null, topics: [TOPICS.tickets], from: 'earliest' })
    const records = await consumer.poll({ maxRecords: 10, maxBytes: 100_000, maxWaitMs: 0 })
    const registry = LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE))
    const codec = await controlCodec(registry, TOPICS.tickets)
    const { ticketId } = given.json as { ticketId: string }
    expect(records.map(({ value }) => codec.decode(value).ticketId)).toEqual([ticketId, expect.any(String)])
    expect(records[0]?.key.toString()).toBe(ticketId)
    expect(JSON.parse(records[0]?.headers ?? '')).toMatchObject({
      ce_type: 'sluice.ticket.issued.v1',
      ce_subject: ticketId,
    })
    const signer = importVerifyingKey(consoleKey.publicKey)
    expect(records.map(({ key, value }) => isSignedBy(signer, TOPICS.tickets, key.toString(), value))).toEqual([
      true,
      true,
    ])
    await consumer.close()
    const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident: () => {} })
    expect(await keys.find(consoleKey.keyId, 'console', nowMicros())).not.toBeNull()
    await keys.close()
    const certified = await log.consumer({ group: null, topics: [TOPICS.keys], from: 'earliest' })
    expect(await certified.poll({ maxRecords: 10, maxBytes: 100_000, maxWaitMs: 0 })).toHaveLength(1)
    await certified.close()
    await log.close()
  })

  it('does not start with a certificate of another root', async () => {
    const other = await certificate(importSigningKey(generateSigningKey()))
    await writeFile(join(dir, 'certificates/other.cert'), other)
    const { ready } = await start()
    await rm(join(dir, 'certificates/other.cert'))
    expect(ready).toMatchObject({ ready: false, code: 'certificate_invalid' })
  })

  it('says what is wrong with a certificate that is none', async () => {
    const good = await readFile(join(dir, 'server.pem'))
    await writeFile(join(dir, 'server.pem'), 'nonsense')
    const { process, ready } = await start()
    await writeFile(join(dir, 'server.pem'), good)
    expect(ready).toMatchObject({ ready: false, code: 'tls_certificate' })
    if (process.exitCode === null) await once(process, 'exit')
    expect(process.exitCode).not.toBe(0)
  })
})

// The real processes, killed at any moment: nothing is lost, nothing is written twice, nothing stays behind.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isServiceMessage, type ReadyMessage } from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sessionOf } from './audit.fixture.ts'
import { AuditTopic } from './index.fixture.ts'
import { openIndexClient } from './index-client.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
const CLICKHOUSE_PORT_TAKEN = 69

let dir: string
let port: number
let log: EmbeddedLog
let topic: AuditTopic
const children: ChildProcess[] = []

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-indexer-main-'))
  port = await freePort()
  writeFileSync(join(dir, 'sluice.yaml'), configuration(port))
  log = EmbeddedLog.open(join(dir, 'log'))
  topic = await AuditTopic.open(log, join(dir, 'log'))
})

afterEach(async () => {
  for (const child of children.splice(0)) await killed(child)
  await log.close()
  rmSync(dir, { recursive: true, maxRetries: 10, retryDelay: 100 })
})

function configuration(clickhousePort: number): string {
  return `
health: { indexer: 127.0.0.1:0 }
tls: { certificate: a, key: a, authority: a }
keys:
  { root: a, certificates: a, node: a, console: a, approver: a, approverPublic: a, approverPrivate: a,
    maskerPublic: a, maskerPrivate: a, maskerSigning: a }
identity: { issuers: [{ issuer: https://127.0.0.1:1, jwksUri: https://127.0.0.1:1/jwks, algorithms: [ES256] }] }
clickhouse:
  url: http://127.0.0.1:${clickhousePort}
  password: file:index/password
  embedded: { path: index/data }
  plaintextLoopback: true
connections: {}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

function start(): ChildProcess {
  const child = fork(MAIN, ['--config', join(dir, 'sluice.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  children.push(child)
  return child
}

async function ready(child: ChildProcess): Promise<ReadyMessage> {
  const [message] = await once(child, 'message')
  if (!isServiceMessage(message) || !message.ready) throw new Error(`not ready: ${JSON.stringify(message)}`)
  return message
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The engine's process id, from the indexer's log. */
function enginePids(child: ChildProcess): number[] {
  const pids: number[] = []
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    for (const line of text.split('\n').slice(0, -1)) {
      const pid =
        line.startsWith('{') && line.includes('"engine_listening"') ? /"engine":(\d+)/.exec(line)?.[1] : undefined
      if (pid !== undefined) pids.push(Number(pid))
    }
    text = text.slice(text.lastIndexOf('\n') + 1)
  })
  return pids
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function gone(pid: number): Promise<void> {
  while (lives(pid)) await delay(20)
}

type Counts = {
  readonly events: number
  readonly commands: number
  readonly access: number
  readonly inSessions: number
}

/** What the index has when it has all events, and nothing twice; undefined while it is away. */
async function counted(): Promise<Counts | undefined> {
  const password = readFileSync(join(dir, 'index/password'), 'utf8').trim()
  const client = openIndexClient({ url: `http://127.0.0.1:${port}`, user: 'sluice', password, database: 'sluice' })
  try {
    const result = await client.query({
      query: `SELECT toUInt32((SELECT count() FROM events)) AS events, toUInt32((SELECT count() FROM commands)) AS commands,
        toUInt32((SELECT count() FROM access)) AS access, toUInt32((SELECT sum(commands) FROM sessions)) AS inSessions,
        toUInt32((SELECT uniqExact(event_id) FROM events)) AS unique`,
      format: 'JSONEachRow',
    })
    const [row] = await result.json<Counts & { unique: number }>()
    if (row === undefined) return undefined
    const { unique, ...counts } = row
    expect(unique).toBe(counts.events)
    return counts
  } catch (error) {
    if (error instanceof Error && error.name === 'AssertionError') throw error
    return undefined
  } finally {
    await client.close()
  }
}

async function indexed(events: number): Promise<Counts> {
  for (;;) {
    const counts = await counted()
    if (counts !== undefined && counts.events >= events) return counts
    await delay(50)
  }
}

const COMMANDS = 20
const EVENTS = 2 * COMMANDS + 2

/** Publishes sessions until it is stopped; resolves with how many there were. */
async function publish(name: string, until: () => boolean): Promise<number> {
  let sessions = 0
  while (!until()) {
    await topic.publish(sessionOf(`${name} ${sessions++}`, COMMANDS))
    await delay(25)
  }
  return sessions
}

const total = (sessions: number): Counts => ({
  events: sessions * EVENTS,
  commands: sessions * COMMANDS,
  access: sessions * COMMANDS,
  inSessions: sessions * COMMANDS,
})

describe('the processes of the index', { timeout: 120_000 }, () => {
  it('start from nothing, index what comes, and end in order', async () => {
    const child = start()
    const pids = enginePids(child)
    const { addresses, details } = await ready(child)
    expect(details['clickhouse']).toMatch(/^embedded \d+\.\d+/)
    expect(statSync(join(dir, 'index/password')).mode & 0o777).toBe(0o600)
    await topic.publish(sessionOf('one', COMMANDS))
    expect(await indexed(EVENTS)).toEqual(total(1))
    expect((await fetch(`${addresses['health']}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${addresses['health']}/metrics`)).text()
    expect(metrics).toMatch(/sluice_indexer_rows_total\{table="events"\} 42\n/)
    expect(metrics).toMatch(/sluice_indexer_lag_records\{partition="0"\} 0\n/)
    const began = performance.now()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(pids.map(lives)).toEqual([false])
  })

  it('lose and double nothing while the indexer is killed again and again', async () => {
    let stop = false
    const publishing = publish('indexer', () => stop)
    for (const lifeMs of [0, 150, 400]) {
      const child = start()
      const pids = enginePids(child)
      await ready(child)
      await delay(lifeMs)
      await killed(child)
      // The engine must not outlive its parent: the next one needs its folder and port.
      for (const pid of pids) await gone(pid)
    }
    stop = true
    const sessions = await publishing
    await ready(start())
    expect(await indexed(sessions * EVENTS)).toEqual(total(sessions))
  })

  it('lose and double nothing while the engine is killed again and again', async () => {
    const child = start()
    const pids = enginePids(child)
    await ready(child)
    let stop = false
    const publishing = publish('engine', () => stop)
    for (const lifeMs of [100, 30, 300]) {
      const lives = pids.length
      await delay(lifeMs)
      process.kill(pids.at(-1) ?? 0, 'SIGKILL')
      while (pids.length === lives) await delay(10)
    }
    stop = true
    const sessions = await publishing
    expect(await indexed(sessions * EVENTS)).toEqual(total(sessions))
    expect(child.exitCode).toBeNull()
  })

  it('say that the port is taken, and what to do', async () => {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const child = start()
    const [message] = await once(child, 'message')
    expect(message).toMatchObject({
      ready: false,
      code: 'EADDRINUSE',
      message: expect.stringContaining('give clickhouse.url another port'),
    })
    expect(await once(child, 'exit')).toEqual([CLICKHOUSE_PORT_TAKEN, null])
    server.close()
  })

  it('refuse a password that others may read', async () => {
    const child = start()
    await ready(child)
    await killed(child)
    chmodSync(join(dir, 'index/password'), 0o644)
    const [message] = await once(start(), 'message')
    expect(message).toMatchObject({ ready: false, code: 'secret_exposed' })
  })
})

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateSigningKey, importSigningKey, TOPICS } from '@sluice/events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NODE, Node } from './masker.fixture.ts'

/** Starting a process and working off its backlog, on a machine that does much else. */
const WAIT_MS = 60_000

let node: Node
let config: string
const children = new Set<ChildProcess>()

beforeEach(async () => {
  node = await Node.start()
  config = await writeConfig(node)
})

afterEach(async () => {
  for (const child of children) await kill(child)
  await node.stop()
})

async function writeConfig({ dir, keys }: Node): Promise<string> {
  await mkdir(join(dir, 'keys'))
  const files = {
    'node.pem': keys.node,
    'masker.pub': keys.maskerPublic,
    'masker.key': keys.masker,
    'signing.pem': keys.signing,
    // Nothing is certified: that must not keep the masker from auditing.
    'root.pub': importSigningKey(generateSigningKey()).publicKey.toString('base64'),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, 'keys', name), content)
  const file = join(dir, 'sluice.yaml')
  const unused = 'keys/unused'
  const settings = {
    node: { id: NODE },
    tls: { certificate: 'server.pem', key: 'server.key', authority: 'ca.pem' },
    keys: {
      root: 'keys/root.pub',
      certificates: unused,
      console: unused,
      approver: unused,
      approverPublic: unused,
      approverPrivate: unused,
      node: 'keys/node.pem',
      maskerPublic: 'keys/masker.pub',
      maskerPrivate: 'keys/masker.key',
      maskerSigning: 'keys/signing.pem',
    },
    health: { masker: '127.0.0.1:0' },
    identity: {
      issuers: [{ issuer: 'https://issuer.test', jwksUri: 'https://issuer.test/jwks', algorithms: ['ES256'] }],
    },
    clickhouse: { url: 'http://127.0.0.1:8123', password: 'file:password', plaintextLoopback: true },
    connections: {},
  }
  await writeFile(file, JSON.stringify(settings))
  return file
}

/** Starts the service, and waits until it says that it is ready. */
async function start(): Promise<{ child: ChildProcess; health: string }> {
  const child = fork(join(import.meta.dirname, 'main.ts'), ['--config', config], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  children.add(child)
  const [message] = await once(child, 'message')
  expect(message).toMatchObject({ ready: true, service: 'masker' })
  return { child, health: message.addresses.health }
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** Waits until so many audit events are there. */
async function audited(count: number): Promise<void> {
  await expect.poll(() => node.count(TOPICS.audit), { timeout: WAIT_MS, interval: 50 }).toBeGreaterThanOrEqual(count)
}

describe('the masker service', () => {
  it(
    'audits while it runs, tells its health and metrics, and stops when asked',
    async () => {
      const { child, health } = await start()
      const ids = await node.runSession(3)
      await audited(ids.length)
      const readiness = await fetch(`${health}/readyz`)
      expect([readiness.status, await readiness.text()]).toEqual([503, expect.stringContaining('no certificate')])
      expect(await (await fetch(`${health}/metrics`)).text()).toContain(
        'sluice_masker_audited_events_total{outcome="sanitised"} 5',
      )
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    },
    2 * WAIT_MS,
  )

  it(
    'killed again and again in the middle of its work, publishes every event once and in order',
    async () => {
      const ids: string[] = []
      for (let round = 0; round < 3; round++) {
        const { child } = await start()
        for (let session = 0; session < 6; session++) ids.push(...(await node.runSession(20)))
        // Somewhere behind the first events of the round, wherever that finds the process.
        await audited(Math.max(1, ids.length - 40 * (round + 1)))
        await kill(child)
      }
      const { child } = await start()
      await audited(ids.length)
      await kill(child, 'SIGTERM')
      const audits = await node.audits()
      expect(audits.map(({ header }) => header.eventId)).toEqual(ids)
      expect(audits.filter(({ unsanitised }) => unsanitised)).toEqual([])
    },
    4 * WAIT_MS,
  )
})

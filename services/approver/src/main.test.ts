import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority } from '@sluice/identity'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Issuer, startIssuer } from '../../../test/stand/issuer.ts'
import { person } from './approvals.fixture.ts'
import { World } from './approver.fixture.ts'

/** Starting a process, on a machine that does much else. */
const WAIT_MS = 60_000
const soon = { timeout: WAIT_MS, interval: 20 }
const olga = person('olga')

let world: World
let issuer: Issuer
let config: string
const children = new Set<ChildProcess>()

beforeEach(async () => {
  world = await World.create()
  const authority = await createAuthority('approver test authority')
  issuer = await startIssuer(authority)
  config = await writeConfig(authority.certificate)
})

afterEach(async () => {
  for (const child of children) await kill(child)
  await issuer.stop()
  await world.stop()
})

async function writeConfig(authority: string): Promise<string> {
  const { dir, root, approver, sealing } = world
  await mkdir(join(dir, 'keys'))
  const files = {
    'keys/root.pub': root.publicKey.toString('base64'),
    'keys/approver.pem': approver.pem,
    'keys/approver.key': sealing.privateKey.toString('base64'),
    'issuer.pem': authority,
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content)
  const unused = 'keys/unused'
  const settings = {
    tls: { certificate: 'server.pem', key: 'server.key', authority: 'ca.pem' },
    keys: {
      root: 'keys/root.pub',
      certificates: unused,
      node: unused,
      console: unused,
      approver: 'keys/approver.pem',
      approverPublic: unused,
      approverPrivate: 'keys/approver.key',
      maskerPublic: unused,
      maskerPrivate: unused,
      maskerSigning: unused,
    },
    health: { approver: '127.0.0.1:0' },
    identity: {
      issuers: [
        { issuer: issuer.url, jwksUri: issuer.jwksUri, algorithms: ['ES256'], authority: join(dir, 'issuer.pem') },
      ],
    },
    clickhouse: { url: 'http://127.0.0.1:8123', password: 'file:password', plaintextLoopback: true },
    connections: {},
  }
  const file = join(dir, 'sluice.yaml')
  await writeFile(file, JSON.stringify(settings))
  return file
}

/** Starts the service; returns what it says first. */
async function start(): Promise<{ child: ChildProcess; message: Record<string, unknown>; health: string }> {
  const child = fork(join(import.meta.dirname, 'main.ts'), ['--config', config], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  children.add(child)
  const [message] = await once(child, 'message')
  return { child, message, health: message.addresses?.health }
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

const reviewer = (change: { loggedInSecondsAgo?: number; audience?: string } = {}): Promise<string> =>
  issuer.token({ subject: 'olga', kind: 'human', groups: ['data-owners'], audience: 'sluice:console', ...change })

describe('the approver service', () => {
  it(
    'decides by the tokens of a real issuer, tells its health and metrics, and stops when asked',
    async () => {
      const { child, message, health } = await start()
      expect(message).toMatchObject({ ready: true, service: 'approver' })
      expect((await fetch(`${health}/readyz`)).status).toBe(200)
      const asked = await world.ask()
      await world.vote(asked, olga, { token: await reviewer({ audience: 'sluice:proxy' }) })
      await world.vote(asked, olga, { token: await reviewer({ loggedInSecondsAgo: 3_600 }) })
      await world.vote(asked, olga, { token: await reviewer({ loggedInSecondsAgo: 5 }) })
      await expect
        .poll(() => world.decided(asked), soon)
        .toEqual(['vote_refused token_invalid', 'vote_refused stale_login', 'approved'])
      const metrics = await (await fetch(`${health}/metrics`)).text()
      expect(metrics).toContain('sluice_approver_votes_refused_total{code="stale_login"} 1')
      expect(metrics).toContain('sluice_approver_decisions_total{kind="approved"} 1')
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    },
    2 * WAIT_MS,
  )

  it(
    'killed while a command waits, decides it after the next start',
    async () => {
      const { child } = await start()
      const asked = await world.ask({ approvalRules: ['two'] })
      await world.vote(asked, olga, { token: await reviewer() })
      await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve'])
      await kill(child)
      const second = await issuer.token({
        subject: 'pete',
        kind: 'human',
        groups: ['data-owners'],
        audience: 'sluice:console',
      })
      await world.vote(asked, person('pete'), { token: second })
      await start()
      await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve', 'approved'])
    },
    2 * WAIT_MS,
  )

  it(
    'does not start beside another one, and says why',
    async () => {
      await start()
      const { child, message } = await start()
      expect(message).toMatchObject({ ready: false, code: 'writer_taken' })
      if (child.exitCode === null) await once(child, 'exit')
      expect(child.exitCode).not.toBe(0)
    },
    2 * WAIT_MS,
  )
})

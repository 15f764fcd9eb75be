// Sluice's proxy as a target: a folder with keys and a ticket, as an installation has them, and the service's own entry
// point. Masker, indexer and console aren't started: they don't stand in the data path.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConfigInput } from '@sluice/config'
import { nowMicros, type Subject } from '@sluice/events'
import { newTicket, ticketUser } from '@sluice/identity'
import { CatalogReader } from '../../services/proxy/src/postgres/catalog/read-catalog.ts'
import { type ControlPlane, openControlPlane } from '../stand/control-plane.ts'
import { plansInForce } from '../stand/plans-in-force.ts'
import { MASKED, MASKED_TWICE, MASKING } from './masked-rows.ts'
import { freePort, nextMessage, start } from './processes.ts'
import type { Instance, Target, TlsSetting } from './targets.ts'
import type { Upstream } from './upstream.ts'

const PROXY = fileURLToPath(new URL('../../services/proxy/src/main.ts', import.meta.url))
const CONNECTION = 'bench'
/** Nobody listens there: tickets need no issuer at run time. */
const ISSUER = 'https://127.0.0.1:9'
const SUBJECT: Subject = { issuer: ISSUER, id: 'bench', kind: 'agent', groups: ['agents'], onBehalfOf: null }
const TICKET_MS = 86_400_000
/** Looked at once: what is measured is not what looks do. */
const CATALOG_MS = 86_400_000
const CATALOG_TIMEOUT_MS = 30_000
const PLAN_TIMEOUT_MS = 30_000
/** All rounds together stream some gigabytes through the journal. */
const JOURNAL_BYTES = 256 * 2 ** 30

const configuration = (
  upstream: Upstream,
  tls: TlsSetting,
  healthPorts: readonly number[],
  keys: ConfigInput['keys'],
): ConfigInput => {
  const { host, port, database, user, authorityFile, certificateFile, keyFile } = upstream
  const [proxy, masker, indexer, console] = healthPorts.map((free) => `127.0.0.1:${free}`)
  const connection: NonNullable<ConfigInput['connections']>[string] = {
    protocol: 'postgres',
    host,
    port,
    database,
    tls: tls === 'off' ? { mode: 'disable' } : { mode: 'verify-full', authority: authorityFile },
    credentials: { user, password: 'file:upstream-password' },
  }
  return {
    log: { dir: 'log', journal: { maxBytes: JOURNAL_BYTES } },
    tls: { certificate: certificateFile, key: keyFile, authority: authorityFile },
    keys,
    listeners: { postgres: { port: 0, plaintext: tls === 'off' } },
    health: { proxy, masker, indexer, console },
    identity: {
      issuers: [{ issuer: ISSUER, jwksUri: `${ISSUER}/jwks`, authority: authorityFile, algorithms: ['ES256'] }],
    },
    clickhouse: { url: 'https://127.0.0.1:9', password: 'file:upstream-password' },
    masking: { catalogMs: CATALOG_MS },
    connections: {
      [CONNECTION]: { ...connection, masking: 'off' },
      [MASKED]: connection,
      [MASKED_TWICE]: connection,
    },
  }
}

/** Publishes a ticket the way the console does; returns the name and the password that it gives. */
const publishTicket = async (control: ControlPlane): Promise<{ readonly user: string; readonly password: string }> => {
  const wanted = { subject: SUBJECT, connection: null, task: null, ttlMs: TICKET_MS }
  const { ticket, secret } = await newTicket({ ...wanted, now: nowMicros() })
  await control.publishTicket(ticket)
  return { user: ticketUser(SUBJECT.id, ticket.ticketId), password: secret }
}

/** As the masker does it, which isn't started. */
const publishPlans = async (control: ControlPlane, upstream: Upstream): Promise<void> => {
  const { host, port, database, user, password, authority } = upstream
  const tls = { mode: 'verify-full', authority, serverName: null } as const
  const login = { user, password: () => Promise.resolve(password) }
  for (const name of [MASKED, MASKED_TWICE]) {
    const connection = { name, database, address: { host, port, tls }, ...login }
    await control.publishPlan(await new CatalogReader({ connection, timeoutMs: CATALOG_TIMEOUT_MS }).read())
  }
}

export const startSluice = async (
  upstream: Upstream,
  tls: TlsSetting,
  nodeOptions: readonly string[] = [],
): Promise<Instance> => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()]
  const dir = join(upstream.dir, `sluice-${tls}-${ports[0]}`)
  mkdirSync(dir, { mode: 0o700 })
  const put = (name: string, content: string | Buffer): void => writeFileSync(join(dir, name), content, { mode: 0o600 })
  put('upstream-password', upstream.password)
  // JSON is YAML.
  const control = await openControlPlane(dir, { masking: MASKING })
  put('sluice.yaml', JSON.stringify(configuration(upstream, tls, ports, control.keys), null, 2))
  const { user, password } = await publishTicket(control)
  await publishPlans(control, upstream)
  await control.close()
  const args = [...nodeOptions, PROXY, '--config', join(dir, 'sluice.yaml')]
  const running = start(process.execPath, args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }, 'SIGTERM')
  const message = await nextMessage<{ readonly ready: boolean; readonly addresses?: { readonly postgres: string } }>(
    running,
  )
  const port = Number(message.addresses?.postgres.split(':').at(-1))
  if (!message.ready || !(port > 0)) throw new Error(`the proxy did not start: ${JSON.stringify(message)}`)
  try {
    if (!(await plansInForce(`http://127.0.0.1:${ports[0]}`, [MASKED, MASKED_TWICE], PLAN_TIMEOUT_MS)))
      throw new Error('the proxy has no masking plan')
  } catch (error) {
    await running.stop()
    throw error
  }
  const authorityFile = tls === 'on' ? upstream.authorityFile : null
  return {
    port,
    user,
    password,
    database: CONNECTION,
    masks: true,
    authorityFile,
    pids: [running.pid],
    stop: running.stop,
    said: running.said,
  }
}

export const sluice: Target = {
  name: 'sluice',
  title: 'Sluice',
  unavailable: () => null,
  start: (upstream, tls) => startSluice(upstream, tls),
}

// Sluice's proxy as a target: a folder with keys and a ticket, as an installation has them, and the service's own entry
// point. Masker, indexer and console aren't started: they don't stand in the data path.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConfigInput } from '@sluice/config'
import { nowMicros, type Subject } from '@sluice/events'
import { newTicket, ticketUser } from '@sluice/identity'
import { type ControlPlane, openControlPlane } from '../stand/control-plane.ts'
import { freePort, nextMessage, start } from './processes.ts'
import type { Instance, Target, TlsSetting } from './targets.ts'
import type { Upstream } from './upstream.ts'

const PROXY = fileURLToPath(new URL('../../services/proxy/src/main.ts', import.meta.url))
const CONNECTION = 'bench'
/** Nobody listens there: tickets need no issuer at run time. */
const ISSUER = 'https://127.0.0.1:9'
const SUBJECT: Subject = { issuer: ISSUER, id: 'bench', kind: 'agent', groups: ['agents'], onBehalfOf: null }
const TICKET_MS = 86_400_000
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
    connections: {
      [CONNECTION]: {
        protocol: 'postgres',
        host,
        port,
        database,
        tls: tls === 'off' ? { mode: 'disable' } : { mode: 'verify-full', authority: authorityFile },
        credentials: { user, password: 'file:upstream-password' },
        masking: 'off',
      },
    },
  }
}

/** Publishes a ticket the way the console does; returns the name and the password that it gives. */
const publishTicket = async (control: ControlPlane): Promise<{ readonly user: string; readonly password: string }> => {
  const wanted = { subject: SUBJECT, connection: CONNECTION, task: null, ttlMs: TICKET_MS }
  const { ticket, secret } = await newTicket({ ...wanted, now: nowMicros() })
  await control.publishTicket(ticket)
  return { user: ticketUser(SUBJECT.id, ticket.ticketId), password: secret }
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
  const control = await openControlPlane(dir)
  put('sluice.yaml', JSON.stringify(configuration(upstream, tls, ports, control.keys), null, 2))
  const { user, password } = await publishTicket(control)
  await control.close()
  const args = [...nodeOptions, PROXY, '--config', join(dir, 'sluice.yaml')]
  const running = start(process.execPath, args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }, 'SIGTERM')
  const message = await nextMessage<{ readonly ready: boolean; readonly addresses?: { readonly postgres: string } }>(
    running,
  )
  const port = Number(message.addresses?.postgres.split(':').at(-1))
  if (!message.ready || !(port > 0)) throw new Error(`the proxy did not start: ${JSON.stringify(message)}`)
  const authorityFile = tls === 'on' ? upstream.authorityFile : null
  return {
    port,
    user,
    password,
    database: CONNECTION,
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

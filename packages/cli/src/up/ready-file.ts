/** `--ready-file`: for programs, what the screen says to people. It holds secrets of the demo: 0600, whole or not there. */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DemoAudience, DemoName } from '@sluice/demo'
import type { ReadyMessage } from '@sluice/service'
import type { TicketAnswer } from '../console/client.ts'
import { writeAtomically } from './files.ts'
import type { Layout } from './layout.ts'
import type { Ports } from './ports.ts'

export type ReadyFile = {
  /** A complete libpq URL for the agent, with a ticket as password. */
  readonly postgres: { readonly url: string }
  readonly console: { readonly url: string }
  readonly caFile: string
  /** For the console's door. */
  readonly tokens: Readonly<Record<DemoName, string>>
  /** For the proxy's door. */
  readonly proxyTokens: Readonly<Record<DemoName, string>>
  /** Base URLs of /healthz, /readyz and /metrics. */
  readonly health: Readonly<Record<'proxy' | 'approver' | 'masker' | 'indexer' | 'console', string>>
  readonly stateDir: string
  readonly configFile: string
  readonly pids: Readonly<Record<string, number>>
}

export type ReadyFacts = {
  readonly layout: Layout
  readonly ports: Ports
  readonly ticket: TicketAnswer
  readonly tokens: Readonly<Record<DemoAudience, Readonly<Record<DemoName, string>>>>
  readonly ready: ReadonlyMap<string, ReadyMessage>
}

export function readyFileOf({ layout, ports, ticket, tokens, ready }: ReadyFacts): ReadyFile {
  const health = (port: number) => `http://127.0.0.1:${port}`
  const query = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: layout.authority })
  const user = `${encodeURIComponent(ticket.user)}:${encodeURIComponent(ticket.secret)}`
  return {
    // libpq decodes %20 in a query, but takes + as it is.
    postgres: { url: `postgresql://${user}@localhost:${ports.proxy}/shop?${query.toString().replaceAll('+', '%20')}` },
    console: { url: `https://localhost:${ports.console}` },
    caFile: layout.authority,
    tokens: tokens['sluice:console'],
    proxyTokens: tokens['sluice:proxy'],
    health: {
      proxy: health(ports.proxyHealth),
      approver: health(ports.approverHealth),
      masker: health(ports.maskerHealth),
      indexer: health(ports.indexerHealth),
      console: health(ports.consoleHealth),
    },
    stateDir: layout.dir,
    configFile: layout.config,
    pids: Object.fromEntries([...ready].map(([name, { pid }]) => [name, pid])),
  }
}

export function writeReadyFile(file: string, content: ReadyFile): void {
  writeAtomically(resolve(file), `${JSON.stringify(content, null, 2)}\n`)
}

/** A file of an earlier run would tell a waiting program that this one is ready. */
export function removeReadyFile(file: string): void {
  rmSync(resolve(file), { force: true })
}

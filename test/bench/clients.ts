// Runs pgbench and the lean client against an instance.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { postgresBinaries } from './machine.ts'
import { nextMessage, start } from './processes.ts'
import type { Answer, Order } from './raw-client.ts'
import type { Counted, Endpoint } from './raw-session.ts'
import type { Instance } from './targets.ts'
import { libpqEnvironment, PGBENCH_SCALE } from './upstream.ts'

const run = promisify(execFile)
/** 1 GB through a slow gateway. */
const QUERY_TIMEOUT_MS = 300_000

export type PgbenchOptions = {
  readonly script: string
  readonly protocol: 'simple' | 'prepared'
  readonly clients: number
  readonly seconds: number
  /** A new connection for each transaction. */
  readonly reconnect?: boolean
}

export type PgbenchResult = { readonly tps: number; readonly transactions: number }

/** The statement of `pgbench -S`; as a file, because with -S pgbench first asks the catalog about its tables. */
export const SELECT_ONLY = fileURLToPath(new URL('select-only.sql', import.meta.url))
export const SELECT_ONE = fileURLToPath(new URL('select-one.sql', import.meta.url))

export const pgbench = async (instance: Instance, options: PgbenchOptions): Promise<PgbenchResult> => {
  const { script, protocol, clients, seconds, reconnect = false } = options
  const args = ['-n', '-f', script, '-M', protocol, '-c', String(clients), '-j', String(Math.min(clients, 2))]
  args.push('-T', String(seconds), '-s', String(PGBENCH_SCALE), ...(reconnect ? ['-C'] : []))
  args.push('-h', '127.0.0.1', '-p', String(instance.port), '-U', instance.user, instance.database)
  const { stdout } = await run(join(postgresBinaries(), 'pgbench'), args, {
    env: libpqEnvironment(instance.authorityFile, instance.password),
  })
  const tps = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1])
  const transactions = Number(/^number of transactions actually processed: (\d+)/m.exec(stdout)?.[1])
  if (!(tps > 0 && transactions > 0)) throw new Error(`pgbench processed nothing:\n${stdout}`)
  return { tps, transactions }
}

const RAW_CLIENT = fileURLToPath(new URL('raw-client.ts', import.meta.url))

const endpointOf = ({ port, user, password, database, authorityFile }: Instance): Endpoint => {
  const authority = authorityFile === null ? null : readFileSync(authorityFile, 'utf8')
  return { port, user, password, database, authority }
}

/** Gives the lean client an order. What it opened stays open until `stop`. */
const rawClient = async (order: Order): Promise<{ readonly answer: Answer; readonly stop: () => Promise<void> }> => {
  const running = start(process.execPath, [RAW_CLIENT], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  running.child.send(order)
  try {
    const answer = await nextMessage<Answer>(running, QUERY_TIMEOUT_MS)
    if (answer.failure !== null) throw new Error(answer.failure)
    return { answer, stop: running.stop }
  } catch (error) {
    await running.stop()
    throw error
  }
}

/** Reads a result to its end with the lean client, again and again for so many seconds. */
export const countRows = async (instance: Instance, sql: string, seconds: number): Promise<Counted> => {
  const { answer, stop } = await rawClient({ kind: 'query', endpoint: endpointOf(instance), sql, seconds })
  await stop()
  if (answer.counted === null) throw new Error('the client counted nothing')
  return answer.counted
}

/** Opens sessions, asks one query in each, and leaves them idle until the returned function is called. */
export const holdSessions = async (instance: Instance, sessions: number): Promise<() => Promise<void>> =>
  (await rawClient({ kind: 'idle', endpoint: endpointOf(instance), sessions })).stop

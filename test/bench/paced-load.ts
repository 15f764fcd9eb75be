// Sends so many statements a second, whatever comes back: what takes long does not slow it down. A process of its own, so
// that it has its own event loop; how late that was is told beside the latencies.

import { type Endpoint, RawSession } from './raw-session.ts'
import { type Percentiles, percentiles } from './statistics.ts'
import { PGBENCH_SCALE } from './upstream.ts'

export type LoadOrder =
  | { readonly kind: 'open'; readonly endpoint: Endpoint; readonly sessions: number }
  | { readonly kind: 'run'; readonly perSecond: number; readonly seconds: number }

/** Milliseconds. */
export type LoadFigures = {
  /** From sending, or from waiting for a session that is free, to the end of the answer. */
  readonly latency: Percentiles
  /** From when a statement was due to when this process came to send it. */
  readonly lateness: Percentiles
}

export type LoadAnswer = { readonly figures: LoadFigures | null; readonly failure: string | null }

const ACCOUNTS = PGBENCH_SCALE * 100_000

const oneAccount = (): string =>
  `SELECT abalance FROM pgbench_accounts WHERE aid = ${1 + Math.floor(Math.random() * ACCOUNTS)}`

const openAll = async (endpoint: Endpoint, count: number): Promise<RawSession[]> => {
  const sessions: RawSession[] = []
  while (sessions.length < count) sessions.push(await RawSession.open(endpoint))
  return sessions
}

const run = (sessions: readonly RawSession[], perSecond: number, seconds: number): Promise<LoadFigures> => {
  const { promise, resolve, reject } = Promise.withResolvers<LoadFigures>()
  const total = perSecond * seconds
  const free = [...sessions]
  const waiting: number[] = []
  const latencies: number[] = []
  const lateness: number[] = []
  const ask = (session: RawSession, since: number): void => {
    session.count(oneAccount()).then(() => {
      latencies.push(performance.now() - since)
      const next = waiting.shift()
      if (next === undefined) free.push(session)
      else ask(session, next)
      if (latencies.length === total) {
        resolve({ latency: percentiles(latencies), lateness: percentiles(lateness) })
      }
    }, reject)
  }
  const started = performance.now()
  const due = (index: number): number => started + (index * 1000) / perSecond
  const sendWhatIsDue = (): void => {
    for (let now = performance.now(); lateness.length < total; now = performance.now()) {
      const late = now - due(lateness.length)
      if (late < 0) {
        setTimeout(sendWhatIsDue, -late)
        return
      }
      lateness.push(late)
      const session = free.shift()
      if (session === undefined) waiting.push(now)
      else ask(session, now)
    }
  }
  sendWhatIsDue()
  return promise
}

let opened: readonly RawSession[] = []

const obey = async (order: LoadOrder): Promise<LoadFigures | null> => {
  if (order.kind === 'run') return run(opened, order.perSecond, order.seconds)
  opened = await openAll(order.endpoint, order.sessions)
  return null
}

if (import.meta.main) {
  process.on('message', (order: LoadOrder) => {
    obey(order)
      .then((figures): LoadAnswer => ({ figures, failure: null }))
      .catch((error: Error): LoadAnswer => ({ figures: null, failure: error.message }))
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1))
  })
  process.once('disconnect', () => process.exit(0))
}

// The lean client in a process of its own, so that it has its own event loop. It takes one order by IPC, does it, and
// answers with what it counted.

import { type Counted, type Endpoint, RawSession } from './raw-session.ts'

export type Order =
  /** Runs the query again and again until so many seconds are over, at least once. */
  | { readonly kind: 'query'; readonly endpoint: Endpoint; readonly sql: string; readonly seconds: number }
  | { readonly kind: 'idle'; readonly endpoint: Endpoint; readonly sessions: number }

export type Answer = { readonly counted: Counted | null; readonly failure: string | null }

/** Logins at the same time; more would only measure the queue. */
const PARALLEL_LOGINS = 8

const obey = async (order: Order): Promise<Counted | null> => {
  if (order.kind === 'query') {
    const session = await RawSession.open(order.endpoint)
    const until = performance.now() + order.seconds * 1000
    let total: Counted = { bytes: 0, rows: 0, millis: 0 }
    do {
      const { bytes, rows, millis } = await session.count(order.sql)
      total = { bytes: total.bytes + bytes, rows: total.rows + rows, millis: total.millis + millis }
    } while (performance.now() < until)
    session.close()
    return total
  }
  let left = order.sessions
  const open = async (): Promise<void> => {
    while (left-- > 0) await (await RawSession.open(order.endpoint)).count('SELECT copy FROM copies WHERE copy = 1')
  }
  await Promise.all(Array.from({ length: PARALLEL_LOGINS }, open))
  return null
}

if (import.meta.main) {
  process.on('message', (order: Order) => {
    obey(order)
      .then((counted): Answer => ({ counted, failure: null }))
      .catch((error: Error): Answer => ({ counted: null, failure: error.message }))
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1))
  })
  process.once('disconnect', () => process.exit(0))
}

// The rows of the benchmark, what each runs, and the bound that Sluice has to keep.

import { setTimeout as sleep } from 'node:timers/promises'
import { countRows, holdSessions, type PgbenchOptions, pgbench, SELECT_ONE, SELECT_ONLY } from './clients.ts'
import { cpuMicros, residentBytes, sum } from './processes.ts'
import type { Instance, TlsSetting } from './targets.ts'
import { WIDE_ROWS } from './upstream.ts'

export type Unit = 'queries/s' | 'rows/s' | 'connections/s' | 'MB/s' | '%' | 'MB' | 'kB a session' | 's' | 'ms' | 'µs'

export type Measured = { readonly value: number; readonly cpuMicros: number | null }

export type Bound = {
  readonly of: 'cpuMicros' | 'ratioToDirect' | 'ratioToBefore' | 'value'
  readonly atMost?: number
  readonly atLeast?: number
  /** The setting that it holds for; without it, each that the row is measured with. */
  readonly tls?: TlsSetting
}

export type Row = {
  readonly id: string
  readonly title: string
  readonly unit: Unit
  readonly tls: readonly TlsSetting[]
  /** Throughput is compared over rounds; memory is measured once, on an instance that was just started. */
  readonly kind: 'throughput' | 'memory'
  readonly bound: Bound | null
  readonly measure: (instance: Instance, seconds: number) => Promise<Measured>
}

export const BOTH: readonly TlsSetting[] = ['off', 'on']
const MB = 2 ** 20
const KB = 2 ** 10
const WARM_UP_SECONDS = 3

/** Lets an instance load and compile what it needs, before anything counts. */
export const warmUp = async (instance: Instance): Promise<void> => {
  await pgbench(instance, { script: SELECT_ONLY, protocol: 'prepared', clients: 4, seconds: WARM_UP_SECONDS })
}

type Counted = { readonly value: number; readonly units: number }

/** CPU time that the gateway spends while `work` runs, for each of the units that it counts. */
export const withCpu = async ({ pids }: Instance, work: () => Promise<Counted>): Promise<Measured> => {
  const before = sum(pids, cpuMicros)
  const { value, units } = await work()
  return { value, cpuMicros: pids.length === 0 ? null : (sum(pids, cpuMicros) - before) / units }
}

/** Transactions a second. */
export const transactionRate = async (instance: Instance, options: PgbenchOptions): Promise<Counted> => {
  const { tps, transactions } = await pgbench(instance, options)
  return { value: tps, units: transactions }
}

export const FIVE_COLUMNS = 'SELECT id, name, email, amount, created FROM wide'

/** Rows a second of a query that gives as many as `wide` has. */
export const rowRate = async (instance: Instance, sql: string, seconds: number): Promise<Counted> => {
  const { rows, millis } = await countRows(instance, sql, seconds)
  if (rows === 0 || rows % WIDE_ROWS !== 0) throw new Error(`${rows} rows came: not the whole table each time`)
  return { value: (rows / millis) * 1000, units: rows }
}

const selectOnly = (protocol: 'simple' | 'prepared', clients: number, bound: Bound | null): Row => ({
  id: `${protocol}-${clients}`,
  title: `\`pgbench -S\`, ${protocol}, ${clients} client${clients === 1 ? '' : 's'}`,
  unit: 'queries/s',
  tls: BOTH,
  kind: 'throughput',
  bound,
  measure: (instance, seconds) =>
    withCpu(instance, () => transactionRate(instance, { script: SELECT_ONLY, protocol, clients, seconds })),
})

const connections: Row = {
  id: 'connections',
  title: 'new connections, each with one query, 4 at a time',
  unit: 'connections/s',
  tls: BOTH,
  kind: 'throughput',
  bound: null,
  measure: (instance, seconds) =>
    withCpu(instance, () =>
      transactionRate(instance, { script: SELECT_ONE, protocol: 'simple', clients: 4, seconds, reconnect: true }),
    ),
}

const wideSelect: Row = {
  id: 'rows',
  title: '1 M rows × 5 columns by SELECT',
  unit: 'rows/s',
  tls: BOTH,
  kind: 'throughput',
  bound: { of: 'ratioToDirect', atLeast: 0.75 },
  measure: (instance, seconds) => withCpu(instance, () => rowRate(instance, FIVE_COLUMNS, seconds)),
}

const STREAMED_BYTES = 2 ** 30
/** A row of `wide` is about 90 bytes on the wire. */
const COPIES = 13
const SAMPLE_MS = 50

const streamedMemory: Row = {
  id: 'stream-memory',
  title: 'growth of the memory while 1 GB of rows streams through',
  unit: 'MB',
  tls: BOTH,
  kind: 'memory',
  bound: { of: 'value', atMost: 64 },
  measure: async (instance) => {
    // What the first queries load or compile is not growth by streaming.
    await warmUp(instance)
    const before = sum(instance.pids, residentBytes)
    let peak = before
    const sampling = setInterval(() => {
      peak = Math.max(peak, sum(instance.pids, residentBytes))
    }, SAMPLE_MS)
    const sql = `SELECT id, name, email, amount, created FROM copies, wide WHERE copy <= ${COPIES}`
    try {
      const { bytes } = await countRows(instance, sql, 0)
      if (bytes < STREAMED_BYTES) throw new Error(`only ${bytes} bytes came`)
      return { value: (peak - before) / MB, cpuMicros: null }
    } finally {
      clearInterval(sampling)
    }
  },
}

const IDLE_SESSIONS = 500
const SETTLE_MS = 3000

const idleSessions: Row = {
  id: 'session-memory',
  title: `memory of a session, of ${IDLE_SESSIONS} idle ones after one query each`,
  unit: 'kB a session',
  tls: ['on'],
  kind: 'memory',
  bound: { of: 'value', atMost: 250 },
  measure: async (instance) => {
    await warmUp(instance)
    const before = sum(instance.pids, residentBytes)
    const release = await holdSessions(instance, IDLE_SESSIONS)
    try {
      await sleep(SETTLE_MS)
      const growth = sum(instance.pids, residentBytes) - before
      return { value: growth / IDLE_SESSIONS / KB, cpuMicros: null }
    } finally {
      await release()
    }
  },
}

export const ROWS: readonly Row[] = [
  selectOnly('prepared', 8, { of: 'cpuMicros', atMost: 52, tls: 'off' }),
  selectOnly('prepared', 1, null),
  selectOnly('simple', 8, null),
  selectOnly('simple', 1, null),
  wideSelect,
  connections,
  streamedMemory,
  idleSessions,
]

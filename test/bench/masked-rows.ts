// The rows about masking: what it costs to mask columns of a large result, and small queries with and without any.

import { fileURLToPath } from 'node:url'
import type { MaskingInput } from '@sluice/mask'
import { countRows, SELECT_ONLY } from './clients.ts'
import { BOTH, type Bound, FIVE_COLUMNS, type Row, rowRate, transactionRate, withCpu } from './rows.ts'
import type { Instance } from './targets.ts'
import { FOUND_EVERY } from './upstream.ts'

/** Connections to the same database: in one, what is masked without any rule; in the other, a name besides. */
export const MASKED = 'masked'
export const MASKED_TWICE = 'masked-twice'

export const MASKING: MaskingInput = { columns: [{ match: `${MASKED_TWICE}/*.*.name`, tag: 'pii.name' }] }

const SELECT_PERSON = fileURLToPath(new URL('select-person.sql', import.meta.url))

/** The same database, where its answers are masked; where nothing masks, the same connection. */
export const maskedBy = (instance: Instance, connection: string): Instance =>
  instance.masks === true ? { ...instance, database: connection } : instance

/** By connection: a value that is masked in it. */
const SAMPLES: Readonly<Record<string, string>> = {
  [MASKED]: `SELECT note FROM noted WHERE id = ${FOUND_EVERY}`,
  [MASKED_TWICE]: 'SELECT name FROM people WHERE id = 1234',
}
const checked = new Set<string>()

/** The fastest way to mask is not to do it. */
const checkedMask = async (instance: Instance, connection: string): Promise<Instance> => {
  const masked = maskedBy(instance, connection)
  const key = `${instance.port} ${connection}`
  if (masked === instance || checked.has(key)) return masked
  for (const sql of ['SELECT email FROM people WHERE id = 1', SAMPLES[connection] ?? '']) {
    const [seen, stored] = [await countRows(masked, sql, 0), await countRows(instance, sql, 0)]
    if (seen.rows !== 1 || stored.rows !== 1 || seen.bytes === stored.bytes) throw new Error(`not masked: ${sql}`)
  }
  checked.add(key)
  return masked
}

const largeResult = (id: string, title: string, connection: string, sql: string, atLeast: number): Row => ({
  id,
  title: `1 M rows × 5 columns by SELECT, ${title}`,
  unit: 'rows/s',
  tls: BOTH,
  kind: 'throughput',
  bound: { of: 'ratioToDirect', atLeast },
  measure: async (instance, seconds) => {
    const masked = await checkedMask(instance, connection)
    return withCpu(instance, () => rowRate(masked, sql, seconds))
  },
})

const smallQuery = (id: string, title: string, script: string, bound: Bound): Row => ({
  id,
  title: `\`pgbench\`, prepared, 8 clients, ${title}`,
  unit: 'queries/s',
  tls: BOTH,
  kind: 'throughput',
  bound,
  measure: async (instance, seconds) => {
    const masked = await checkedMask(instance, MASKED)
    return withCpu(instance, () => transactionRate(masked, { script, protocol: 'prepared', clients: 8, seconds }))
  },
})

export const MASKED_ROWS: readonly Row[] = [
  largeResult('rows-masked', 'one column masked', MASKED, FIVE_COLUMNS, 0.45),
  largeResult('rows-masked-twice', 'two columns masked', MASKED_TWICE, FIVE_COLUMNS, 0.4),
  largeResult('rows-scanned', 'free text scanned', MASKED, 'SELECT id, name, note, amount, created FROM noted', 0.25),
  smallQuery('masked-8', 'a masked column in it', SELECT_PERSON, { of: 'cpuMicros', atMost: 60, tls: 'off' }),
  smallQuery('unmasked-8', 'nothing to mask in it', SELECT_ONLY, { of: 'cpuMicros', atMost: 52, tls: 'off' }),
]

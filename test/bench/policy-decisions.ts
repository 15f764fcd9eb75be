// node test/bench/policy-decisions.ts: how long a decision takes at first sight and from the cache, with the starter set
// and thirty policies more. A process of its own, so that no other row's objects are in its way.

import {
  approvalRulesSchema,
  contentHashOf,
  PolicyEngine,
  readStarterPolicies,
  type SessionPolicy,
  type StatementAccess,
} from '@sluice/policy'
import { loadParser } from '@sluice/sql'
import { SqlReaders } from '../../services/proxy/src/postgres/sql-reader.ts'
import { type Percentiles, percentiles } from './statistics.ts'

/** Microseconds. */
export type DecisionFigures = {
  /** A text that was seen before: finding what it accesses, and the decision. */
  readonly known: Percentiles
  /** The same without finding. */
  readonly knownDecision: Percentiles
  /** What another text accesses, where the same was decided before. */
  readonly sameFacts: Percentiles
  /** An unseen text about a table that nobody asked for: reading it and deciding. */
  readonly unseen: Percentiles
  readonly unseenDecision: Percentiles
  /** The same with two tables, and so two questions. */
  readonly unseenJoin: Percentiles
}

const MORE_POLICIES = 30
const FIRST_SIGHTS = 2_000
const BATCHES = 2_000
/** Decisions between two looks at the clock: one alone is shorter than the clock can tell. */
const BATCH = 200
const ORDERS = 16
const CONNECTION = 'shop'
const SERVER_MAJOR = 18

const NAMES = {
  schemas: ['public'],
  functions: new Set<string>(),
  rowFunctions: new Set<string>(),
  operators: new Set<string>(),
  digest: '',
}

const teamPolicy = (index: number): string => `@id("team-${index}") @approval("data-owner")
permit (principal in Group::"team-${index}", action in [Action::"sql:write", Action::"sql:ddl"], resource in Connection::"db-${index}")
when { !context.unfiltered && !context.kinds.contains("TRUNCATE") && (if context has purpose then context.purpose != "test" else true) };`

const openSession = async (): Promise<SessionPolicy> => {
  const more = Array.from({ length: MORE_POLICIES }, (_, index) => teamPolicy(index))
  const files = [...(await readStarterPolicies()), { name: '50-teams.cedar', text: more.join('\n') }]
  const approvalRules = approvalRulesSchema.parse({ 'data-owner': { reviewers: ['group:data-owners'] } })
  return PolicyEngine.compile({ files, approvalRules }, contentHashOf({ files, approvalRules })).session(
    { issuer: 'https://127.0.0.1', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null },
    { name: CONNECTION, protocol: 'postgres', labels: { env: 'prod' }, demo: true },
    { clientAddress: '127.0.0.1', purpose: 'ticket 4711' },
    Date.now,
  )
}

const oneTable = (index: number): string => `SELECT id, name, count(*) FROM t${index} WHERE id = 4711 GROUP BY id, name`
const twoTables = (index: number): string =>
  `SELECT c.name, sum(o.amount) FROM c${index} c JOIN o${index} o ON o.customer = c.id
   WHERE o.created > '2026-01-01' GROUP BY c.name ORDER BY 2 DESC LIMIT 10`

const micros = (work: () => void): number => {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start) / 1_000
}

const range = <T>(from: number, count: number, item: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => item(from + index))

/** In no order that a processor could foresee: one after the other they cost less. */
const inBatches = <T>(items: readonly T[], work: (item: T) => void): Percentiles => {
  const orders = range(0, ORDERS, () => range(0, BATCH, () => items[Math.floor(Math.random() * items.length)] as T))
  const each = range(0, BATCHES, (batch) => {
    const order = orders[batch % ORDERS] as readonly T[]
    return micros(() => order.forEach(work)) / BATCH
  })
  // The first half is for the compiler.
  return percentiles(each.slice(BATCHES / 2))
}

const measureDecisions = async (): Promise<DecisionFigures> => {
  await loadParser()
  const readers = new SqlReaders()
  const reader = readers.readerFor({ connection: CONNECTION, serverMajor: SERVER_MAJOR, names: NAMES, lineage: false })
  const session = await openSession()
  const read = (text: string): StatementAccess => {
    const found = reader.read(text)
    if (found instanceof Promise) throw new Error(`not read at once: ${text}`)
    return found.access
  }
  let [asked, permitted] = [0, 0]
  // Counted: a decision that nobody looks at might not be made at all.
  const decide = (access: StatementAccess): void => {
    asked++
    if (session.decide(access).kind === 'permit') permitted++
  }

  const sights = (from: number, textOf: (index: number) => string): readonly number[] =>
    range(from, FIRST_SIGHTS, textOf).map((text) => micros(() => decide(read(text))))
  const accesses = (from: number): readonly StatementAccess[] => range(from, FIRST_SIGHTS, oneTable).map(read)
  sights(0, oneTable)
  const unseen = percentiles(sights(FIRST_SIGHTS, oneTable))
  const unseenJoin = percentiles(sights(0, twoTables))
  const unseenDecision = percentiles(accesses(2 * FIRST_SIGHTS).map((access) => micros(() => decide(access))))

  const texts = range(0, BATCH, (index) => `${oneTable(index)} LIMIT 1`)
  const known = texts.map(read)
  known.forEach(decide)
  const equal = range(0, BATCHES, (index) => ({ ...(known[index % BATCH] as StatementAccess) }))
  const figures = {
    known: inBatches(texts, (text) => decide(read(text))),
    knownDecision: inBatches(known, decide),
    sameFacts: percentiles(equal.map((access) => micros(() => decide(access)))),
    unseen,
    unseenDecision,
    unseenJoin,
  }
  await readers.close()
  if (permitted !== asked) {
    throw new Error(`${asked - permitted} of ${asked} decisions were no permit: that is not what was meant`)
  }
  return figures
}

if (import.meta.main) {
  const figures = await measureDecisions()
  if (process.send === undefined) {
    console.log(figures)
  } else {
    process.once('disconnect', () => process.exit(0))
    process.send(figures)
  }
}

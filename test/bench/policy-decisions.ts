// node test/bench/policy-decisions.ts: how long a decision takes at first sight and from the cache, with the starter
// set and thirty policies more.

import {
  approvalRulesSchema,
  contentHashOf,
  PolicyEngine,
  readStarterPolicies,
  type StatementAccess,
} from '@sluice/policy'

const MORE_POLICIES = 30
const FIRST_SIGHTS = 3_000
const CACHED = 2_000
/** Decisions between two looks at the clock: one alone is shorter than the clock can tell. */
const BATCH = 200

const more = Array.from(
  { length: MORE_POLICIES },
  (_, index) => `@id("team-${index}") @approval("data-owner")
permit (principal in Group::"team-${index}", action in [Action::"sql:write", Action::"sql:ddl"], resource in Connection::"db-${index}")
when { !context.unfiltered && !context.kinds.contains("TRUNCATE") && (if context has purpose then context.purpose != "test" else true) };`,
)
const files = [...(await readStarterPolicies()), { name: '50-teams.cedar', text: more.join('\n') }]
const approvalRules = approvalRulesSchema.parse({ 'data-owner': { reviewers: ['group:data-owners'] } })
const engine = PolicyEngine.compile({ files, approvalRules }, contentHashOf({ files, approvalRules }))

const session = engine.session(
  { issuer: 'https://127.0.0.1', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null },
  { name: 'shop', protocol: 'postgres', labels: { env: 'prod' }, demo: true },
  { clientAddress: '127.0.0.1', purpose: 'ticket 4711', grants: [] },
  Date.now,
)

const accessTo = (table: string): StatementAccess => ({
  connection: 'shop',
  actions: ['sql:read'],
  resources: [`shop/${table}`],
  targets: [{ action: 'sql:read', table: `public.${table}` }],
  kinds: ['SELECT'],
  functions: ['count'],
  unfiltered: false,
  unknown: [],
  refusal: null,
  holdable: null,
})

let permitted = 0
let asked = 0
/** Counts what comes back: a decision that nobody looks at might not be made at all. */
const decide = (access: StatementAccess): void => {
  asked++
  if (session.decide(access).kind === 'permit') permitted++
}

const micros = (work: () => void): number => {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start) / 1_000
}

const print = (what: string, samples: readonly number[]): void => {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] as number).toFixed(3)
  console.log(`${what}: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs (${sorted.length} samples)`)
}

const sights = (from: number): number[] =>
  Array.from({ length: FIRST_SIGHTS }, (_, index) => {
    const access = accessTo(`t${from + index}`)
    return micros(() => decide(access))
  })

// The first round is for the compiler.
sights(0)
print('first sight, one table', sights(FIRST_SIGHTS))

const known = Array.from({ length: BATCH }, (_, index) => accessTo(`t${index}`))
for (const access of known) decide(access)
// In no order that a processor could foresee: one after the other they cost less.
const orders = Array.from({ length: 16 }, () =>
  Array.from({ length: BATCH }, () => known[Math.floor(Math.random() * BATCH)] as StatementAccess),
)
const batches = Array.from({ length: CACHED }, (_, batch) =>
  micros(() => {
    for (const access of orders[batch % orders.length] as readonly StatementAccess[]) decide(access)
  }),
)
print(
  'cached',
  batches.slice(CACHED / 2).map((each) => each / BATCH),
)

const equal = Array.from({ length: CACHED }, (_, index) => accessTo(`t${index % BATCH}`))
print(
  'another text with the same facts',
  equal.map((access) => micros(() => decide(access))),
)

if (permitted !== asked)
  throw new Error(`${asked - permitted} of ${asked} decisions were no permit: what was measured is not what was meant`)
console.log(`${asked} decisions, all permitted`)

// Two databases that differ in nothing but sensitive values look the same to a client of the gateway, byte for byte,
// whatever it asks.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { logIn, type WireClient } from '../stand/wire-client.ts'
import { ask, difference, isFailed, isRefused } from './non-interference-client.ts'
import { startTwins, type Twins } from './non-interference-databases.ts'
import { firstOf, newSeed, type Outcome, runQueries, summary } from './non-interference-run.ts'
import { constantOf, type Side } from './non-interference-values.ts'
import { type RandomQuery, rendered, toldByOrder } from './random-query.ts'
import { MASKING } from './random-query-schema.ts'

const LANES = 4
/** Whatever is not masking's own question. */
const ALL_BUT_REVEAL = {
  name: 'random.cedar',
  text: '@id("random") permit (principal, action, resource) unless { action == Action::"reveal" };',
}
const SIDES = ['left', 'right'] as const

const textFor = (side: Side, { template }: RandomQuery): string =>
  rendered(template, (index) => constantOf(side, 'pii.ssn', index))

describe.each([13, 18] as const)('through the gateway to PostgreSQL %i', (major) => {
  const seed = newSeed()
  let twins: Twins
  let proxies: readonly RunningProxy[]
  /** Of each lane the two clients. */
  let lanes: (readonly [WireClient, WireClient])[]

  const open = async (): Promise<readonly [WireClient, WireClient]> => {
    const [left, right] = await Promise.all(proxies.map(async (proxy) => logIn(proxy, await proxy.ticket())))
    if (left === undefined || right === undefined) throw new Error('two clients are needed')
    return [left, right]
  }

  beforeAll(async () => {
    twins = await startTwins(major)
    const options = { policies: [ALL_BUT_REVEAL], masking: MASKING, plannedBy: 'test' } as const
    proxies = await Promise.all(SIDES.map((side) => startProxy(twins.proxied[side], options)))
    lanes = await Promise.all(Array.from({ length: LANES }, open))
  }, 120_000)
  afterAll(async () => {
    for (const client of lanes?.flat() ?? []) client.end()
    await Promise.all(proxies?.map((proxy) => proxy.stop()) ?? [])
    await twins?.stop()
  })

  async function outcomeOf(query: RandomQuery, lane: number): Promise<Outcome> {
    const pair = lanes[lane] ?? (await open())
    const [left, right] = await Promise.all([
      ask(pair[0], query.way, textFor('left', query)),
      ask(pair[1], query.way, textFor('right', query)),
    ])
    // A session that the gateway ended is one that was seen to end: the next query has another.
    if (pair.some(({ closed }) => closed)) lanes[lane] = await open()
    const ordered = toldByOrder(query) === 'nothing'
    return { refused: isRefused(left), failed: isFailed(left), difference: difference(left, right, ordered) }
  }

  it('reading tells nothing of the values', { timeout: 600_000 }, async () => {
    const bounds = { count: 1500, withinMs: 20_000, lanes: LANES, accepts: ({ writes }: RandomQuery) => !writes }
    const run = await runQueries(seed, bounds, outcomeOf)
    console.info(summary(`random reads on PostgreSQL ${major}`, run))
    expect(firstOf(run.differences)).toEqual([])
    expect(run.shown / run.queries).toBeGreaterThan(1 / 3)
  })

  async function differencesOf(texts: readonly string[]): Promise<readonly unknown[]> {
    const [left, right] = lanes[0] ?? (await open())
    const found: unknown[] = []
    for (const text of texts) {
      const seen = await Promise.all([ask(left, 'simple', text), ask(right, 'simple', text)])
      expect(seen.map((replies) => isFailed(replies))).toEqual([false, false])
      found.push(difference(...seen))
    }
    return found.filter((each) => each !== null)
  }

  // Known leaks, each with its reason: when one is closed, its test begins to fail.

  // A merge join delivers rows in the order of the values, a hash join those without a match in the order of their hashes.
  // What the random queries leave out of the comparison (`toldByOrder`) goes with it.
  it('the order of rows that are joined by a tag still tells of the values', async () => {
    const found = await differencesOf([
      'select a.id from archive a join archive b on a.ssn = b.ssn limit 9',
      'select c.id, e.id from customers c left join employees e on c.ssn = e.ssn',
      'select array_agg(c.id) from customers c full join employees e on c.ssn = e.ssn',
    ])
    expect(found.length).toBeGreaterThan(0)
  })

  // An index that begins with a sensitive column and has all that is asked for is read in its order, whoever asks.
  it('the order of an index still tells of the values', async () => {
    const found = await differencesOf(['select id, ssn from archive', 'select id, ssn from archive limit 7'])
    expect(found.length).toBeGreaterThan(0)
  })

  // One after the other: what is written and undone stays in the files, in an order of its own.
  it('writing tells nothing of the values', { timeout: 600_000 }, async () => {
    const bounds = { count: 250, withinMs: 8_000, lanes: 1, accepts: ({ writes }: RandomQuery) => writes }
    const run = await runQueries(seed, bounds, outcomeOf)
    console.info(summary(`random writes on PostgreSQL ${major}`, run))
    expect(firstOf(run.differences)).toEqual([])
    expect(run.shown / run.queries).toBeGreaterThan(1 / 3)
  })
})

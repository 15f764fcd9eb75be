// Two databases that differ in nothing but sensitive values look the same to a client of the gateway, byte for byte,
// whatever it asks.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALL_BUT_REVEAL } from '../stand/control-plane.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { logIn, query, seenIn, type WireClient } from '../stand/wire-client.ts'
import { ask, difference, isFailed, isRefused } from './non-interference-client.ts'
import { startTwins, type Twins } from './non-interference-databases.ts'
import { firstOf, newSeed, type Outcome, runQueries, summary } from './non-interference-run.ts'
import { SIDES, type Side, ssnOf, vaultConstantOf } from './non-interference-values.ts'
import { type RandomQuery, rendered } from './random-query.ts'
import { MASKING } from './random-query-schema.ts'

const LANES = 4
const JOINED = 'select array_agg(a.id) from archive a left join employees e on e.ssn = a.ssn'

const textFor = (side: Side, { template }: RandomQuery): string => rendered(template, (index) => ssnOf(side, index))

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
    const options = { policies: ALL_BUT_REVEAL, masking: MASKING, plannedBy: 'test' } as const
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
    return { refused: isRefused(left), failed: isFailed(left), difference: difference(left, right) }
  }

  it('reading tells nothing of the values', { timeout: 600_000 }, async () => {
    const bounds = { count: 1500, withinMs: 12_000, lanes: LANES, accepts: ({ writes }: RandomQuery) => !writes }
    const run = await runQueries(seed, bounds, outcomeOf)
    console.info(summary(`random reads on PostgreSQL ${major}`, run))
    expect(firstOf(run.differences)).toEqual([])
    expect(run.shown / run.queries).toBeGreaterThan(1 / 3)
  })

  async function differencesOf(texts: readonly string[]): Promise<readonly unknown[]> {
    const [left, right] = lanes[0] ?? (await open())
    const found: unknown[] = []
    for (const text of texts) {
      for (const way of ['simple', 'extended', 'prepared twice', 'cursor', 'copy text', 'explain'] as const) {
        const on = (side: Side): string => rendered(text, (id) => vaultConstantOf(side, id))
        const seen = await Promise.all([ask(left, way, on('left')), ask(right, way, on('right'))])
        const errors = seen.flat().filter(({ type }) => type === 'E')
        expect([way, text, ...errors.map(seenIn)]).toEqual([way, text])
        // EXPLAIN repeats the constants.
        const different = way === 'explain' && text.includes('⟦') ? null : difference(...seen)
        if (different !== null) found.push([way, text, different])
      }
    }
    return found
  }

  // A merge join gives rows in the order of the values, a hash join those without a match in the order of their hashes.
  it('rows that are joined by a tag come in no order of the values', { timeout: 60_000 }, async () => {
    const found = await differencesOf([
      'select a.id from archive a join archive b on a.ssn = b.ssn limit 9',
      'select a.id, b.id from archive a join archive b using (ssn) where a.id < 3000',
      'select a.id, c.id from archive a right join customers c on c.ssn = a.ssn',
      JOINED,
      'select c.id, e.id from customers c left join employees e on c.ssn = e.ssn',
      'select id from customers where ssn in (select ssn from archive)',
      'select id from archive where ssn in (select ssn from customers) limit 20',
      'select id from archive a where exists (select from orders o where o.ssn = a.ssn)',
      'select id from customers c where not exists (select from archive a where a.ssn = c.ssn)',
    ])
    expect(found).toEqual([])
  })

  it('rows that are read by an index come in no order of the values', { timeout: 60_000 }, async () => {
    const found = await differencesOf([
      'select id from vault',
      'select id, ssn from vault limit 9',
      'select id from vault where ssn in (⟦7⟧, ⟦21⟧, ⟦1000⟧, ⟦1900⟧)',
      'select array_agg(id) from vault where ssn = ⟦1950⟧ or ssn = ⟦3⟧ or ssn = ⟦88⟧',
      'select count(distinct ssn), array_agg(id) from vault',
      'select id, ssn from archive',
      'select id, ssn from archive limit 7',
      "select id, ssn from archive where city = 'Lyon'",
      "select id, page from archive where city = 'Lyon' limit 5",
      'select id from archive where id between 7 and 9000 and city is null',
      "select string_agg(id::text, ' ') from archive where city = 'Oslo'",
      'select count(distinct ssn), array_agg(id) from archive',
      'select city, count(distinct ssn), array_agg(id) from archive group by city',
      "select id, count(*) over () from archive where city = 'Oslo' limit 3",
    ])
    expect(found).toEqual([])
  })

  it('nothing that a client may do brings that order back', { timeout: 60_000 }, async () => {
    const [left, right] = lanes[0] ?? (await open())
    for (const text of ['discard all', 'reset all', "select set_config('sluice.enable_indexscan', 'on', false)"]) {
      await Promise.all([left.ask(query(text)), right.ask(query(text))])
      expect(await differencesOf(['select id, ssn from vault limit 9', JOINED])).toEqual([])
    }
  })

  it('a FULL JOIN by a tag, which can only be done in their order, is refused', async () => {
    const [left] = lanes[0] ?? (await open())
    const text = 'select array_agg(c.id) from customers c full join employees e on c.ssn = e.ssn'
    expect(isRefused(await ask(left, 'simple', text))).toBe(true)
    expect(isRefused(await ask(left, 'simple', text.replaceAll('ssn', 'id')))).toBe(false)
  })

  // One after the other: what is written and undone stays in the files, in an order of its own.
  it('writing tells nothing of the values', { timeout: 600_000 }, async () => {
    const bounds = { count: 250, withinMs: 5_000, lanes: 1, accepts: ({ writes }: RandomQuery) => writes }
    const run = await runQueries(seed, bounds, outcomeOf)
    console.info(summary(`random writes on PostgreSQL ${major}`, run))
    expect(firstOf(run.differences)).toEqual([])
    expect(run.shown / run.queries).toBeGreaterThan(1 / 3)
  })
})

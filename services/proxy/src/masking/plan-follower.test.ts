import { join } from 'node:path'
import { controlHash, type PublishedPlan, TOPICS } from '@sluice/events'
import {
  type CatalogSnapshot,
  type MaskPlan,
  type PlannedColumn,
  type PlannedRelation,
  PlanView,
  packPlan,
} from '@sluice/mask'
import { ControlReader, VersionMemory } from '@sluice/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AppendOptions, type ControlPlane, startControlPlane, until } from '../control-plane.fixture.ts'
import type { CatalogLook } from './catalog-watch.ts'
import { confirms } from './plan-coverage.ts'
import { PlanFollower } from './plan-follower.ts'

const MAX_AGE_MS = 60_000
const DATABASE = 16_400

let plane: ControlPlane
let follower: PlanFollower
let nowMs: number
/** What looks that are asked for find. */
let look: () => Promise<CatalogLook | null>

const hashOf = (name: string): string => name.repeat(64).slice(0, 64)

/** A catalog with one table; of another name it has a column more. */
function found(name: string, changes: Partial<CatalogSnapshot> = {}): CatalogLook {
  const column = { typmod: -1, comment: null, labels: [], generatedFrom: null, origins: [], bare: false }
  const columns = [{ ...column, attno: 1, name: 'id', type: 23, typeName: 'int4' }]
  if (name !== 'c') columns.push({ ...column, attno: 2, name: 'ssn', type: 25, typeName: 'text' })
  const table = { schema: 'public', comment: null, parents: [], keys: [], indexes: [], placedBy: [], code: [] }
  const catalog: CatalogSnapshot = {
    connection: 'shop',
    databaseId: DATABASE,
    databaseName: 'shop',
    serverMajor: 18,
    relations: [{ ...table, relid: 20_000, name: 'customers', kind: 'r', columns }],
    foreignKeys: [],
    types: [],
    standard: [],
    ...changes,
  }
  return { databaseId: catalog.databaseId, serverMajor: catalog.serverMajor, hash: hashOf(name), catalog }
}

function planOf(version: string, changes: Partial<MaskPlan> = {}): MaskPlan {
  return {
    connection: 'shop',
    databaseId: DATABASE,
    serverMajor: 18,
    version: hashOf(version),
    madeAt: nowMs * 1_000,
    catalogHash: hashOf('c'),
    relations: [],
    types: [],
    standard: [],
    tags: {},
    ...changes,
  }
}

function recordOf(plan: MaskPlan, changes: Partial<PublishedPlan> = {}): PublishedPlan {
  const { connection, version, databaseId, serverMajor, madeAt, catalogHash } = plan
  return {
    connection,
    version,
    databaseId,
    serverMajor,
    madeAt,
    catalogHash,
    policyVersion: 'p',
    body: packPlan(plan),
    memory: Buffer.alloc(0),
    ...changes,
  }
}

const append = (record: PublishedPlan, options: AppendOptions & { readonly as?: string } = {}): Promise<Buffer> =>
  plane.append(TOPICS.maskPlans, options.as ?? record.connection, record, options)

async function startFollower(): Promise<PlanFollower> {
  const { log, registry, trusted, dir } = plane
  const started = new PlanFollower({
    connections: ['shop', 'other'],
    maxAgeMs: MAX_AGE_MS,
    nowMs: () => nowMs,
    look: () => look(),
    onIncident: (incident) => plane.incidents.push(incident),
  })
  const reader = await ControlReader.open({
    log,
    registry,
    topic: TOPICS.maskPlans,
    keys: trusted,
    role: 'masker',
    memory: VersionMemory.open(join(dir, 'trust', 'plans.json')),
    onIncident: (incident) => started.notice(incident),
  })
  await started.follow(reader)
  return started
}

const codes = () => plane.incidents.map(({ code }) => code)
const firstIncident = () => until(codes, (seen) => seen.length > 0)
const version = () => follower.current('shop').plan.version
const versionIs = (name: string) =>
  until(
    () => follower.problems().get('shop') === null && version(),
    (seen) => seen === hashOf(name),
  )
const refusal = (connection = 'shop') => {
  try {
    follower.current(connection)
    return null
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

beforeEach(async () => {
  nowMs = 1_000_000
  look = () => Promise.resolve(null)
  plane = await startControlPlane()
})
afterEach(async () => {
  await follower.close()
  await plane.stop()
})

describe('the plan in force', () => {
  it('is the one that was published before, once the catalog was looked at', async () => {
    await append(recordOf(planOf('a')))
    follower = await startFollower()
    expect(refusal()).toBe('plan_missing')
    follower.looked('shop', found('c'))
    expect(version()).toBe(hashOf('a'))
    expect(follower.problems().get('shop')).toBeNull()
  })

  it('is missing before the first, and for each connection by itself', async () => {
    follower = await startFollower()
    follower.looked('shop', found('c'))
    expect(refusal()).toBe('plan_missing')
    await append(recordOf(planOf('a')))
    await versionIs('a')
    expect(refusal('other')).toBe('plan_missing')
    expect(refusal('unknown')).toBe('plan_missing')
    expect(follower.problems().get('other')).toContain('masker')
  })

  it('is a newer one at once, and tells who listens', async () => {
    const first = await append(recordOf(planOf('a')))
    follower = await startFollower()
    follower.looked('shop', found('c'))
    const told: string[] = []
    const stop = follower.onChange('shop', ({ plan }) => told.push(plan.version))
    const second = await append(recordOf(planOf('b')), { version: 2, previous: controlHash(first) })
    await versionIs('b')
    stop()
    await append(recordOf(planOf('d')), { version: 3, previous: controlHash(second) })
    await versionIs('d')
    expect(told).toEqual([hashOf('b')])
  })

  it.each<[string, Partial<CatalogSnapshot>]>([
    ['another database', { databaseId: DATABASE + 1 }],
    ['another version of PostgreSQL', { serverMajor: 17 }],
  ])('is never one of %s', async (_name, changes) => {
    await append(recordOf(planOf('a')))
    follower = await startFollower()
    follower.looked('shop', found('c', changes))
    expect(refusal()).toBe('plan_foreign')
  })
})

describe('a plan goes stale', () => {
  beforeEach(async () => {
    await append(recordOf(planOf('a')))
    follower = await startFollower()
    follower.looked('shop', found('c'))
  })

  it('when no look finds what it was made from', () => {
    nowMs += MAX_AGE_MS
    follower.looked('shop', found('d'))
    expect(refusal()).toBeNull()
    nowMs += 1
    expect(refusal()).toBe('plan_stale')
    expect(follower.problems().get('shop')).toContain('too old')
    follower.looked('shop', found('c'))
    expect(refusal()).toBeNull()
  })

  it('but not while it names all that is there', () => {
    const column: PlannedColumn = { attno: 1, name: 'id', type: 23, verdict: 'clean', tags: [], why: 'type' }
    const relation: PlannedRelation = {
      relid: 20_000,
      schema: 'public',
      name: 'customers',
      kind: 'r',
      readsRunCode: false,
      writesRunCode: false,
      placedByValue: false,
      columns: [column],
    }
    const about = (planned: PlannedRelation) =>
      confirms(found('c'), new PlanView(planOf('a', { catalogHash: hashOf('e'), relations: [planned] })))
    expect(about(relation)).toBe(true)
    expect(about({ ...relation, columns: [column, { ...column, attno: 2, name: 'more' }] })).toBe(true)
    expect(about({ ...relation, kind: 'v' })).toBe(false)
    expect(about({ ...relation, columns: [{ ...column, name: 'other' }] })).toBe(false)
    expect(about({ ...relation, columns: [{ ...column, type: 25 }] })).toBe(false)
    expect(about({ ...relation, relid: 20_001 })).toBe(false)
  })

  it('and stays so over a restart until a look confirms it', async () => {
    nowMs += MAX_AGE_MS + 1
    await follower.close()
    follower = await startFollower()
    follower.looked('shop', found('d'))
    expect(refusal()).toBe('plan_stale')
    follower.looked('shop', found('c'))
    expect(refusal()).toBeNull()
  })

  it('also where the masker has the later clock', async () => {
    await follower.close()
    await append(recordOf(planOf('e', { connection: 'other', madeAt: (nowMs + 10 * MAX_AGE_MS) * 1_000 })))
    follower = await startFollower()
    follower.looked('other', found('d'))
    nowMs += MAX_AGE_MS + 1
    expect(refusal('other')).toBe('plan_stale')
  })
})

describe('what can not be trusted', () => {
  let first: Buffer

  beforeEach(async () => {
    first = await append(recordOf(planOf('a')))
    follower = await startFollower()
    follower.looked('shop', found('c'))
  })

  const second = (record: PublishedPlan, options: AppendOptions = {}) =>
    append(record, { version: 2, previous: controlHash(first), ...options })

  it.each<[string, () => Promise<unknown>]>([
    ['foreign_key', () => second(recordOf(planOf('b')), { key: plane.keys.stranger })],
    ['wrong_role', () => second(recordOf(planOf('b')), { key: plane.keys.node })],
    ['wrong_role', () => second(recordOf(planOf('b')), { key: plane.keys.console })],
    ['fork', () => append(recordOf(planOf('b')))],
    ['deleted', () => plane.appendRaw(TOPICS.maskPlans, 'shop', Buffer.alloc(0))],
    ['plan_unreadable', () => second(recordOf(planOf('b'), { body: Buffer.from('{}') }))],
    ['plan_content', () => second(recordOf(planOf('b'), { catalogHash: hashOf('d') }))],
    ['plan_content', () => second(recordOf(planOf('b'), { body: packPlan(planOf('d')) }))],
    [
      'plan_content',
      () =>
        append(recordOf(planOf('b', { connection: 'other' })), {
          as: 'shop',
          version: 2,
          previous: controlHash(first),
        }),
    ],
  ])('is an incident, and the last good plan holds for a time: %s', async (code, publish) => {
    await publish()
    await firstIncident()
    expect(codes()).toEqual([code])
    expect(version()).toBe(hashOf('a'))
    nowMs += MAX_AGE_MS
    // The catalog says nothing of what the masker knows.
    follower.looked('shop', found('c'))
    expect(refusal()).toBeNull()
    nowMs += 1
    expect(refusal()).toBe('plan_stale')
  })

  it('is an older plan, after a restart too', async () => {
    await second(recordOf(planOf('b')))
    await versionIs('b')
    await append(recordOf(planOf('a')))
    await firstIncident()
    expect(codes()).toEqual(['rollback'])
    await follower.close()
    plane.incidents.length = 0
    follower = await startFollower()
    follower.looked('shop', found('c'))
    expect(codes()).toEqual(['rollback'])
    expect(version()).toBe(hashOf('b'))
  })

  it('is over with a newer good plan', async () => {
    await second(recordOf(planOf('b')), { key: plane.keys.stranger })
    await firstIncident()
    nowMs += MAX_AGE_MS + 1
    expect(refusal()).toBe('plan_stale')
    await second(recordOf(planOf('b')))
    await versionIs('b')
  })
})

describe('a fresher plan', () => {
  let first: Buffer

  beforeEach(async () => {
    first = await append(recordOf(planOf('a')))
    follower = await startFollower()
    follower.looked('shop', found('c'))
  })

  it('is waited for while the catalog is another', async () => {
    look = async () => {
      await append(recordOf(planOf('b', { catalogHash: hashOf('d') })), { version: 2, previous: controlHash(first) })
      return found('d')
    }
    const fresher = await follower.fresher('shop', hashOf('a'), 60_000)
    expect(fresher?.plan.version).toBe(hashOf('b'))
  })

  it('is not waited for where nothing has changed, or nobody knows', async () => {
    look = () => Promise.resolve(found('c'))
    expect(await follower.fresher('shop', hashOf('a'), 60_000)).toBeNull()
    look = () => Promise.resolve(null)
    expect(await follower.fresher('shop', hashOf('a'), 60_000)).toBeNull()
    expect(await follower.fresher('unknown', hashOf('a'), 60_000)).toBeNull()
  })

  it('is there already where another version was asked about', async () => {
    look = () => Promise.resolve(found('c'))
    expect((await follower.fresher('shop', hashOf('0'), 60_000))?.plan.version).toBe(hashOf('a'))
  })

  it('is waited for only so long', async () => {
    look = () => Promise.resolve(found('d'))
    expect(await follower.fresher('shop', hashOf('a'), 20)).toBeNull()
  })
})

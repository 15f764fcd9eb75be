import { TOPICS } from '@sluice/events'
import type { EventLog, Producer } from '@sluice/stream'
import { afterEach, describe, expect, it } from 'vitest'
import { catalogOf, newKey, PlanWorld, verdictOf } from './plan-world.fixture.ts'

let world: PlanWorld

afterEach(() => world.stop())

const PLAIN = catalogOf({ name: null, email: null, note: null })
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 10_000, interval: 5 }).toBe(true)

describe('plans', () => {
  it('are made of what is published, signed, and again when something changes', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    const { service } = await world.run()
    const first = await world.planWhere(() => true)
    expect([verdictOf(first, 'name'), verdictOf(first, 'email'), verdictOf(first, 'note')]).toEqual([
      'clean',
      'pii.email',
      'scanned',
    ])
    expect(service.desk.view('shop')?.plan).toEqual(first)
    expect(service.problems()).toEqual([])

    const began = performance.now()
    await world.publishCatalog(catalogOf({ name: 'sluice:pii.name', email: null, note: null }))
    const second = await world.planWhere((plan) => plan.version !== first.version)
    expect(verdictOf(second, 'name')).toBe('pii.name')
    expect(performance.now() - began).toBeLessThan(3_000)

    await world.publishRules({ columns: [{ match: '*/*.*.note', tag: 'pii.note' }] })
    const third = await world.planWhere((plan) => plan.version !== second.version)
    expect([verdictOf(third, 'name'), verdictOf(third, 'note')]).toEqual(['pii.name', 'pii.note'])
    expect(world.incidents).toEqual([])
  })

  it('are not published again where nothing changed, after a restart neither', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    const first = await world.run()
    await world.planWhere(() => true)
    await first.stop()
    // A proxy that starts again publishes what it sees.
    await world.publishCatalog(PLAIN)
    const { service } = await world.run()
    await service.started()
    await service.desk.settled()
    expect(service.desk.view('shop')).not.toBeNull()
    await world.publishCatalog(PLAIN)
    await world.publishCatalog(catalogOf({ name: null }, 'other'))
    await world.planWhere(() => true, 'other')
    expect((await world.plans()).map(({ connection }) => connection)).toEqual(['shop', 'other'])
  })

  it('wait for the first policies: rules may be stricter than what is built in', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    const { service } = await world.run()
    await service.started()
    await service.desk.settled()
    expect(await world.plans()).toEqual([])
    expect(service.problems()).toEqual([expect.stringContaining('no policy set was published yet')])
    await world.publishRules({ columns: [{ match: '*/*.*.name', tag: 'pii.name' }] })
    expect(verdictOf(await world.planWhere(() => true), 'name')).toBe('pii.name')
  })

  it('wait for a certificate, without which nobody would heed them', async () => {
    world = await PlanWorld.start(['node', 'console'])
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    const { service } = await world.run()
    await until(() => service.problems().some((problem) => problem.includes('has no certificate')))
    await world.certify(world.masker, 'masker', 'masker')
    await world.planWhere(() => true)
    expect(service.problems()).toEqual([])
  })

  it('remember what was said of a column, in the log alone', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(catalogOf({ name: 'sluice:pii.name' }))
    await world.publishRules()
    const first = await world.run()
    await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.name')
    first.service.desk.raise(
      'shop',
      { relid: 20_001, attno: 1, place: { schema: 'public', table: 'customers', column: 'name' } },
      'pii.ssn',
    )
    await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.name+pii.ssn')
    await first.stop()
    await world.publishCatalog(catalogOf({ title: null, more: null }))
    await world.run()
    const renamed = await world.planWhere((plan) => verdictOf(plan, 'title') !== 'not there')
    expect(verdictOf(renamed, 'title')).toBe('pii.name+pii.ssn')
    // Only a signed rule that names the column takes it away.
    await world.publishRules({ columns: [{ match: 'shop/public.customers.title', verdict: 'clean' }] })
    await world.planWhere((plan) => verdictOf(plan, 'title') === 'clean')
  })

  it('are not made anew where those before are lost: what was said of columns would be, too', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    const first = await world.run()
    await world.planWhere(() => true)
    await first.stop()
    await (await world.run()).stop()
    const withoutPlans = hiding(world.log, TOPICS.maskPlans)
    const { service } = await world.run(withoutPlans)
    await service.started()
    await service.desk.settled()
    expect(service.problems()).toEqual([expect.stringContaining('is not in the log any more')])
    expect(world.incidents.map(({ code, topic }) => [code, topic])).toEqual([['deleted', TOPICS.maskPlans]])
    expect(await world.plans()).toHaveLength(1)
  })

  it('are published when the log takes them again', async () => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    const broken = { failures: 3 }
    const { service } = await world.run(failing(world.log, TOPICS.maskPlans, broken))
    await until(() => service.problems().some((problem) => problem.includes("can't be made or published")))
    await world.planWhere(() => true)
    await service.desk.settled()
    expect(broken.failures).toBe(0)
    expect(service.problems()).toEqual([])
  })
})

describe('what nodes say', () => {
  it('counts together: none takes away what another one says', async () => {
    world = await PlanWorld.start()
    await world.addNode('node-2')
    await world.publishCatalog(catalogOf({ name: 'sluice:pii.name' }))
    await world.publishRules()
    await world.run()
    const first = await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.name')
    const silent = catalogOf({ name: null, code: null })
    await world.publishCatalog(silent, 'node-2')
    const second = await world.planWhere((plan) => plan.version !== first.version)
    expect([verdictOf(second, 'name'), verdictOf(second, 'code')]).toEqual(['pii.name', 'clean'])
    expect(world.incidents).toEqual([])
  })

  const foreign = newKey()

  it.each<readonly [string, (world: PlanWorld) => Promise<void>, string]>([
    [
      'by a key without a certificate',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', {}, foreign),
      'foreign_key',
    ],
    [
      'by another service',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', {}, at.console),
      'wrong_role',
    ],
    [
      'for another node',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', { nodeId: 'node-2' }),
      'catalog_mismatch',
    ],
    [
      'of another connection',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', { connection: 'other' }),
      'catalog_mismatch',
    ],
    [
      'of another database',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', { databaseId: 1 }),
      'catalog_mismatch',
    ],
    [
      'with another hash',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', { contentHash: 'a' }),
      'catalog_content',
    ],
    [
      'that can’t be read',
      (at) => at.publishCatalog(catalogOf({ evil: null }), 'node-1', { body: Buffer.from('x') }),
      'catalog_content',
    ],
  ])('counts for nothing %s', async (_what, publish, code) => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules()
    await world.run()
    const before = await world.planWhere(() => true)
    await publish(world)
    await until(() => world.incidents.length > 0)
    expect(world.incidents.map((incident) => incident.code)).toContain(code)
    expect(await world.planWhere(() => true)).toEqual(before)
  })
})

describe('policy sets that can’t be used', () => {
  it.each([
    ['policy_content', '{"columns":[{"match":"*/*.*.name","verdict":"clean"}]}'],
    ['policy_invalid', '{"columns":7}'],
  ])('are an incident (%s), and the rules before them hold', async (code, masking) => {
    world = await PlanWorld.start()
    await world.publishCatalog(PLAIN)
    await world.publishRules({ columns: [{ match: '*/*.*.name', tag: 'pii.name' }] })
    const { service } = await world.run()
    const before = await world.planWhere(() => true)
    await world.publishRules({}, { masking })
    await until(() => world.incidents.length > 0)
    expect(world.incidents.map((incident) => incident.code)).toEqual([code])
    await service.desk.settled()
    expect(verdictOf(await world.planWhere(() => true), 'name')).toBe('pii.name')
    expect(await world.plans()).toHaveLength(1)
    expect(before.version).toBe(service.desk.view('shop')?.plan.version)
  })
})

/** The log as one that lost a topic. */
function hiding(log: EventLog, topic: string): EventLog {
  return new Proxy(log, {
    get(target, property) {
      if (property !== 'consumer') return bound(target, property)
      return (options: Parameters<EventLog['consumer']>[0]) =>
        target.consumer({ ...options, topics: options.topics.map((each) => (each === topic ? `${each}.lost` : each)) })
    },
  })
}

/** The log as one that doesn't take some records. */
function failing(log: EventLog, topic: string, broken: { failures: number }): EventLog {
  return new Proxy(log, {
    get(target, property) {
      if (property !== 'producer') return bound(target, property)
      return async (...[name, options]: Parameters<EventLog['producer']>): Promise<Producer> => {
        const producer = await target.producer(name, options)
        return new Proxy(producer, {
          get(real, method) {
            if (method !== 'append' || name !== topic || broken.failures === 0) return bound(real, method)
            return async () => {
              broken.failures -= 1
              throw new Error('the disk is full')
            }
          },
        })
      }
    },
  })
}

function bound<Target extends object>(target: Target, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property)
  return typeof value === 'function' ? value.bind(target) : value
}

import { type PublishedCatalog, UpstreamFailed } from '@sluice/events'
import { type CatalogSnapshot, unpackCatalog } from '@sluice/mask'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../control-plane.fixture.ts'
import { type CatalogLook, CatalogWatch } from './catalog-watch.ts'

const NEVER_MS = 3_600_000

let catalog: CatalogSnapshot
let read: (signal: AbortSignal) => Promise<CatalogSnapshot>
let reads: number
let published: PublishedCatalog[]
let publish: (record: PublishedCatalog) => Promise<void>
let looks: CatalogLook[]
let watch: CatalogWatch
let said: string[]

const named = (databaseName: string): CatalogSnapshot => ({
  connection: 'shop',
  databaseId: 16_400,
  databaseName,
  serverMajor: 18,
  relations: [],
  foreignKeys: [],
  types: [],
  standard: [],
})

function watchEvery(everyMs: number): CatalogWatch {
  return new CatalogWatch({
    connection: 'shop',
    nodeId: 'node-1',
    read: (signal) => {
      reads += 1
      return read(signal)
    },
    publish: (record) => publish(record),
    everyMs,
    onLook: (look) => looks.push(look),
    log: { info: told, error: told },
  })
}

const told = ({ event }: { readonly event: string }): void => void said.push(event)

beforeEach(() => {
  catalog = named('one')
  reads = 0
  read = () => Promise.resolve(catalog)
  published = []
  publish = (record) => {
    published.push(record)
    return Promise.resolve()
  }
  looks = []
  said = []
  watch = watchEvery(NEVER_MS)
})
afterEach(() => watch.close())

describe('a watch', () => {
  it('publishes what it finds, and again only what has changed', async () => {
    watch.start()
    await until(
      () => looks.length,
      (count) => count === 1,
    )
    expect(published).toMatchObject([{ connection: 'shop', nodeId: 'node-1', databaseId: 16_400, serverMajor: 18 }])
    expect(unpackCatalog(published[0]?.body as Buffer)).toEqual(catalog)
    await watch.look()
    expect(published).toHaveLength(1)
    catalog = named('two')
    const look = await watch.look()
    expect(published).toHaveLength(2)
    expect(published[1]?.contentHash).toBe(look?.hash)
    expect(looks.map(({ hash }) => hash)).toEqual(
      [published[0], published[0], published[1]].map((each) => each?.contentHash),
    )
  })

  it('looks by itself every now and then', async () => {
    watch = watchEvery(1)
    watch.start()
    const seen = await until(
      () => reads,
      (count) => count >= 3,
    )
    expect(seen).toBeGreaterThanOrEqual(3)
  })

  it('lets those who ask meanwhile share the next look, which begins after they asked', async () => {
    const gate = Promise.withResolvers<void>()
    read = async () => {
      const seen = catalog
      await gate.promise
      return seen
    }
    const running = watch.look()
    await until(
      () => reads,
      (count) => count === 1,
    )
    catalog = named('two')
    const asked = [watch.look(), watch.look(), watch.look()]
    gate.resolve()
    const [first, ...others] = await Promise.all([running, ...asked])
    expect(reads).toBe(2)
    expect(others.every((look) => look?.hash === published[1]?.contentHash)).toBe(true)
    expect(first?.hash).toBe(published[0]?.contentHash)
  })

  it('keeps a distance between looks, however many are asked for', async () => {
    const began = performance.now()
    for (let count = 0; count < 4; count++) await watch.look()
    expect(performance.now() - began).toBeGreaterThan(3 * 240)
  })

  it('tells a failure once, and tries again', async () => {
    watch = watchEvery(1)
    const failing = () => Promise.reject(new UpstreamFailed('upstream_unreachable', 'gone'))
    read = failing
    watch.start()
    await until(
      () => reads,
      (count) => count >= 2,
    )
    expect(await watch.look()).toBeNull()
    expect(looks).toEqual([])
    read = () => Promise.resolve(catalog)
    await until(
      () => looks.length,
      (count) => count > 0,
    )
    expect(said.filter((event) => event === 'catalog_failed')).toHaveLength(1)
    expect(said.filter((event) => event === 'catalog_readable')).toHaveLength(1)
  })

  it('publishes again what the log did not take', async () => {
    const works = publish
    publish = () => Promise.reject(new Error('the disk is full'))
    expect(await watch.look()).toBeNull()
    publish = works
    await watch.look()
    expect(published).toHaveLength(1)
  })

  it('ends while it looks', async () => {
    read = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new UpstreamFailed('upstream_timeout', 'ended')))
      })
    watch.start()
    await until(
      () => reads,
      (count) => count === 1,
    )
    await watch.close()
    expect(said).toEqual([])
  })

  it('ends while it waits, and looks no more', async () => {
    watch.start()
    await until(
      () => looks.length,
      (count) => count === 1,
    )
    await watch.close()
    expect(await watch.look()).toBeNull()
    expect(reads).toBe(1)
  })
})

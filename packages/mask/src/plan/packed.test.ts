import { zstdCompressSync } from 'node:zlib'
import { PeerInvalid } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { column, relation, SHOP } from './catalog.fixture.ts'
import { catalogHash } from './catalog.ts'
import { packCatalog, unpackCatalog, unpackPlan } from './packed.ts'

const packed = (value: unknown): Buffer => zstdCompressSync(JSON.stringify(value))

describe('a packed catalog', () => {
  it('is read as it was', () => {
    expect(unpackCatalog(packCatalog(SHOP))).toEqual(SHOP)
  })

  it.each<readonly [string, object]>([
    ['a field too many', { more: 1 }],
    ['no relations', { relations: undefined }],
    ['a relation twice', { relations: [SHOP.relations[0], SHOP.relations[0]] }],
    ['a column twice', { relations: [relation(20_009, 't', [column(1, 'a'), column(1, 'b')])] }],
    ['an attribute number beyond all', { relations: [relation(20_009, 't', [column(1_601, 'a')])] }],
    ['a function of the database’s own as initdb’s', { standard: [{ kind: 'function', id: 16_384, name: 'f' }] }],
    [
      'a type of PostgreSQL’s own as the database’s',
      {
        types: [{ typeId: 25, name: 'text', kind: 'b', base: null, ioBuiltin: true, checks: 'none', relid: null }],
      },
    ],
    [
      'a foreign key with ends of other lengths',
      {
        foreignKeys: [{ name: 'f', relid: 20_001, columns: [1], references: { relid: 20_002, columns: [] } }],
      },
    ],
  ])('is refused with %s', (_what, changes) => {
    expect(() => unpackCatalog(packed({ ...SHOP, ...changes }))).toThrow(PeerInvalid)
  })

  it('is refused where it is no JSON, not compressed, or a plan', () => {
    for (const body of [Buffer.alloc(0), Buffer.from('{}'), zstdCompressSync('{'), packCatalog(SHOP).subarray(0, 40)]) {
      expect(() => unpackCatalog(body)).toThrow(PeerInvalid)
    }
    expect(() => unpackPlan(packCatalog(SHOP))).toThrow(PeerInvalid)
  })
})

describe('the hash of a catalog', () => {
  it('is the same whatever the order, and another for any other fact', () => {
    const hash = catalogHash(SHOP)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(catalogHash({ ...SHOP, relations: SHOP.relations.toReversed() })).toBe(hash)
    const [customers, orders] = SHOP.relations
    const others = [
      { ...SHOP, databaseId: 1 },
      { ...SHOP, relations: [customers] },
      { ...SHOP, relations: [{ ...customers, comment: 'x' }, orders] },
      { ...SHOP, relations: [{ ...customers, columns: customers?.columns.slice(1) }, orders] },
    ]
    const hashes = others.map((other) => catalogHash(other as never))
    expect(new Set([hash, ...hashes]).size).toBe(others.length + 1)
  })
})

import { describe, expect, it } from 'vitest'
import { CUSTOMERS, catalogOf, column, relation, SHOP } from './catalog.fixture.ts'
import type { CatalogColumn, CatalogSnapshot } from './catalog.ts'
import { plan, verdictOf } from './plan.fixture.ts'
import { uniteCatalogs } from './unite-catalogs.ts'

const one = (changes: Partial<CatalogColumn>, more: Partial<CatalogSnapshot> = {}): CatalogSnapshot =>
  catalogOf([relation(CUSTOMERS, 'customers', [column(1, 'name', changes)])], more)

describe('catalogs of several nodes', () => {
  it('are one where they are the same', () => {
    expect(uniteCatalogs([SHOP, SHOP])).toEqual(SHOP)
    expect(uniteCatalogs([SHOP])).toBe(SHOP)
  })

  it('add what one of them leaves out', () => {
    const silent = one({ comment: 'a name' })
    const honest = one({ comment: 'sluice:pii.name' })
    for (const both of [uniteCatalogs([silent, honest]), uniteCatalogs([honest, silent])]) {
      expect(verdictOf(plan(both).plan, 'customers.name')).toBe('pii.name')
    }
    const without = catalogOf([])
    expect(uniteCatalogs([without, honest]).relations).toEqual(honest.relations)
  })

  it('are not believed in what another one contradicts', () => {
    const view = (origins: CatalogColumn['origins']) =>
      catalogOf([...SHOP.relations, relation(20_050, 'seen', [column(1, 'x', { origins, bare: true })], { kind: 'm' })])
    const lying = view([])
    expect(verdictOf(plan(lying).plan, 'seen.x')).toBe('clean')
    expect(verdictOf(plan(uniteCatalogs([lying, view([{ relid: CUSTOMERS, attno: 4 }])])).plan, 'seen.x')).toBe(
      'pii.ssn',
    )
    expect(verdictOf(plan(uniteCatalogs([lying, view(null)])).plan, 'seen.x')).toBe('unknown')
    const type = { typeId: 30_000, name: 't', kind: 'd', base: 25, relid: null }
    const types = (changes: object) => catalogOf([], { types: [{ ...type, ...changes } as never] })
    const known = types({ ioBuiltin: true, checks: 'none' })
    const both = uniteCatalogs([known, types({ ioBuiltin: false, checks: 'code' })])
    expect(both.types).toMatchObject([{ ioBuiltin: false, checks: 'code' }])
    const standard = (name: string) => catalogOf([], { standard: [{ kind: 'function', id: 13_000, name }] })
    expect(uniteCatalogs([standard('a'), standard('b')]).standard).toEqual([])
    expect(uniteCatalogs([standard('a'), standard('a')]).standard).toHaveLength(1)
  })

  it('count for nothing where they are about another database or version', () => {
    const here = one({})
    expect(uniteCatalogs([here, one({ comment: 'sluice:a' }, { databaseId: 1 })])).toEqual(here)
    expect(uniteCatalogs([here, one({ comment: 'sluice:a' }, { serverMajor: 13 })])).toEqual(here)
  })
})

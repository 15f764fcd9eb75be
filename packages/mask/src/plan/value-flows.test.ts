import { describe, expect, it } from 'vitest'
import { CUSTOMERS, catalogOf, column, relation, SHOP } from './catalog.fixture.ts'
import type { CatalogColumn, CatalogRelation } from './catalog.ts'
import { CLEAN_CATALOG, plan, planned, verdictOf } from './plan.fixture.ts'

const customers = (changes: Readonly<Record<string, Partial<CatalogColumn>>>, more: Partial<CatalogRelation> = {}) =>
  relation(
    CUSTOMERS,
    'customers',
    ['id:int8', 'name', 'email', 'ssn', 'notes', 'born:date'].map((spec, index) =>
      column(index + 1, spec, changes[spec.split(':')[0] ?? '']),
    ),
    more,
  )

const view = (spec: string, origins: CatalogColumn['origins'], bare = true, kind = 'm'): CatalogRelation =>
  relation(20_050, 'seen', [column(1, spec, { origins, bare })], { kind })

describe('tags follow values', () => {
  const made = (...relations: readonly CatalogRelation[]) => plan(catalogOf([...SHOP.relations, ...relations])).plan

  it('into generated columns', () => {
    const generated = (from: readonly number[], code: CatalogRelation['code'] = []) => {
      const more = column(7, 'key:int8', { generatedFrom: from })
      const whole = customers({})
      return verdictOf(plan(catalogOf([{ ...whole, columns: [...whole.columns, more], code }])).plan, 'customers.key')
    }
    expect([generated([4]), generated([1]), generated([5]), generated([2, 3])]).toEqual([
      'pii.ssn',
      'clean',
      'unknown',
      'pii.email',
    ])
    expect(generated([1], [{ kind: 'generated', name: 'key', functions: [16_390] }])).toBe('unknown')
    expect(generated([99])).toBe('unknown')
  })

  it('into views and materialised views, through any number of them', () => {
    const ssn = { relid: CUSTOMERS, attno: 4 }
    for (const kind of ['v', 'm']) expect(verdictOf(made(view('x', [ssn], true, kind)), 'seen.x')).toBe('pii.ssn')
    const second = relation(20_051, 'again', [column(1, 'y:int8', { origins: [{ relid: 20_050, attno: 1 }] })], {
      kind: 'm',
    })
    const both = made(view('x', [ssn]), second)
    expect(verdictOf(both, 'again.y')).toBe('pii.ssn')
    expect(planned(both, 'seen.x').why).toBe('materialised view of public.customers.ssn')
    expect(planned(both, 'again.y').why).toContain('materialised view of public.seen.x')
  })

  it('as free text where it is the same text, unknown where it is computed of it', () => {
    const notes = { relid: CUSTOMERS, attno: 5 }
    expect(verdictOf(made(view('x', [notes], true)), 'seen.x')).toBe('scanned')
    expect(verdictOf(made(view('x', [notes], false)), 'seen.x')).toBe('unknown')
    expect(verdictOf(made(view('x', [{ relid: CUSTOMERS, attno: 2 }], false)), 'seen.x')).toBe('clean')
    expect(verdictOf(made(view('x', [])), 'seen.x')).toBe('clean')
  })

  it('or are unknown where nobody knows', () => {
    expect(verdictOf(made(view('x', null)), 'seen.x')).toBe('unknown')
    expect(verdictOf(made(view('x', [{ relid: 77_777, attno: 1 }])), 'seen.x')).toBe('unknown')
    expect(verdictOf(made(view('x', [{ relid: CLEAN_CATALOG, attno: 1 }])), 'seen.x')).toBe('clean')
    expect(verdictOf(made(view('x', [{ relid: 1_260, attno: 1 }])), 'seen.x')).toBe('unknown')
  })

  it('whatever a rule with stars says of the view; one that names a materialised view’s column is believed', () => {
    const ssn = [{ relid: CUSTOMERS, attno: 4 }]
    const of = (match: string, kind: string) => {
      const rules = { columns: [{ match, verdict: 'clean' as const }] }
      return verdictOf(plan(catalogOf([...SHOP.relations, view('id', ssn, true, kind)]), rules).plan, 'seen.id')
    }
    expect([of('*/*.*.id', 'm'), of('*/*.seen.id', 'm'), of('*/*.seen.id', 'v')]).toEqual([
      'pii.ssn',
      'clean',
      'pii.ssn',
    ])
  })

  it('between parents and children by name, both ways', () => {
    const child = relation(20_060, 'customers_1', ['status', 'ssn', 'name', 'extra'], { parents: [CUSTOMERS] })
    const commented = { ...child, columns: [column(1, 'name', { comment: 'sluice:pii.name' }), column(2, 'born:date')] }
    const below = made(child)
    expect([verdictOf(below, 'customers_1.name'), verdictOf(below, 'customers_1.ssn')]).toEqual(['clean', 'pii.ssn'])
    const text = { columns: [{ match: '*/*.customers_1.name', verdict: 'scanned' as const }] }
    expect(verdictOf(plan(catalogOf([...SHOP.relations, child]), text).plan, 'customers.name')).toBe('scanned')
    const above = made(commented)
    expect(verdictOf(above, 'customers.name')).toBe('pii.name')
    const rule = { columns: [{ match: '*/*.customers.born', tag: 'pii.birth' }] }
    expect(verdictOf(plan(catalogOf([...SHOP.relations, commented]), rule).plan, 'customers_1.born')).toBe('pii.birth')
  })

  it('along foreign keys, both ways', () => {
    const foreignKeys = [
      { name: 'f', relid: 20_002, columns: [2], references: { relid: CUSTOMERS, columns: [1] } },
    ] as const
    const of = (match: string, path: string) =>
      verdictOf(plan({ ...SHOP, foreignKeys }, { columns: [{ match, tag: 'pii.id' }] }).plan, path)
    expect(of('*/*.customers.id', 'orders.customer_id')).toBe('pii.id')
    expect(of('*/*.orders.customer_id', 'customers.id')).toBe('pii.id')
  })

  it('into columns that hold whole rows', () => {
    const types = [
      { typeId: 30_000, name: 'customers', kind: 'c', base: null, ioBuiltin: true, checks: 'none', relid: CUSTOMERS },
    ] as const
    const holder = relation(20_070, 'old', [column(1, 'row', { type: 30_000 })])
    const { plan: rows } = plan(catalogOf([...SHOP.relations, holder], { types }))
    expect(verdictOf(rows, 'old.row')).toBe('pii.email+pii.ssn+unknown')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogOf, column, relation } from './catalog.fixture.ts'
import type { CatalogColumn, CatalogRelation, CatalogSnapshot } from './catalog.ts'
import { closeTags } from './close-tags.ts'
import { maskingRulesSchema } from './masking-rules.ts'
import { packPlan, unpackPlan } from './packed.ts'
import { LISTED, plan } from './plan.fixture.ts'
import type { MaskPlan, Verdict } from './plan.ts'
import { packMemory, unpackMemory } from './plan-memory.ts'
import { uniteCatalogs } from './unite-catalogs.ts'
import { valueFlows } from './value-flows.ts'

const FIRST = 20_000
const RELATIONS = 6
const COLUMNS = 4

const relids = fc.integer({ min: FIRST, max: FIRST + RELATIONS })
const attnos = fc.integer({ min: 1, max: COLUMNS })
const specs = fc.constantFrom('id:int8', 'name', 'ssn', 'notes', 'email', 'born:date', 'note:jsonb', 'x:varchar')
const comments = fc.option(fc.constantFrom('', 'sluice:pii.a', 'sluice:clean', 'sluice:pii.b', 'words'), { nil: null })

const origins = fc.option(fc.array(fc.record({ relid: relids, attno: attnos }), { maxLength: 3 }), { nil: null })
const columns = fc
  .array(
    fc.record({
      spec: specs,
      comment: comments,
      origins,
      bare: fc.boolean(),
      generatedFrom: fc.option(fc.array(attnos, { maxLength: 2 }), { nil: null, freq: 4 }),
    }),
    { minLength: 1, maxLength: COLUMNS },
  )
  .map((all) =>
    all.map(({ spec, comment, ...rest }, index): CatalogColumn => {
      const [name = '', type = 'text'] = spec.split(':')
      return column(index + 1, `${name}${index}:${type}`, { comment, ...rest })
    }),
  )

const relations = fc
  .array(
    fc.record({
      columns,
      kind: fc.constantFrom('r', 'r', 'v', 'm', 'p', 'f'),
      parents: fc.array(relids, { maxLength: 1 }),
    }),
    { minLength: 1, maxLength: RELATIONS },
  )
  .map((all) =>
    all.map(
      ({ columns: own, kind, parents }, index): CatalogRelation =>
        relation(
          FIRST + index,
          `t${index}`,
          own.map((one) => (kind === 'v' || kind === 'm' ? { ...one, generatedFrom: null } : { ...one, origins: [] })),
          { kind, parents },
        ),
    ),
  )

const foreignKeys = fc.array(
  fc
    .record({ relid: relids, attno: attnos, other: relids, otherAttno: attnos })
    .map(({ relid, attno, other, otherAttno }) => ({
      name: 'f',
      relid,
      columns: [attno],
      references: { relid: other, columns: [otherAttno] },
    })),
  { maxLength: 3 },
)

const catalogs: fc.Arbitrary<CatalogSnapshot> = fc
  .record({ relations, foreignKeys })
  .map(({ relations: own, ...rest }) => catalogOf(own, rest))

const rules = fc
  .array(
    fc.record({
      table: fc.constantFrom('*', 't0', 't1', 't2'),
      column: fc.constantFrom('*', 'name0', 'ssn0', 'id*', '*1'),
      says: fc.constantFrom({ tag: 'pii.r' }, { verdict: 'clean' as const }, { verdict: 'scanned' as const }),
    }),
    { maxLength: 3 },
  )
  .map((all) => ({ columns: all.map(({ table, column: name, says }) => ({ match: `*/*.${table}.${name}`, ...says })) }))

const HEIGHT: Readonly<Record<Verdict, number>> = { clean: 0, scanned: 1, tagged: 2 }
const columnsOf = (made: MaskPlan) =>
  made.relations.flatMap(({ relid, columns: all }) => all.map((one) => ({ relid, ...one })))

/** The catalog with a text added to the comment of one column. */
function commented(catalog: CatalogSnapshot, index: number, text: string): CatalogSnapshot {
  let left = index % catalog.relations.reduce((sum, { columns: all }) => sum + all.length, 0)
  return {
    ...catalog,
    relations: catalog.relations.map((one) => ({
      ...one,
      columns: one.columns.map((each) => (left-- === 0 ? { ...each, comment: `${each.comment ?? ''} ${text}` } : each)),
    })),
  }
}

/** Without what the other doesn't have: that may well tell where something unknown comes from. */
function within(catalog: CatalogSnapshot, other: CatalogSnapshot): CatalogSnapshot {
  const known = new Map(other.relations.map(({ relid, columns: all }) => [relid, all.length]))
  return {
    ...catalog,
    relations: catalog.relations
      .filter(({ relid }) => known.has(relid))
      .map((one) => ({ ...one, columns: one.columns.slice(0, known.get(one.relid)) })),
  }
}

describe('a plan', () => {
  it('never becomes cleaner by a comment', () => {
    const texts = fc.constantFrom('sluice:clean', 'sluice:pii.c', 'sluice:', 'clean', 'sluice:clean sluice:pii.a')
    fc.assert(
      fc.property(catalogs, rules, fc.nat(), texts, (catalog, written, index, text) => {
        const before = columnsOf(plan(catalog, written).plan)
        const after = columnsOf(plan(commented(catalog, index, text), written).plan)
        for (const [position, one] of before.entries()) {
          expect(HEIGHT[after[position]?.verdict ?? 'clean']).toBeGreaterThanOrEqual(HEIGHT[one.verdict])
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never has a clean view of a column that is not', () => {
    fc.assert(
      fc.property(catalogs, rules, (catalog, written) => {
        const made = plan(catalog, written).plan
        const height = new Map(columnsOf(made).map((one) => [`${one.relid}.${one.attno}`, HEIGHT[one.verdict]]))
        for (const { relid, kind, columns: all } of catalog.relations.filter((one) => one.kind === 'v')) {
          for (const { attno, origins: from } of all) {
            const own = height.get(`${relid}.${attno}`) ?? 0
            expect([kind, own]).not.toEqual(from === null ? ['v', 0] : [])
            for (const origin of from ?? [])
              expect(own > 0 || height.get(`${origin.relid}.${origin.attno}`) === 0).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never becomes cleaner by what another node says', () => {
    fc.assert(
      fc.property(catalogs, catalogs, rules, (newest, older, written) => {
        const alone = columnsOf(plan(newest, written).plan)
        const united = new Map(
          columnsOf(plan(uniteCatalogs([newest, within(older, newest)]), written).plan).map((one) => [
            `${one.relid}.${one.attno}`,
            HEIGHT[one.verdict],
          ]),
        )
        for (const { relid, attno, verdict } of alone) {
          expect(united.get(`${relid}.${attno}`)).toBeGreaterThanOrEqual(HEIGHT[verdict])
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is closed: nothing flows any more', () => {
    fc.assert(
      fc.property(catalogs, (catalog) => {
        const made = plan(catalog).plan
        const states = new Map(
          columnsOf(made).map(({ relid, attno, verdict, tags, why }) => [
            `${relid}.${attno}`,
            { verdict, tags, why, final: false },
          ]),
        )
        expect([...closeTags(states, valueFlows(catalog, LISTED))]).toEqual([...states])
      }),
      { numRuns: 300 },
    )
  })

  it('is the same whatever the order, and read as it was written', () => {
    fc.assert(
      fc.property(catalogs, rules, fc.nat(), (catalog, written, turn) => {
        const made = plan(catalog, written)
        const turned = {
          ...catalog,
          relations: [...catalog.relations.slice(turn % 3), ...catalog.relations.slice(0, turn % 3)].map((one) => ({
            ...one,
            columns: one.columns.toReversed(),
          })),
          foreignKeys: catalog.foreignKeys.toReversed(),
        }
        expect(plan(turned, written).plan).toEqual(made.plan)
        expect(unpackPlan(packPlan(made.plan))).toEqual(made.plan)
        expect(unpackMemory(packMemory(made.memory))).toEqual(made.memory)
        // What was remembered of a catalog says nothing new of the same.
        expect(plan(catalog, written, made.memory)).toEqual(made)
        expect(maskingRulesSchema.safeParse(written).success).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

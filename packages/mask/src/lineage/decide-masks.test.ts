import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decideMasks } from './decide-masks.ts'
import type { Lineage, Output, Source, Touch } from './lineage.ts'
import type { MaskDecision } from './mask-decision.ts'
import { lineageOf } from './read-lineage.ts'
import { type RealLineage, realLineage } from './real-lineage.fixture.ts'
import { decisionWords } from './tested-statements.fixture.ts'

let real: RealLineage
beforeAll(async () => {
  real = await realLineage(18)
})
afterAll(async () => {
  await real.stop()
})

const SSN: Source = { relid: 1, attno: 1, name: 'public.people.ssn', verdict: 'tagged', tags: ['pii.ssn'] }
const NOTES: Source = { relid: 1, attno: 2, name: 'public.people.notes', verdict: 'scanned', tags: [] }
const TWOFOLD: Source = { ...SSN, attno: 3, name: 'public.people.twofold', tags: ['pii.ssn', 'pii.email'] }

const lineage = (parts: Partial<Lineage>): Lineage => ({
  command: 'select',
  outputs: [],
  touches: [],
  sinks: [],
  sensitiveValues: [],
  relations: [],
  unplanned: [],
  harmless: false,
  unknown: [],
  ...parts,
})

const output = (bare: boolean, ...sources: Source[]): Output => ({ name: 'x', type: 25, sources, bare })

const compared = (kind: Touch['kind'], parts: Partial<Touch> = {}): Touch => ({
  sources: [SSN],
  how: 'compare',
  operation: 'LIKE',
  kind,
  values: kind === 'constants' ? 1 : 0,
  literals: kind === 'constants' ? [10] : [],
  parameters: [],
  ...parts,
})

const decide = (parts: Partial<Lineage>, reveals: readonly string[] = []): MaskDecision =>
  decideMasks(lineage(parts), real.view, new Set(reveals))

const words = (parts: Partial<Lineage>, ...reveals: string[]): string =>
  decisionWords(decide(parts, reveals), lineage(parts))

describe('what a subject may see', () => {
  test('is shown, and only if it may see every tag of it', () => {
    expect(words({ outputs: [output(true, SSN)] })).toBe('redact(pii.ssn)')
    expect(words({ outputs: [output(true, SSN)] }, 'pii.ssn')).toBe('clear')
    expect(words({ outputs: [output(false, TWOFOLD)] }, 'pii.ssn')).toBe('constant(pii.email)')
    expect(words({ outputs: [output(false, TWOFOLD)] }, 'pii.ssn', 'pii.email')).toBe('clear')
  })

  test('does not uncover what is combined with something else', () => {
    expect(words({ outputs: [output(false, SSN, NOTES)] }, 'pii.ssn')).toBe('constant(unknown)')
    expect(words({ outputs: [output(false, SSN, NOTES)] }, 'unknown')).toBe('constant(pii.ssn)')
  })

  test('is free text only where it may see what nobody could trace', () => {
    expect(words({ outputs: [output(true, NOTES)] }, 'pii.ssn')).toBe('scan')
    expect(words({ outputs: [output(true, NOTES)] }, 'unknown')).toBe('clear')
    expect(words({ outputs: [output(true, { ...NOTES, tags: ['pii.ssn'] })] }, 'pii.ssn')).toBe('scan')
  })

  test('may be compared in any way, and does not count', () => {
    expect(words({ touches: [compared('other')] })).toContain(
      '! tag_touch people.ssn (pii.ssn) may not be compared with LIKE',
    )
    expect(words({ touches: [compared('other')] }, 'pii.ssn')).toBe('none')
    expect(words({ touches: [compared('constants', { values: 99 })] }, 'pii.ssn')).toBe('none')
    expect(words({ touches: [compared('other', { sources: [SSN, NOTES] })] }, 'pii.ssn')).toContain(
      '! tag_touch people.notes',
    )
  })

  test('may still not be written where it would be shown to others', () => {
    const sink = { target: { relid: 2, attno: 1 }, targetName: 'public.orders.status', sources: [SSN] }
    expect(words({ sinks: [sink] }, 'pii.ssn')).toBe(
      '! tag_sink people.ssn (pii.ssn) may not be written to orders.status',
    )
  })

  test('does not help a statement that is not understood', () => {
    const unknown = [{ code: 'function', what: 'the function pg_sleep', hint: null }]
    expect(words({ unknown }, 'pii.ssn')).toContain('! lineage_unknown the function pg_sleep')
    expect(words({ unknown, unplanned: [77] }, 'pii.ssn')).toContain('! plan_stale')
  })
})

describe('the strictest rule of all tags counts', () => {
  const tagged = (...tags: string[]): Source => ({ ...SSN, tags })

  test.each([
    ['pii.nick', 'other', 'none'],
    ['pii.ssn', 'tags', 'none'],
    ['pii.ssn', 'constants', 'none budget pii.ssn 1'],
    ['pii.health', 'tags', 'none approve pii.health'],
    ['pii.health', 'other', 'none approve pii.health'],
  ] as const)('%s, touched by %s', (tag, kind, expected) => {
    expect(words({ touches: [compared(kind, { sources: [tagged(tag)] })] })).toBe(expected)
  })

  test.each(['tags', 'constants', 'other'] as const)('denied and partly shown tags are not touched by %s', (kind) => {
    for (const tag of ['pii.pin', 'pci.pan']) {
      expect(words({ touches: [compared(kind, { sources: [tagged(tag)] })] })).toContain('! tag_touch')
      expect(words({ touches: [compared(kind, { sources: [tagged('pii.nick', 'pii.health', tag)] })] })).toContain(
        '! tag_touch',
      )
    }
  })

  test('equality beats approval where neither knows the other', () => {
    const sources = [tagged('pii.health', 'pii.ssn')]
    expect(words({ touches: [compared('other', { sources })] })).toContain('! tag_touch')
    expect(words({ touches: [compared('constants', { sources })] })).toBe('none budget pii.ssn 1 approve pii.health')
  })
})

describe('a budget', () => {
  test('counts each literal and parameter once', () => {
    const literals = [
      compared('constants', { literals: [10, 20], values: 2 }),
      compared('constants', { literals: [20, 30], values: 2 }),
    ]
    const parameters = [compared('constants', { literals: [], parameters: [1], values: 1 })]
    expect(words({ touches: [...literals, ...parameters, ...parameters] })).toBe('none budget pii.ssn 4')
  })

  test('is for each statement, and refuses what it does not hold', () => {
    const many = compared('constants', { literals: [1, 2, 3, 4, 5, 6], values: 6 })
    expect(decide({ touches: [many] })).toMatchObject({ kind: 'refused', code: 'tag_budget' })
    const views = Array.from({ length: 6 }, (_, i) => compared('constants', { literals: [], operation: `${i}` }))
    expect(decide({ touches: views })).toMatchObject({ kind: 'refused', code: 'tag_budget' })
  })

  test('counts what is written by itself, but nothing twice, and no free text', () => {
    const value = (tag: string, location: number | null, parameter: number | null = null) => ({
      tag,
      location,
      parameter,
    })
    const sensitiveValues = [
      value('pii.ssn', 10),
      value('pii.ssn', 40),
      value('pii.ssn', null, 2),
      value('unknown', 50),
    ]
    const decided = decide({ touches: [compared('constants')], sensitiveValues })
    expect(decided).toMatchObject({
      budget: [
        { tag: 'pii.ssn', use: 'compared', literals: [10], parameters: [] },
        { tag: 'pii.ssn', use: 'written', literals: [40], parameters: [2], perDay: 1_000 },
      ],
    })
    expect(decide({ sensitiveValues }, ['pii.ssn'])).toMatchObject({ budget: [] })
  })

  test('does not hold an array of unknown size', () => {
    const array = compared('constants', { literals: [], parameters: [1], values: null })
    expect(decide({ touches: [array] })).toMatchObject({ kind: 'refused', hint: expect.stringContaining('IN') })
  })
})

describe('a plan that is behind the database', () => {
  test('masks columns that came later, whatever they are called', async () => {
    await real.run('create table later (id int, name text)')
    const before = await real.fresh()
    await real.run('alter table later add column ssn2 text')
    const statement = async (sql: string): Promise<string> => {
      const read = lineageOf(await real.tree(sql), before, real.functions)
      return decisionWords(decideMasks(read, before, new Set()), read)
    }
    expect(await statement('select * from later')).toBe('clear clear redact(unknown)')
    expect(await statement('select l from later l')).toBe('constant(unknown)')
    expect(await statement("select id from later where ssn2 like '1%'")).toContain('! tag_touch later.ssn2 (unknown)')
    expect(await statement('update later set name = ssn2')).toContain('! tag_sink')
    expect(await statement('insert into later (id, ssn2) select id, ssn from customers')).toContain('! tag_sink')
    await real.run('alter table later rename column name to other')
    expect(await statement('select id, other from later')).toBe('clear redact(unknown)')
    await real.run('alter table later alter column id type bigint')
    expect(await statement('select id from later')).toBe('redact(unknown)')
  })

  test('knows no table that was made again, and says so', async () => {
    await real.run('create table remade (id int); create view over as select id from remade')
    const before = await real.fresh()
    await real.run('drop table remade cascade; create table remade (id int); create view over as select id from remade')
    for (const name of ['remade', 'over']) {
      const read = lineageOf(await real.tree(`select id from ${name}`), before, real.functions)
      expect(read.unplanned.length).toBeGreaterThan(0)
      expect(decideMasks(read, before, new Set())).toMatchObject({ kind: 'refused', code: 'plan_stale' })
    }
  })
})

describe('what is recorded', () => {
  test('names every literal and parameter that stands for a value, by its place', async () => {
    const sql = "select 'ü', id from customers where ssn = '123' and name = 'x' and email in ($1, 'b') or ssn like '9%'"
    const { lineage: read } = await real.read(sql)
    const at = (text: string): number => Buffer.from(sql.slice(0, sql.indexOf(text))).length
    expect(read.sensitiveValues).toEqual(
      expect.arrayContaining([
        { location: at("'123'"), parameter: null, tag: 'pii.ssn' },
        { location: null, parameter: 1, tag: 'pii.email' },
        { location: at("'b'"), parameter: null, tag: 'pii.email' },
        { location: at("'9%'"), parameter: null, tag: 'pii.ssn' },
      ]),
    )
    expect(read.sensitiveValues).toHaveLength(4)
  })

  test.each([
    ["insert into people (id, ssn) values (1, '11'), (2, '22')", ["'11'", "'22'"]],
    ["insert into people (id, ssn) select 1, x from (values ('11'), ('22')) v(x)", ["'11'", "'22'"]],
    ["with v as (select '11' as x) insert into people (id, ssn) select 1, x from v", ["'11'"]],
    ["update people set ssn = 'a' || 'b', nick = 'c' where id = 5", ["'a'", "'b'", "'c'"]],
    ["select id from customers where ssn || 'x' = 'y' || 'z'", ["'x'", "'y'", "'z'"]],
  ])('%s', async (sql, literals) => {
    const { lineage: read } = await real.read(sql)
    const locations = literals.map((literal) => sql.indexOf(literal))
    expect(read.sensitiveValues.map(({ location }) => location).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      locations,
    )
  })

  test('names what is read, written and looked through', async () => {
    const { lineage: read } = await real.read('insert into orders (id) select s.id from shown s')
    const names = read.relations.map((relid) => real.view.relation(relid)?.name)
    expect(new Set(names)).toEqual(new Set(['customers', 'orders', 'shown']))
    expect(read.harmless).toBe(false)
  })
})

describe('a statement that is too deep or too large', () => {
  test.each([
    ['operators', `select ${"'a' || ".repeat(450)} ssn from customers`],
    ['functions', `select ${'upper('.repeat(420)} ssn ${')'.repeat(420)} from customers`],
    ['sub-selects', `${'select * from ('.repeat(410)} select ssn from customers ${') x'.repeat(410)}`],
  ])('is refused, not an overflow: %s', async (_name, sql) => {
    // Where the tree itself is too deep, it is not read at all.
    const refusal = await real.read(sql).then(
      ({ decide: asked }) => decisionWords(asked(), lineage({})),
      (error: Error) => error.message,
    )
    expect(refusal).toMatch(/^(! lineage_unknown a statement that is nested too deeply|unreadable: )/)
  })

  test('long lists and chains are no such statement', async () => {
    const list = Array.from({ length: 5000 }, (_, i) => i).join(', ')
    const arms = Array.from({ length: 200 }, () => 'select ssn from customers').join(' union all ')
    const rows = Array.from({ length: 2000 }, (_, i) => `(${i}, 'x')`).join(', ')
    const joins = Array.from({ length: 60 }, (_, i) => `join orders o${i} using (id)`).join(' ')
    expect((await real.read(`select name from customers where id in (${list})`)).decide()).toMatchObject({
      clear: true,
    })
    expect((await real.read(arms)).decide().kind).toBe('allowed')
    expect((await real.read(`insert into people (id, ssn) values ${rows}`)).decide().kind).toBe('allowed')
    expect((await real.read(`select c.name from customers c ${joins}`)).decide()).toMatchObject({ clear: true })
  })
})

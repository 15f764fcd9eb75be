import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessOf } from './access.ts'
import { analyzeStatement, loadParser } from './analyze.ts'
import {
  haveSameMeaning,
  MAX_PARAMETERS,
  MAX_PARAMETRISED_CHARACTERS,
  originalPosition,
  type Parametrised,
  Parametriser,
} from './parametrise.ts'

beforeAll(loadParser)

const parametrise = (text: string): Parametrised | null => new Parametriser().parametrise(text)

describe('parametrise', () => {
  it.each<[string, string, readonly string[]]>([
    ['SELECT abalance FROM accounts WHERE aid = 42;', 'SELECT abalance FROM accounts WHERE aid = $1;', ['42']],
    ['update t set a = a + -5 where b = 7', 'update t set a = a + $1 where b = $2', ['-5', '7']],
    ["update t set a = 'x', b = 1.5", 'update t set a = $1, b = $2', ['x', '1.5']],
    [
      'INSERT INTO h (a, b, c) VALUES (1, -2, CURRENT_TIMESTAMP), (3, null, default)',
      'INSERT INTO h (a, b, c) VALUES ($1, $2, CURRENT_TIMESTAMP), ($3, null, default)',
      ['1', '-2', '3'],
    ],
    [
      "select * from t where a in (1, 'x', null) limit 10 offset 20",
      'select * from t where a in ($1, $2, null) limit $3 offset $4',
      ['1', 'x', '10', '20'],
    ],
    ["select * from t where a between'a'and'b'", 'select * from t where a between $1 and $2', ['a', 'b']],
    ['select * from t where a=-5and-6<b', 'select * from t where a=-5and-6<b', []],
    ['select * from t where a=-5 and-6<b', 'select * from t where a=$1 and $2<b', ['-5', '-6']],
    [
      "select * from t where not (a <> 'it''s' or $$é$$ >= b)",
      'select * from t where not (a <> $1 or $2 >= b)',
      ["it's", 'é'],
    ],
    [
      'delete from t using (select a from u where b = 5) v where t.a = v.a',
      'delete from t using (select a from u where b = $1) v where t.a = v.a',
      ['5'],
    ],
    [
      "with c as (select * from t where a = 'x') select * from c join d on c.a = d.a and d.b > 3 where exists (select 1 from e where f = 4)",
      'with c as (select * from t where a = $1) select * from c join d on c.a = d.a and d.b > $2 where exists (select 1 from e where f = $3)',
      ['x', '3', '4'],
    ],
    [
      'select a from t where a = 1 union select b from u where b = 2 limit 3',
      'select a from t where a = $1 union select b from u where b = $2 limit $3',
      ['1', '2', '3'],
    ],
    ["insert into t select 1, 'x' from u where a = 'y'", "insert into t select 1, 'x' from u where a = $1", ['y']],
    [
      'insert into t values (5) on conflict (a) where b = 6 do update set a = 7 returning 8',
      'insert into t values ($1) on conflict (a) where b = 6 do update set a = 7 returning 8',
      ['5'],
    ],
    [
      "select 1, 'x', a = 2 from t where a = 3 and b like 'y' group by a = 2 having a = 4 order by 1, a = 5",
      "select 1, 'x', a = 2 from t where a = $1 and b like 'y' group by a = 2 having a = 4 order by 1, a = 5",
      ['3'],
    ],
    [
      "select * from t where a = 'x'::text and b = date '2020-01-01' and c = interval '1' day and d = 4",
      "select * from t where a = 'x'::text and b = date '2020-01-01' and c = interval '1' day and d = $1",
      ['4'],
    ],
    [
      'select * from t where f(1) = 2 and a + 3 = 4 and b = 5',
      'select * from t where f(1) = 2 and a + 3 = 4 and b = $1',
      ['5'],
    ],
    [
      "select * from t where a = E'x' and b = U&'x' and c = b'1' and d = true and e = 2147483648 and f = 1",
      "select * from t where a = E'x' and b = U&'x' and c = b'1' and d = true and e = 2147483648 and f = $1",
      ['1'],
    ],
    ['update t set a[1] = 5, (b, c) = (6, 7), d = 8', 'update t set a[1] = 5, (b, c) = (6, 7), d = $1', ['8']],
    ["update t set a = a || 'x', b = b - 1", "update t set a = a || 'x', b = b - $1", ['1']],
    [
      'select * from t where a = 1 fetch first 5 rows only',
      'select * from t where a = $1 fetch first $2 rows only',
      ['1', '5'],
    ],
    [
      'select * from t where a = 1 order by b fetch first 5 rows with ties',
      'select * from t where a = $1 order by b fetch first 5 rows with ties',
      ['1'],
    ],
  ])('%s', (text, written, values) => {
    const found = parametrise(text)
    expect(found?.text ?? text).toBe(written)
    expect(found?.values ?? []).toEqual(values)
  })

  it('names the types that numbers have', () => {
    const text = "select * from t where a in (1, -2147483647, 3000000000, 99999999999999999999, 1.5, 1e3, 'x')"
    expect(parametrise(text)?.types).toEqual([23, 23, 20, 1700, 1700, 1700, 0])
  })

  it.each([
    '',
    'select 1',
    'select * from t where a = $1 and b = 2',
    'select * from t where a = 1; select 2',
    'select current_query() from t where a = 1',
    'select * into u from t where a = 1',
    'select * from t where (1, 2) = (a, b)',
    'select * from t where a = 1 +',
    'insert into t (a[1]) values (5)',
    'insert into t values (1) limit 2',
    'insert into t (select * from (values (1)) v)',
    'merge into t using u on t.a = u.a when matched and u.b = 1 then update set c = 2',
    'declare c cursor for select * from t where a = 1',
    'explain select * from t where a = 1',
    'copy (select * from t where a = 1) to stdout',
    'prepare p as select * from t where a = 1',
    'create view v as select * from t where a = 1',
    'set work_mem = 1',
    "call p('x')",
    "do 'begin end'",
    'select (select a from t where a = 1)',
    'select case when a = 1 then 2 end from t',
    `select * from t where a in (${'1, '.repeat(MAX_PARAMETERS)}1)`,
    `select * from t where a = 1 and b = '${'x'.repeat(MAX_PARAMETRISED_CHARACTERS)}'`,
  ])('leaves alone: %s', (text) => {
    expect(parametrise(text)).toBeNull()
  })

  it('has one key for texts that differ in such literals only', () => {
    const parametriser = new Parametriser()
    const key = (text: string): string | undefined => parametriser.parametrise(text)?.key
    const first = key("select 'x', a from t where a = 1 and b = 'y' limit 5")
    expect(first).toBeDefined()
    expect(key("select 'x', a from t where a = 2 and b = 'it''s' limit 6")).toBe(first)
    expect(key("select 'x', a from t where a = 2 and b = $q$z$q$ limit 7")).toBe(first)
    expect(key("select 'z', a from t where a = 1 and b = 'y' limit 5")).not.toBe(first)
    expect(key("select 'x', a from t where a = 99999999999 and b = 'y' limit 5")).not.toBe(first)
    expect(key("select 'x', a from t where a = 1.0 and b = 'y' limit 5")).not.toBe(first)
    expect(key("select 'x', a from t where a = '1' and b = 'y' limit 5")).not.toBe(first)
    expect(key("select 'x', a from t where a = 1 and b = null limit 5")).not.toBe(first)
  })

  it('keeps no more shapes than it should, and forgets none that it needs', () => {
    const parametriser = new Parametriser()
    for (let at = 0; at < 2_000; at++) {
      expect(parametriser.parametrise(`select c${at} from t where a = ${at}`)?.values).toEqual([String(at)])
    }
    expect(parametriser.parametrise('select c0 from t where a = 7')?.values).toEqual(['7'])
  })
})

describe('haveSameMeaning', () => {
  const insert = (): Parametrised => parametrise("insert into t values (1, 'x')") as Parametrised
  it('is true where strings became values of plain types, and numbers stayed what they are', () => {
    expect(haveSameMeaning(insert(), [23, 25])).toBe(true)
    expect(haveSameMeaning(insert(), [23, 3802])).toBe(true)
  })
  it.each<[string, readonly number[]]>([
    ['an interval', [23, 1186]],
    ['a type of the database', [23, 16_400]],
    ['an unknown type', [23, 705]],
    ['a number of another type', [20, 25]],
    ['one type too few', [23]],
    ['one type too many', [23, 25, 25]],
  ])('is false for %s', (_, types) => {
    expect(haveSameMeaning(insert(), types)).toBe(false)
  })
})

describe('originalPosition', () => {
  it('finds the place of an error in the text that the client sent', () => {
    const text = "select '🙂' from é where a = 'ü🙂' and nope between'1'and-2 and wrong = 3"
    const found = parametrise(text) as Parametrised
    for (const word of ['select', 'from', 'where', 'nope', 'between', 'wrong', ' = ']) {
      const inWritten = characters(found.text.slice(0, found.text.indexOf(word))) + 1
      const inText = characters(text.slice(0, text.indexOf(word))) + 1
      expect(originalPosition(text, found, inWritten)).toBe(inText)
    }
    for (let position = 1; position <= characters(found.text) + 2; position++) {
      const original = originalPosition(text, found, position)
      expect(original).toBeGreaterThanOrEqual(1)
      expect(original).toBeLessThanOrEqual(characters(text) + 1)
    }
  })
})

const characters = (text: string): number => Array.from(text).length

const strings = fc.oneof(
  fc.constantFrom("''", "'x'", "'it''s'", '$$a$$', "$q$$1 ' -- $q$", "'a'\n'b'", "'🙂'", "'-- x'", "'/*'", "'$1'"),
  fc.string({ maxLength: 6 }).map((value) => `'${value.replaceAll("'", "''").replaceAll('\0', '')}'`),
)
const numbers = fc.oneof(fc.nat(), fc.integer({ min: -99, max: 99 })).map(String)
const literal = fc.oneof(strings, numbers, fc.constantFrom('null', 'true', '1.5', '-.5', '1e3', "E'\\n'", "b'1'"))
const templates = fc.constantFrom(
  'select * from t where a = ? and b in (?, ?) limit 5',
  'select ?, a from t where ?=a group by a having a = ? order by a = ?',
  'insert into t (a, b) values (?,?),(?, ?) returning a = ?',
  'update t set a = ?, b = b + ?, c = f(?) where d between ? and ?',
  "delete from t where a = ? and b = 'x'::text and c in (select d from u where e <> ?)",
)

describe('texts of one shape', () => {
  it('are read as if each was the first one', () => {
    const filled = templates.chain((template) => {
      const count = template.split('?').length - 1
      const fill = fc.array(literal, { minLength: count, maxLength: count })
      return fc.tuple(fc.constant(template), fc.array(fill, { minLength: 2, maxLength: 4 }))
    })
    fc.assert(
      fc.property(filled, ([template, fills]) => {
        const parametriser = new Parametriser()
        for (const values of fills) {
          let next = 0
          const text = template.replace(/\?/g, () => ` ${values[next++]}`)
          const found = parametriser.parametrise(text)
          expect(found).toEqual(parametrise(text))
          if (found === null) continue
          const access = (of: string): unknown =>
            accessOf(analyzeStatement(of, { serverMajor: 18 }), { connection: 'c', schemas: ['public'] })
          expect(access(found.text)).toEqual(access(text))
        }
      }),
      { numRuns: 400 },
    )
  })
})

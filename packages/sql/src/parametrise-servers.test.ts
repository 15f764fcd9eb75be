// Real servers do the same with a text and with what became of it, or `haveSameMeaning` says that they might not.

import fc from 'fast-check'
import type pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from './analyze.ts'
import { haveSameMeaning, originalPosition, type Parametrised, Parametriser } from './parametrise.ts'
import { startSession } from './server.fixture.ts'

beforeAll(loadParser)

const OBJECTS = `
  create type mood as enum ('x', 'ok', 't');
  create domain small as int check (value < 10);
  create domain word as text check (value <> 'x');
  create type pair as (a int, b text);
  create table t (
    id serial primary key,
    a_int int, a_big bigint, a_small smallint, a_num numeric(6, 2), a_text text, a_var varchar(3), a_char char(4) collate "C",
    a_date date, a_stamp timestamptz, a_short timestamp(0), a_bool bool, a_jsonb jsonb, a_uuid uuid, a_bytes bytea,
    a_float float8, a_years interval year, a_span interval, a_mood mood, a_smalld small, a_word word, a_ints int[],
    a_real real, a_time time, a_oid oid, a_name name, a_inet inet, a_pair pair, a_bit bit(3), a_json json,
    check (a_small <> 13), unique (a_big)
  );
  insert into t (a_int, a_big, a_small, a_num, a_text, a_var, a_char, a_date, a_stamp, a_bool, a_years, a_span, a_mood, a_ints, a_oid)
    select n, n * 3000000000, n, n * 1.5, 'x' || n, n::text, 'x', date '2020-01-01' + n, '2020-01-01', n > 2,
      n * interval '1 year', n * interval '1 second', 'ok', array[n, 2], n from generate_series(-2, 5) n;
  create table u (a_int int, a_text text);
  select setval('t_id_seq', 100);
  insert into u values (1, 'x'), (5, 'it''s'), (null, null);
  create view v as select a_int, a_text, a_num from t where a_int > -2;`

const COLUMNS =
  'int big small num text var char date stamp short bool jsonb uuid bytes float years span mood smalld word ints real time oid name inet pair bit json'
    .split(' ')
    .map((name) => `a_${name}`)

const literal = fc.oneof(
  fc.constantFrom("'x'", "'1'", "'5'", "'-2'", "'abcdef'", "''", "'it''s'", "' 7 '", '$$x1$$', "'ok'", "'t'", "'010'"),
  fc.constantFrom("'2020-01-02'", "'now'", "'today'", "'1 day'", "'1-2'", "'1:30'", "'infinity'", "'NaN'", "'{}'"),
  fc.constantFrom("'{1,2}'", "'(1,x)'", "'\\x41'", "'::1'", "'12:00'", "'1.5'", "'99999999999'", "'null'"),
  fc.constantFrom("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'null', 'true', "E'\\x41'", "b'101'", 'default'),
  fc.constantFrom('0', '1', '3', '-2', '- 1', '13', '70000', '2147483647', '2147483648', '-2147483648', '-2147483649'),
  fc.constantFrom('9000000000', '-3000000000', '9223372036854775808', '1.5', '-.25', '4.', '1e2', '1e400', '99999.99'),
  fc.integer({ min: -9, max: 9 }).map(String),
)
const column = fc.constantFrom(...COLUMNS)
const operator = fc.constantFrom('=', '<>', '<', '>=', '!=', '>', '<=')

/** Literals that its type can read, mostly. */
const FITTING: readonly (readonly [RegExp, readonly string[]])[] = [
  [/int|big|small$|num|float|real|oid/, ['1', '-2', '3', "'5'", '9000000000', "' 7 '", '1.5', '2', '0', '13']],
  [/text|var|char|name|word/, ["'x'", "'x1'", "'it''s'", "''", '$$ok$$', "'2'", "'abcdef'", "'3   '"]],
  [/date|stamp|short/, ["'2020-01-02'", "'today'", "'now'", "'infinity'", "'2020-01-01 00:00:00.7'"]],
  [/bool/, ["'t'", 'true', "'off'"]],
  [/json/, ["'{}'", "'1'", "'[1.50]'"]],
  [/years|span/, ["'1'", "'5'", "'1 day'", "'1-2'", "'1:30'", "'2 years'"]],
  [/mood|smalld/, ["'ok'", "'x'", '5', "'3'"]],
  [/time/, ["'12:00'", "'now'"]],
  [/bytes|bit|uuid|inet/, ["'\\x41'", "b'101'", "'101'", "'::1'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]],
]
const fitting = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(...(FITTING.find(([pattern]) => pattern.test(name))?.[1] ?? ["'{1,2}'", 'null']))
/** A column and so many literals for it. */
const fits = (count: number): fc.Arbitrary<readonly [string, readonly string[]]> =>
  column.chain((name) => fc.tuple(fc.constant(name), fc.array(fitting(name), { minLength: count, maxLength: count })))

const condition = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fits(1), operator).map(([[name, values], how]) => `${name} ${how} ${values[0]}`) },
  fits(10).map(([name, values]) => `${name} in (${values.join(', ')})`),
  fits(2).map(([name, [from, to]]) => `${name} not between ${from} and ${to}`),
  fc.tuple(column, operator, literal).map((parts) => parts.join(' ')),
  fc.tuple(literal, operator, column).map((parts) => parts.join(' ')),
  fc
    .tuple(column, fc.constantFrom('in', 'not in'), fc.array(literal, { minLength: 1, maxLength: 12 }))
    .map(([name, how, list]) => `${name} ${how} (${list.join(', ')})`),
  fc.tuple(column, literal, literal).map(([name, from, to]) => `${name} between ${from} and ${to}`),
  literal.map((value) => `exists (select 1 from u where u.a_int = t.a_int and u.a_text = ${value} limit 1)`),
  fc.tuple(literal, literal).map(([low, rows]) => `a_int in (select a_int from u where a_int > ${low} limit ${rows})`),
)
const where = fc.oneof(
  condition,
  fc.tuple(condition, fc.constantFrom('and', 'or', 'and not'), condition).map((parts) => parts.join(' ')),
)
const assignment = fc.oneof(
  { weight: 3, arbitrary: fits(1).map(([name, [value]]) => `${name} = ${value}`) },
  { weight: 2, arbitrary: fits(1).map(([name, [value]]) => `${name} = ${name} - ${value}`) },
  fc.tuple(column, literal).map(([name, value]) => `${name} = ${value}`),
  fc
    .tuple(column, fc.constantFrom('+', '-', '*'), literal)
    .map(([name, how, value]) => `${name} = ${name} ${how} ${value}`),
)

const statement = fc.oneof(
  { weight: 2, arbitrary: fits(2).map(([name, [one, two]]) => `insert into t (${name}) values (${one}), (${two})`) },
  fc
    .tuple(fits(1), fits(1))
    .map(([[name, [value]], [tested, [test]]]) => `update t set ${name} = ${value} where ${tested} <= ${test}`),
  fc
    .tuple(where, literal)
    .map(([test, rows]) => `select id, a_int, a_text from t where ${test} order by 1 limit ${rows}`),
  where.map((test) => `select count(*), a_bool from t where ${test} group by a_bool order by 2`),
  fc
    .tuple(where, literal)
    .map(
      ([test, value]) =>
        `select t.id from t join u on u.a_int = t.a_int or u.a_text > ${value} where ${test} order by 1`,
    ),
  fc
    .tuple(literal, literal)
    .map(([one, two]) => `select * from v where a_int < ${one} and a_text <> ${two} order by 1`),
  fc.tuple(assignment, where).map(([set, test]) => `update t set ${set} where ${test} returning id, a_int`),
  where.map((test) => `delete from t where ${test}`),
  fc.tuple(column, literal, literal).map(([name, one, two]) => `insert into t (${name}) values (${one}), (${two})`),
  fc
    .tuple(column, literal)
    .map(([name, value]) => `insert into t (a_text, ${name}) values ('x', ${value}) returning *`),
  fc.tuple(literal, literal).map(([one, two]) => `insert into v values (${one}, ${two})`),
  fc
    .tuple(literal, literal)
    .map(([one, two]) => `with c as (select * from t where a_int >= ${one}) select id from c offset ${two}`),
)

const RUNS = 500

type Outcome = {
  readonly rows?: unknown
  readonly fields?: unknown
  readonly state?: unknown
  readonly error?: unknown
}

const TEXTS = { getTypeParser: () => (value: unknown) => value }

/** What a statement answers and leaves behind, within a transaction that stays. */
async function outcome(session: pg.Client, query: pg.QueryArrayConfig): Promise<Outcome> {
  await session.query("savepoint before; select setval('t_id_seq', 100)")
  try {
    const { rows, fields, rowCount } = await session.query({ ...query, rowMode: 'array' })
    const left = await session.query('select t::text from t order by id')
    return {
      rows: [rowCount, rows],
      fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
      state: left.rows,
    }
  } catch (error) {
    const { code, message, position } = error as { code?: string; message: string; position?: string }
    return { error: { code, message, position: position === undefined ? undefined : Number(position) } }
  } finally {
    await session.query('rollback to before')
  }
}

class Pair {
  readonly #session: pg.Client
  readonly #generic: boolean
  readonly #parametriser = new Parametriser()
  readonly #names = new Map<string, string>()
  readonly seen = { compared: 0, unlike: 0, failed: 0, shared: 0 }

  constructor(session: pg.Client, generic: boolean) {
    this.#session = session
    this.#generic = generic
  }

  /** What was found different. */
  async compare(text: string): Promise<unknown> {
    const found = this.#parametriser.parametrise(text)
    if (found === null) return null
    const plain = await outcome(this.#session, { text, types: TEXTS, rowMode: 'array' })
    const known = this.#names.get(found.key)
    if (known !== undefined) this.seen.shared++
    const name = known ?? `p${this.#names.size}`
    this.#names.set(found.key, name)
    const types = Object.assign([...found.types], TEXTS)
    const values = [...found.values]
    const other = await outcome(this.#session, { name, text: found.text, values, types, rowMode: 'array' })
    const resolved = await this.#resolved(name)
    if (resolved !== null && !haveSameMeaning(found, resolved)) {
      this.seen.unlike++
      return null
    }
    this.seen.compared++
    if (plain.error !== undefined) this.seen.failed++
    if (this.#generic && isFoundLater(plain)) return null
    if (areTwoMistakes(found, plain, other, resolved === null)) return null
    const [one, two] = [plain, moved(text, found, other, resolved === null)]
    const same =
      JSON.stringify(comparable(one, resolved === null)) === JSON.stringify(comparable(two, resolved === null))
    return same ? null : { text, written: found.text, values, resolved, plain: one, other: two }
  }

  /** Null where Parse failed. */
  async #resolved(name: string): Promise<readonly number[] | null> {
    const query = 'select parameter_types::oid[]::text[] as types from pg_prepared_statements where name = $1'
    const { rows } = await this.#session.query<{ types: string[] }>(query, [name])
    return rows[0]?.types.map(Number) ?? null
  }
}

type Failure = { readonly code?: string; readonly message: string; readonly position?: number }

function moved(text: string, found: Parametrised, { error, ...others }: Outcome, atParse: boolean): Outcome {
  const failure = error as Failure | undefined
  if (failure?.position === undefined || !atParse) return { error, ...others }
  return { error: { ...failure, position: originalPosition(text, found, failure.position) }, ...others }
}

/** A literal that can't be read is found with the rest of the text, a parameter after it: either may be told of. */
function areTwoMistakes(found: Parametrised, plain: Outcome, other: Outcome, atParse: boolean): boolean {
  const [one, two] = [plain.error as Failure | undefined, other.error as Failure | undefined]
  const atLiteral = found.slots.some(({ start }) => start + 1 === one?.position)
  return atLiteral && two !== undefined && (atParse || one?.message !== two.message)
}

/**
 * A literal that does not fit its column fails when it is planned, whatever rows there are; a parameter of a generic plan
 * only when a row needs it.
 */
function isFoundLater(plain: Outcome): boolean {
  const failure = plain.error as Failure | undefined
  return failure?.position === undefined && (failure?.code ?? '').startsWith('22')
}

/** A value that can't be read fails at Bind, which tells no place in the text. */
function comparable(found: Outcome, atParse: boolean): Outcome {
  const failure = found.error as Failure | undefined
  if (failure === undefined || atParse) return found
  return { error: { code: failure.code, message: failure.message } }
}

describe.each([13, 18] as const)('PostgreSQL %i', (major) => {
  it.each(['force_custom_plan', 'force_generic_plan'])(
    'does the same with parameters: %s',
    { timeout: 120_000 },
    async (mode) => {
      const session = await startSession(major)
      await session.query(OBJECTS)
      await session.query(`set plan_cache_mode = ${mode}`)
      await session.query('begin')
      const pair = new Pair(session, mode === 'force_generic_plan')
      await fc.assert(
        fc.asyncProperty(statement, async (text) => {
          expect(await pair.compare(text)).toBeNull()
        }),
        { numRuns: RUNS },
      )
      // The property is about something only while most statements are compared, and some share what was prepared.
      expect(pair.seen.compared).toBeGreaterThan(RUNS / 2)
      expect(pair.seen.compared - pair.seen.failed).toBeGreaterThan(RUNS / 10)
      expect(pair.seen.shared).toBeGreaterThan(RUNS / 10)
    },
  )
})

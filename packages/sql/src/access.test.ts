import type { StatementAccess } from '@sluice/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessOf, MAX_RESOURCES, MAX_STATEMENTS, MAX_UNKNOWN } from './access.ts'
import { analyzeStatement, loadParser } from './analyze.ts'

beforeAll(loadParser)

const access = (text: string, schemas: readonly string[] = ['public']): StatementAccess =>
  accessOf(analyzeStatement(text, { serverMajor: 18 }), { connection: 'shop', schemas })
const targets = (text: string, schemas?: readonly string[]): string[] =>
  access(text, schemas).targets.map(({ action, table }) => (table === null ? action : `${action} ${table}`))

describe('accessOf', () => {
  it('names actions, resources and targets, each once', () => {
    expect(access('begin; select * from customers; select lower(a) from public.orders, customers; commit')).toEqual({
      connection: 'shop',
      actions: ['sql:transaction', 'sql:read'],
      resources: ['shop/customers', 'shop/public.orders'],
      targets: [
        { action: 'sql:transaction', table: null },
        { action: 'sql:read', table: 'public.customers' },
        { action: 'sql:read', table: 'public.orders' },
      ],
      kinds: ['BEGIN', 'SELECT', 'COMMIT'],
      functions: ['lower'],
      unfiltered: false,
      unknown: [],
      refusal: null,
      holdable: 'it stands in one text with other statements; send it alone',
      touches: [],
    } satisfies StatementAccess)
  })

  it.each<[string, readonly string[]]>([
    ['select 1', ['sql:read']],
    ['insert into t select * from u', ['sql:write public.t', 'sql:read public.u']],
    ['delete from t returning id', ['sql:write public.t', 'sql:read public.t']],
    ['update t set a = 1 where id in (select id from t)', ['sql:write public.t', 'sql:read public.t']],
    ['select * from t, u for update of t', ['sql:write public.t', 'sql:read public.t', 'sql:read public.u']],
    ["create table t as select set_config('app.x', 'y', false)", ['sql:ddl public.t', 'sql:admin']],
    ['drop table a, b.c', ['sql:ddl public.a', 'sql:ddl b.c']],
    ['drop table a cascade', ['sql:ddl public.a', 'sql:ddl']],
    ['truncate a, b', ['sql:write public.a', 'sql:write public.b']],
    ['alter role x superuser', ['sql:admin']],
    ['do $$ begin end $$', ['sql:unknown']],
    ['explain analyze delete from t', ['sql:write public.t', 'sql:unknown']],
    ['set statement_timeout = 0', ['sql:session']],
    ['set work_mem = 1', ['sql:admin']],
    ["select set_config('work_mem', '1', false) from t", ['sql:read public.t', 'sql:admin']],
    ['', ['sql:session']],
    ['rollback', ['sql:transaction']],
    ['selct', ['sql:unknown']],
    ["select '", ['sql:unknown']],
  ])('%s: %j', (text, expected) => {
    expect(targets(text)).toEqual(expected)
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['select * from t', ['a', 'b'], ['sql:read a.t', 'sql:read b.t']],
    ['select * from b.t', ['a'], ['sql:read b.t']],
    ['select * from pg_class', ['public'], ['sql:read pg_catalog.pg_class']],
    ['select * from pg_class', ['public', 'pg_catalog'], ['sql:read public.pg_class', 'sql:read pg_catalog.pg_class']],
    ['update pg_class set a = 1', ['public'], ['sql:write pg_catalog.pg_class', 'sql:write public.pg_class']],
    ['select * from pg_mine', ['public'], ['sql:read pg_catalog.pg_mine', 'sql:read public.pg_mine']],
    ['select * from information_schema.tables', ['public'], ['sql:read information_schema.tables']],
    ['select * from "public.orders"', ['public'], ['sql:read public."public.orders"']],
    ['select * from "a""b"."C d"', ['public'], ['sql:read "a""b"."C d"']],
    ['select * from PUBLIC.Orders', ['x'], ['sql:read public.orders']],
    ['select * from U&"\\006frders"', ['public'], ['sql:read public.orders']],
    ['select * from ÉTÉ', ['public'], ['sql:read public.ÉtÉ', 'sql:read public.été']],
  ])('%s with the path %j: %j', (text, schemas, expected) => {
    expect(targets(text, schemas)).toEqual(expected)
  })

  it('leaves a name unknown that no schema can hold', () => {
    expect(access('select * from t', [])).toMatchObject({
      targets: [{ action: 'sql:unknown', table: null }],
      unknown: [{ code: 'search_path' }],
    })
  })

  it('withholds names that might be values', () => {
    expect(access('select * from t819123456, "819-12-3456", tab_2024').resources).toEqual([
      'shop/‹withheld›',
      'shop/tab_2024',
    ])
  })
})

describe('what no policy may permit', () => {
  it.each<[string, string]>([
    ['selct 1', 'unparsable'],
    [`select ${'('.repeat(2000)}1`, 'too_large'],
    ['select * from shop.public.orders', 'database_qualified'],
    ["prepare transaction 'x'", 'two_phase'],
    ["commit prepared 'x'", 'two_phase'],
    ["rollback prepared 'x'", 'two_phase'],
    ['delete from t where id = 1; commit', 'embedded_transaction'],
    ['commit; delete from t where id = 1; begin', 'embedded_transaction'],
    ['begin; drop table t; commit', 'embedded_transaction'],
    ['select 1; savepoint a; select * from t for update', 'embedded_transaction'],
    ['begin; select pg_sleep(1); commit', 'embedded_transaction'],
    ['begin; do $$ begin end $$; commit', 'embedded_transaction'],
    ['select 1;'.repeat(MAX_STATEMENTS + 1), 'too_many'],
    [`select * from ${Array.from({ length: MAX_RESOURCES + 1 }, (_, at) => `t${at}`).join(', ')}`, 'too_many'],
    [`select ${Array.from({ length: MAX_UNKNOWN + 1 }, (_, at) => `f${at}()`).join(', ')}`, 'too_many'],
    ['deallocate a; deallocate b', 'too_many'],
  ])('%s: %s', (text, code) => {
    const found = access(text)
    expect(found.refusal).toMatchObject({ code, hint: expect.stringMatching(/\.$/) })
    expect(found.resources.length).toBeLessThanOrEqual(MAX_RESOURCES)
    expect(found.unknown.length).toBeLessThanOrEqual(MAX_UNKNOWN)
    expect(found.holdable).not.toBeNull()
  })

  it.each(['begin; select * from t; commit', 'begin; set statement_timeout = 1', 'select 1; rollback'])(
    'is not: %s',
    (text) => {
      expect(access(text).refusal).toBeNull()
    },
  )
})

describe('holding', () => {
  it.each([
    'insert into t values (1)',
    'update t set a = 1 where id = 7',
    'delete from t where id = 7',
    'merge into t using u on t.id = u.id when matched then delete',
    'select * from t for update',
    'select * from t',
    'truncate t',
    'drop table t',
    'create index on t (a)',
    'alter table t add a int',
    "alter type mood add value 'x'",
    'grant select on t to x',
    'refresh materialized view v',
    'analyze t',
    'create function f() returns int language sql return 1',
    "update t set at = now() at time zone 'UTC' where id = 1",
  ])('is possible: %s', (text) => {
    expect(access(text).holdable).toBeNull()
  })

  it.each<[string, string]>([
    ['update t set a = random() where id = 1', 'function random'],
    ['insert into t values (gen_random_uuid())', 'function gen_random_uuid'],
    ['delete from t where at < clock_timestamp()', 'function clock_timestamp'],
    ["update t set a = current_setting('timezone') where id = 1", 'settings'],
    ["insert into t values (nextval('s'))", 'does not tell'],
    ['with d as (delete from t returning *) select * from d', 'does not tell'],
    ['execute p', 'does not tell'],
    ['vacuum t', 'inside a transaction'],
    ['create database x', 'inside a transaction'],
    ['drop database x', 'inside a transaction'],
    ['create index concurrently on t (a)', 'inside a transaction'],
    ['drop index concurrently x', 'inside a transaction'],
    ['reindex (concurrently) table t', 'inside a transaction'],
    ['reindex database x', 'inside a transaction'],
    ['alter system set work_mem = 1', 'inside a transaction'],
    ["create subscription s connection 'x' publication p", 'inside a transaction'],
    ['alter table t detach partition p concurrently', 'inside a transaction'],
    ['alter database d set tablespace x', 'inside a transaction'],
    ['delete from t where id = 1; delete from t where id = 2', 'alone'],
    ["create function f() returns int language sql as 'delete from t'", 'hidden'],
    ['create or replace procedure p() language plpgsql as $$begin delete from t; end$$', 'hidden'],
    ['commit', 'steers'],
    ['set statement_timeout = 1', 'steers'],
    ['set role x', 'no policy'],
  ])('is impossible: %s, as %s', (text, why) => {
    expect(access(text).holdable).toContain(why)
  })
})

describe('a name that the database has code of its own for', () => {
  const own = {
    functions: new Set(['lower', 'note']),
    rowFunctions: new Set(['note']),
    operators: new Set(['=', '<']),
  }
  const unknownOf = (text: string) =>
    accessOf(analyzeStatement(text, { serverMajor: 18 }), { connection: 'shop', schemas: ['public'], own }).unknown.map(
      ({ code, what }) => [code, what],
    )

  it.each([
    ['select lower(c) from customers c', "SELECT with the function lower of the database's own"],
    ['select c.note from customers c', "SELECT with .note, which may call a function of the database's own"],
    ['select 1 from customers where id = 1', "SELECT with an operator of the database's own"],
    ['select 1 where 1 in (select 2)', "SELECT with an operator of the database's own"],
    ['select 1 from customers join orders using (id)', "SELECT with an operator of the database's own"],
    ['select 1 from customers natural join orders', "SELECT with an operator of the database's own"],
    ['select 1 from customers where id not between 1 and 2', "SELECT with an operator of the database's own"],
    ["update orders set status = lower('X') where id > 1", "UPDATE with the function lower of the database's own"],
  ])('is unknown: %s', (text, what) => {
    expect(unknownOf(text)).toEqual([['own_code', what]])
  })

  it.each(["select pg_catalog.lower('X')", 'select c.name from customers c', 'select note from customers'])(
    'is known where it can not be meant: %s',
    (text) => {
      expect(unknownOf(text)).toEqual([])
    },
  )
})

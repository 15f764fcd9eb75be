import { beforeAll, describe, expect, it } from 'vitest'
import { analyze, command, facts, judged, statements, uses } from './analysis.fixture.ts'
import { loadParser } from './analyze.ts'

beforeAll(loadParser)

describe('statements of other kinds', () => {
  it.each<[string, string, readonly string[]]>([
    ['drop table a, b.c', 'DROP TABLE', ['ddl a', 'ddl b.c']],
    ['drop trigger x on a.b', 'DROP TRIGGER', ['ddl a.b']],
    ['drop function f', 'DROP FUNCTION', ['ddl']],
    ['drop function f cascade', 'DROP FUNCTION', ['ddl']],
    ['truncate t', 'TRUNCATE', ['write t']],
    ['truncate t cascade', 'TRUNCATE', ['write t', 'write']],
    ['create table x as select * from t', 'CREATE TABLE AS', ['ddl x', 'read t']],
    ['create materialized view x as select * from t', 'CREATE MATERIALIZED VIEW', ['ddl x', 'read t']],
    ['select * into x from t', 'SELECT INTO', ['ddl x', 'read t']],
    ['create view v as select * from t', 'CREATE VIEW', ['ddl v', 'read t']],
    ['create rule r as on update to v do instead delete from t', 'CREATE RULE', ['ddl v', 'write t']],
    [
      "create table t (id int default nextval('s') check (f(id)) references u (id))",
      'CREATE TABLE',
      ['ddl t', 'ddl u'],
    ],
    ['alter table t add a int', 'ALTER TABLE', ['ddl t']],
    ['alter table t rename to u', 'ALTER … RENAME', ['ddl t']],
    ['alter role x superuser', 'ALTER ROLE', ['admin']],
    ['alter role x set work_mem = 1', 'ALTER ROLE SET', ['admin']],
    ['grant select on t to x', 'GRANT or REVOKE', ['admin t']],
    ['alter system set a = 1', 'ALTER SYSTEM', ['admin']],
    ['vacuum t', 'VACUUM or ANALYZE', ['admin t']],
    ['lock t', 'LOCK TABLE', ['write t']],
    ['refresh materialized view v', 'REFRESH MATERIALIZED VIEW', ['write v']],
    ['drop subscription s', 'DROP SUBSCRIPTION', ['admin']],
    ["create function f() returns int language sql as 'select 1'", 'CREATE FUNCTION', ['ddl']],
    ['set enable_seqscan = off', 'SET enable_seqscan', ['admin']],
    ["set app.x = 'y'", 'SET app.x', ['admin']],
    ['reset enable_seqscan', 'RESET enable_seqscan', ['admin']],
    ["set transaction snapshot '00000003-0000001B-1'", 'SET TRANSACTION SNAPSHOT', ['admin']],
  ])('%s', (text, verb, used) => {
    expect(command(text)).toMatchObject({ verbs: [verb], unknown: [], refusal: null })
    expect(uses(text).sort()).toEqual([...used].sort())
  })

  it.each<[string, string, readonly string[]]>([
    ['explain analyze delete from t', 'EXPLAIN ANALYZE DELETE', ['write t']],
    ['explain (analyze, buffers) update t set a = 1 from u', 'EXPLAIN ANALYZE UPDATE', ['write t', 'read u']],
    ['explain select * from t', 'EXPLAIN SELECT', ['read t']],
    ['explain (analyze) execute p', 'EXPLAIN ANALYZE EXECUTE', []],
    ['copy t to stdout', 'COPY TO', ['read t']],
    ['copy t from stdin', 'COPY FROM', ['write t']],
    ["copy (select * from t) to program 'sh'", 'COPY TO PROGRAM', ['read t', 'admin']],
    ['copy (delete from t returning *) to stdout', 'COPY TO', ['write t', 'read t']],
    ["copy t from program 'sh'", 'COPY FROM PROGRAM', ['write t', 'admin']],
    ["copy t to '/tmp/x'", 'COPY TO a file', ['read t', 'admin']],
    ["do 'begin end'", 'DO', []],
    ['call p()', 'CALL', []],
    ['prepare p as delete from t', 'PREPARE', ['write t']],
    ['execute p', 'EXECUTE', []],
    ['declare c cursor for select * from t', 'DECLARE CURSOR', ['read t']],
    ['declare c cursor with hold for select * from t for update', 'DECLARE CURSOR', ['read t', 'write t']],
    ['fetch all from c', 'FETCH or MOVE', []],
    ['listen x', 'LISTEN', []],
    ['notify x', 'NOTIFY', []],
    ['show app.secret', 'SHOW app.secret', []],
    ['create table x as execute p', 'EXECUTE inside', ['ddl x']],
    ['create index on t (my_function(a))', 'CREATE INDEX with the function my_function', ['ddl t']],
    ['alter table t add a int default pg_sleep(1)', 'ALTER TABLE with the function pg_sleep', ['ddl t']],
    ['create temp table x (a int)', 'A temporary table', ['ddl x']],
    ['create temp view v as select 1', 'A temporary table', ['ddl v']],
    ['create table pg_temp.x (a int)', 'A temporary table', ['ddl pg_temp.x']],
    ['drop table pg_temp_3.x', 'A temporary table', ['ddl pg_temp_3.x']],
    ['select * into temp x from t', 'A temporary table', ['ddl x', 'read t']],
    ['create view v as select query_to_xml($1, $1, $1, $1)', 'CREATE VIEW with the function query_to_xml', ['ddl v']],
  ])('unknown: %s', (text, what, used) => {
    expect(command(text).unknown.map((each) => each.what)).toEqual([what])
    expect(uses(text).sort()).toEqual([...used].sort())
  })

  it('are told apart in a text of several', () => {
    expect(statements('select 1; drop table t; commit').map(({ kind }) => kind)).toEqual([
      'command',
      'command',
      'transaction',
    ])
    expect(statements(' ; -- nothing')).toEqual([{ kind: 'empty' }])
    expect(statements('')).toEqual([{ kind: 'empty' }])
  })
})

describe('transaction control', () => {
  it.each<[string, string]>([
    ['begin', 'BEGIN'],
    ['begin isolation level serializable, read only, not deferrable', 'BEGIN'],
    ['begin read write', 'BEGIN'],
    ['start transaction', 'START TRANSACTION'],
    ['end', 'COMMIT'],
    ['commit and chain', 'COMMIT'],
    ['abort', 'ROLLBACK'],
    ['savepoint a', 'SAVEPOINT'],
    ['release a', 'RELEASE SAVEPOINT'],
    ['rollback to a', 'ROLLBACK TO SAVEPOINT'],
  ])('%s', (text, verb) => {
    expect(facts(text)).toEqual({ kind: 'transaction', verb })
  })
})

describe('session statements', () => {
  it.each([
    'set extra_float_digits = 3',
    "set application_name to 'psql'",
    "set local statement_timeout = '5s'",
    'set DateStyle to ISO, MDY',
    "set time zone 'Europe/Berlin'",
    "set time zone interval '+02:00' hour to minute",
    "set names 'UTF8'",
    'set client_encoding to default',
    'set standard_conforming_strings = on',
    'set session characteristics as transaction isolation level repeatable read, read only',
    'set session characteristics as transaction read write',
    'set transaction read only',
    'set transaction read write',
    'set default_transaction_read_only = off',
    'set local transaction_read_only = false',
    'reset transaction_read_only',
    'reset statement_timeout',
    'reset all',
    'show all',
    'show server_version',
    'show transaction isolation level',
    'discard all',
    'deallocate all',
    'deallocate "P"',
    'close all',
    'unlisten *',
    'set constraints all deferred',
  ])('harmless: %s', (text) => {
    expect(facts(text).kind).toBe('session')
  })

  it.each([
    'set role x',
    'set local role x',
    "set session authorization 'x'",
    'reset role',
    'reset session authorization',
    'set search_path to x',
    'SET "Search_Path" to x',
    'set search_path from current',
    "set schema 'x'",
    'set session_replication_role = replica',
    'set standard_conforming_strings = off',
    "set client_encoding to 'SJIS'",
    "set names 'LATIN1'",
    'set client_min_messages = debug5',
    'set debug_print_parse = on',
    'reset debug_print_plan',
    "select set_config('role', 'x', false)",
    "select set_config('Search_Path', '', true)",
    "select pg_catalog.set_config('standard_conforming_strings', 'off', false)",
    "select set_config('client_encoding', $1, false)",
    'select set_config($1, $2, false)',
    "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
    "update pg_catalog.pg_settings s set setting = 'x' where s.name = 'role'",
    "select set_config('ro' || 'le', 'x', false)",
    "select set_config(setting_name => 'role', new_value => 'x', is_local => false)",
    "insert into t values (set_config('role', 'x', false))",
    "explain analyze select set_config('role', 'x', false)",
    "create table t (a text default set_config('role', 'x', false))",
    'alter role x set search_path = y',
    'alter role all in database d set role = x',
    'alter database d set standard_conforming_strings = off',
    'alter database d set standard_conforming_strings = on',
    "alter system set client_encoding = 'SJIS'",
    "create function f() returns int language sql set search_path = x as 'select 1'",
    'alter function f() set role = x',
    'alter procedure f() set session_replication_role from current',
  ])('guarded: %s', (text) => {
    expect(command(text).refusal).toMatchObject({ code: 'guarded_setting' })
  })

  it('keep values of rows out of settings', () => {
    expect(judged("select set_config('application_name', ssn, false) from customers")).toContain('set_config')
  })

  it('say whether one prepared statement is meant or all of them', () => {
    expect(facts('deallocate "ALL"')).toMatchObject({ target: 'ALL' })
    expect(facts('deallocate all')).toMatchObject({ target: null })
  })
})

describe('servers of other versions', () => {
  it('are not sent numbers that they read differently', () => {
    for (const text of ['select 1_000', 'select 0x1F', 'select 0b1']) {
      expect(analyze(text, 18).kind).toBe('parsed')
      expect(analyze(text, 15).kind).toBe('unparsable')
      expect(analyze(text, 13).kind).toBe('unparsable')
    }
  })

  it.each<[string, number, boolean]>([
    ["select json_value('{}', '$.a')", 17, true],
    ["select json_value('{}', '$.a')", 16, false],
    ["select json_object('a': 1)", 15, false],
    ['select any_value(a) from t', 16, true],
    ['select any_value(a) from t', 15, false],
    ["select extract(year from now()), 'x'::int4multirange", 14, true],
    ['select extract(year from now())', 13, true],
    ["select 'x'::int4multirange", 13, false],
    ['merge into t using u on t.id = u.id when matched then delete', 15, true],
    ['merge into t using u on t.id = u.id when matched then delete', 14, false],
    ['merge into t using u on t.id = u.id when matched then delete returning t.id', 17, true],
    ['merge into t using u on t.id = u.id when matched then delete returning t.id', 16, false],
    ['merge into t using u on t.id = u.id when not matched by source then delete', 17, true],
    ['merge into t using u on t.id = u.id when not matched by source then delete', 16, false],
    ['update t set a = 1 returning with (old as o) o.a', 18, true],
    ['update t set a = 1 returning with (old as o) o.a', 17, false],
  ])('are not sent what they know differently: %s to %i', (text, major, known) => {
    expect(command(text, major).unknown.length === 0).toBe(known)
  })
})

import { beforeAll, describe, expect, it } from 'vitest'
import { analyze, facts, statements } from './analysis.fixture.ts'
import { loadParser } from './analyze.ts'

beforeAll(loadParser)

describe('statements of other kinds', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['drop table a, b.c', 'DROP TABLE', 'ddl', ['a', 'b.c']],
    ['insert into t values (1)', 'INSERT', 'write', ['t']],
    ['update t set a = 1 from u', 'UPDATE', 'write', ['t', 'u']],
    ['delete from t', 'DELETE', 'write', ['t']],
    ['merge into t using u on true when matched then do nothing', 'MERGE', 'write', ['t', 'u']],
    ['truncate t', 'TRUNCATE', 'write', ['t']],
    ['explain analyze delete from t', 'EXPLAIN ANALYZE DELETE', 'write', ['t']],
    ['explain select * from t', 'EXPLAIN SELECT', 'unknown', ['t']],
    ['explain (analyze) execute p', 'EXPLAIN ANALYZE EXECUTE', 'unknown', []],
    ['copy t to stdout', 'COPY TO', 'unknown', ['t']],
    ['copy t from stdin', 'COPY FROM', 'write', ['t']],
    ["copy (select * from t) to program 'sh'", 'COPY TO PROGRAM', 'admin', ['t']],
    ["copy t to '/tmp/x'", 'COPY TO a file', 'admin', ['t']],
    ["do 'begin end'", 'DO', 'unknown', []],
    ['call p()', 'CALL', 'unknown', []],
    ['prepare p as delete from t', 'PREPARE', 'unknown', ['t']],
    ['execute p', 'EXECUTE', 'unknown', []],
    ['declare c cursor for select * from t', 'DECLARE CURSOR', 'unknown', ['t']],
    ['fetch all from c', 'FETCH or MOVE', 'unknown', []],
    ['create table x as select * from t', 'CREATE TABLE AS', 'ddl', ['t', 'x']],
    ['create temp view v as select 1', 'CREATE VIEW', 'ddl', ['v']],
    ['alter table t add a int', 'ALTER TABLE', 'ddl', ['t']],
    ['alter role x superuser', 'ALTER ROLE', 'admin', []],
    ['grant select on t to x', 'GRANT or REVOKE', 'admin', ['t']],
    ['alter system set a = 1', 'ALTER SYSTEM', 'admin', []],
    ['vacuum t', 'VACUUM or ANALYZE', 'admin', ['t']],
    ['lock t', 'LOCK TABLE', 'write', ['t']],
    ['listen x', 'LISTEN', 'unknown', []],
    ["prepare transaction 'x'", 'PREPARE TRANSACTION', 'unknown', []],
    ['drop subscription s', 'DROP SUBSCRIPTION', 'admin', []],
    ['create function f() returns int language sql as $$ select 1 $$', 'CREATE FUNCTION', 'ddl', []],
  ])('%s', (text, verb, effect, tables) => {
    const found = facts(text)
    expect(found).toMatchObject({ kind: 'other', verb, effect })
    expect([...(found as { tables: readonly string[] }).tables].sort()).toEqual([...tables].sort())
  })

  it('are told apart in a text of several', () => {
    expect(statements('select 1; drop table t; commit').map((each) => each.kind)).toEqual([
      'select',
      'other',
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
    'set transaction read only',
    'set default_transaction_read_only = on',
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
    "set session authorization 'x'",
    'reset role',
    'set search_path to x',
    "set schema 'x'",
    'set standard_conforming_strings = off',
    "set client_encoding to 'SJIS'",
    "set names 'LATIN1'",
    'set enable_seqscan = off',
    'set plan_cache_mode = force_generic_plan',
    "set app.x = 'y'",
    'set client_min_messages = debug5',
    'set debug_print_parse = on',
    "set transaction snapshot '00000003-0000001B-1'",
    'show app.secret',
    'show ssl_key_file',
    'set seed to 0.5',
    'set default_transaction_read_only = off',
    'set local transaction_read_only = false',
    'set transaction_read_only to default',
    'reset transaction_read_only',
    'set transaction read write',
    'set transaction isolation level serializable, read write',
    'set session characteristics as transaction read write',
    'begin read write',
    'start transaction isolation level serializable, read write, read only',
    "select set_config('transaction_read_only', 'off', true)",
    "select set_config('default_transaction_read_only', $1, false)",
  ])('guarded: %s', (text) => {
    expect(facts(text).kind).toBe('other')
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

  it('are not sent words that would call a function of that name there', () => {
    expect(facts("select json_value('{}', '$.a')", 17).kind).toBe('select')
    expect(facts("select json_value('{}', '$.a')", 16).kind).toBe('other')
    expect(facts("select json_object('a': 1)", 15).kind).toBe('other')
    expect(facts('select any_value(a) from t', 16).kind).toBe('select')
    expect(facts('select any_value(a) from t', 15).kind).toBe('other')
    expect(facts("select extract(year from now()), 'x'::int4multirange", 14).kind).toBe('select')
    expect(facts('select extract(year from now())', 13).kind).toBe('select')
    expect(facts("select 'x'::int4multirange", 13).kind).toBe('other')
  })
})

import { decideStatement } from '@sluice/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessOf, MAX_RESOURCES } from './access.ts'
import { analyzeStatement, loadParser } from './analyze.ts'

beforeAll(loadParser)

const access = (text: string) => accessOf(analyzeStatement(text, { serverMajor: 18 }), 'shop')
const decide = (text: string) => decideStatement(access(text))

describe('accessOf', () => {
  it('names actions and resources, each once', () => {
    expect(access('begin; select * from customers; select * from public.orders, customers; commit')).toEqual({
      connection: 'shop',
      actions: ['sql:transaction', 'sql:read'],
      resources: ['shop/customers', 'shop/public.orders'],
      objections: [],
    })
  })

  it.each<[string, string]>([
    ['select 1', 'sql:read'],
    ['delete from t', 'sql:write'],
    ['with d as (delete from t returning *) select * from d', 'sql:write'],
    ['drop table t', 'sql:ddl'],
    ['alter role x superuser', 'sql:admin'],
    ['do $$ begin end $$', 'sql:unknown'],
    ['select pg_sleep(1)', 'sql:unknown'],
    ['set statement_timeout = 0', 'sql:session'],
    ['', 'sql:session'],
    ['rollback', 'sql:transaction'],
    ['selct', 'sql:unknown'],
    ["select '", 'sql:unknown'],
  ])('%s: %s', (text, action) => {
    expect(access(text).actions).toEqual([action])
  })

  it('withholds names that might be values', () => {
    expect(access('select * from t819123456, "819-12-3456", public."a.b", tab_2024').resources).toEqual([
      'shop/‹withheld›',
      'shop/tab_2024',
    ])
  })

  it.each<[string, string, string]>([
    ['drop table customers', 'statement_kind', 'DROP TABLE is not allowed on connection shop'],
    ['select pg_sleep(1)', 'function', 'SELECT with the function pg_sleep is not allowed on connection shop'],
    ['select 1; truncate t', 'statement_kind', 'TRUNCATE is not allowed on connection shop'],
    ['explain analyze delete from t', 'statement_kind', 'EXPLAIN ANALYZE DELETE is not allowed on connection shop'],
    ['set role postgres', 'setting', 'SET role to this value is not allowed on connection shop'],
    [
      "select 'x'::mood",
      'type',
      "SELECT with the type mood, which is not PostgreSQL's own is not allowed on connection shop",
    ],
    [
      'selct 1',
      'unparsable',
      'A statement that can\'t be read (syntax error at or near "selct") is not allowed on connection shop',
    ],
  ])('%s is denied for people to understand', (text, reasonCode, reason) => {
    expect(decide(text)).toMatchObject({ kind: 'deny', reasonCode, reason, hint: expect.stringMatching(/\.$/) })
  })

  it('is bounded', () => {
    const tables = Array.from({ length: MAX_RESOURCES + 1 }, (_, index) => `t${index}`)
    expect(access(`select * from ${tables.join(', ')}`).resources).toHaveLength(MAX_RESOURCES)
    expect(decide(`select * from ${tables.join(', ')}`)).toMatchObject({ kind: 'deny', reasonCode: 'too_many' })
    expect(decide('select 1;'.repeat(65))).toMatchObject({ kind: 'deny', reasonCode: 'too_many' })
    expect(decide(`select ${'('.repeat(2000)}1`)).toMatchObject({ kind: 'deny', reasonCode: 'too_large' })
  })
})

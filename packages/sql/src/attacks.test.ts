// Ways to get a change past a policy that permits reads and filtered writes, one row each.

import { beforeAll, describe, expect, it } from 'vitest'
import { accessOf } from './access.ts'
import { analyzeStatement, loadParser } from './analyze.ts'

beforeAll(loadParser)

const PADDING = `/*${'x'.repeat(8000)}*/`

/** What a policy that permits plain reads of everything would still stop it by. */
function stoppedBy(text: string): string[] {
  const access = accessOf(analyzeStatement(text, { serverMajor: 18 }), { connection: 'shop', schemas: ['public'] })
  if (access.refusal !== null) return [access.refusal.code]
  const codes = access.unknown.map(({ code }) => code)
  const asked = access.targets.filter(({ action }) => !['sql:read', 'sql:session', 'sql:unknown'].includes(action))
  return [...codes, ...asked.map(({ action, table }) => (table === null ? action : `${action} ${table}`))]
}

describe('an attack', () => {
  it.each<[string, readonly string[]]>([
    ['select 1; drop table orders', ['sql:ddl public.orders']],
    ["select 1;;; delete from orders; select 'x'", ['sql:write public.orders']],
    ['delete from orders where id = 1; commit; select 1', ['embedded_transaction']],
    ['explain analyze delete from orders', ['statement_kind', 'sql:write public.orders']],
    ['explain (verbose, analyze true) delete from orders', ['statement_kind', 'sql:write public.orders']],
    ['with d as (delete from orders returning *) select * from d', ['write_in_with', 'sql:write public.orders']],
    [
      'select * from (with d as (delete from orders returning *) select * from d) x',
      ['write_in_with', 'sql:write public.orders'],
    ],
    [
      'insert into a with d as (delete from orders returning *) select * from d',
      ['write_in_with', 'sql:write public.a', 'sql:write public.orders'],
    ],
    ['with orders as (select 1) delete from orders', ['sql:write public.orders']],
    ['prepare p as delete from orders', ['statement_kind', 'sql:write public.orders']],
    ['execute p', ['statement_kind']],
    ["copy orders to program 'curl example.invalid'", ['statement_kind', 'sql:admin']],
    ["select query_to_xml('delete from orders', true, true, '')", ['function']],
    ['do $$ begin delete from orders; end $$', ['statement_kind']],
    ["select set_config('role', 'postgres', false)", ['guarded_setting']],
    ["set search_path = 'evil'", ['guarded_setting']],
    ['alter role gateway set search_path = evil', ['guarded_setting']],
    ["create function f() returns int language sql set role = postgres as 'select 1'", ['guarded_setting']],
    ['/* /* */ delete from orders */ drop /**/ table -- select\n orders', ['sql:ddl public.orders']],
    [`${PADDING} delete from orders`, ['sql:write public.orders']],
    ['delete from U&"\\006frders"', ['sql:write public.orders']],
    ['delete from U&"!006frders" uescape \'!\'', ['sql:write public.orders']],
    ['DELETE FROM "public"."orders"', ['sql:write public.orders']],
    ['DELETE FROM PUBLIC.ORDERS', ['sql:write public.orders']],
    ['delete from only (orders)', ['sql:write public.orders']],
    ['delete from only orders', ['sql:write public.orders']],
    // Names that only look like it.
    ['delete from "public.orders"', ['sql:write public."public.orders"']],
    ['delete from "public"."orders "', ['sql:write public."orders "']],
    ['delete from "Orders"', ['sql:write public.Orders']],
    ['delete from оrders', ['sql:write public.оrders']],
    ['delete from orders\u200b', ['sql:write public.orders\u200b']],
    ['delete\u00a0from orders', ['unparsable']],
    ["select E'\\'; delete from orders --'", []],
    ["select '\\'; delete from orders --'", ['sql:write public.orders']],
    ['select $a$; delete from orders; $a$', []],
    ['merge into orders using a on true when matched then delete', ['sql:write public.orders']],
    ['select * into orders2 from orders', ['sql:ddl public.orders2']],
    ['select 1 from orders for update', ['sql:write public.orders']],
    ['lock table orders', ['sql:write public.orders']],
    ['create temp table orders as select 1', ['temporary', 'sql:ddl public.orders']],
    ['delete from pg_temp.orders', ['temporary', 'sql:write pg_temp.orders']],
    ['refresh materialized view v', ['sql:write public.v']],
    ['update orders set a = 1 where current of c', ['cursor', 'sql:write public.orders']],
    ["prepare transaction 'x'", ['two_phase']],
    ['call purge()', ['statement_kind']],
    ["select dblink_exec('', 'delete from orders')", ['function']],
    ['select (5).purge', ['function']],
    ['select * from orders tablesample public.purge (1)', ['function']],
    ['select 1 order by 1 using operator(public.<)', ['operator']],
    ['notify x', ['statement_kind']],
  ])('is seen: %s', (text, by) => {
    expect(stoppedBy(text).sort()).toEqual([...by].sort())
  })
})

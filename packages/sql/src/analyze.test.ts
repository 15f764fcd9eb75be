import { beforeAll, describe, expect, it } from 'vitest'
import { command, judged, statements, uses } from './analysis.fixture.ts'
import { loadParser } from './analyze.ts'
import { isPlainRead } from './facts.ts'
import drivers from './fixtures/driver-statements.json' with { type: 'json' }

beforeAll(loadParser)

describe('a plain SELECT', () => {
  it.each([
    'select 1',
    'SELECT abalance FROM pgbench_accounts WHERE aid = $1',
    'table customers',
    "values (1, 'a'), (2, 'b')",
    'select * from only customers, only (orders)',
    'select c.*, count(*) filter (where o.amount > 10) from customers c left join orders o using (id) group by c.id',
    'select distinct on (status) status, sum(amount) over (partition by status order by id rows between 2 preceding and current row) from orders',
    'select rank() over w, lag(amount, 1, 0) over (w range unbounded preceding exclude ties) from orders window w as (order by id)',
    'select status, grouping(status) from orders group by grouping sets ((status), ()), rollup (customer_id), cube (id)',
    'select * from orders tablesample system (10) repeatable (3)',
    'select * from generate_series(1, 10) with ordinality as g(n, i) where g.n > 3',
    'select n.n, x from rows from (generate_series(1, 3), unnest(array[1,2])) as n(n, x)',
    'select * from customers c, lateral (select * from orders o where o.customer_id = c.id limit 3) l',
    "select * from json_to_record('{\"a\":1}') as r(a int, b text), json_each('{}') e where e.key = r.b",
    "select * from xmltable('/a/b' passing xmlparse(document '<a/>') columns id int path '@id' default 0, n for ordinality)",
    "select xmlelement(name a, xmlattributes(1 as b), 'c'), xmlserialize(content '<a/>'::xml as text)",
    "select * from json_table('[1]', '$[*]' columns (a int path '$', nested path '$.b' columns (c text)))",
    "select json_value('{}', '$.a' returning int default 1 on error), json_object('a': 1), json_arrayagg(id) from orders",
    "select 'orders'::regclass, 'a'::text collate \"C\", cast(1 as numeric(10,2)), '{1}'::int[], interval '1 day', date '2024-01-01'",
    'select case when a then 1 else 2 end, coalesce(a, b), nullif(a, b), greatest(1, 2), a is null, b is not true, row(1, 2)',
    "select a between 1 and 2, a in (1, 2), a like 'x%' escape '!', a similar to 'b', a is distinct from b, a = any($1)",
    "select extract(year from now()), trim(both 'x' from a), substring(a from 1 for 2), position('a' in b), overlay(a placing b from 1)",
    "select current_user, current_timestamp, localtime(0), current_date, now() at time zone 'UTC', a[1], a[1:2]",
    'select array(select id from orders), exists (select 1), (select max(id) from orders), 1 = all (select 2), not true',
    'with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) search depth first by n set o select * from t',
    'with recursive t(n) as (values (1) union select n from t) cycle n set c using p select * from t',
    'with a as materialized (select 1) select * from a union (select 2 intersect select 3) except all select 4 order by 1 limit 5 offset 1',
    'select id from orders order by id using <, status desc nulls last fetch first 3 rows with ties',
    "select make_date(year => 2024, month => 1, day => 1), concat_ws(variadic array['a'])",
    "select percentile_cont(0.5) within group (order by amount), string_agg(distinct status, ',' order by status) from orders",
    "select current_setting('server_version_num'), current_setting('search_path', true), set_config('timezone', 'UTC', false)",
    'select (information_schema._pg_expandarray(i.indkey)).n, (aclexplode(c.relacl)).grantee from pg_index i, pg_class c',
    'select a operator(pg_catalog.+) b, - a, |/ b from t',
    '/* x */ select -- y\n 1 /* /* z */ */;',
  ])('is seen in %s', (text) => {
    expect(judged(text)).toBe('plain')
  })

  it('has its tables as written and folded, without CTE names in their scope', () => {
    const tables = (text: string): readonly string[] =>
      uses(text)
        .map((use) => use.replace(/^read ?/, ''))
        .filter(Boolean)
    expect(tables('select * from Public.Customers c, "Weird.Name", shop.public.orders')).toEqual([
      'public.customers',
      '"Weird.Name"',
      'shop.public.orders',
    ])
    expect(tables('with customers as (select 1) select * from customers')).toEqual([])
    expect(tables('select * from customers, (with customers as (select 1) select * from customers) x')).toEqual([
      'customers',
    ])
    expect(tables('with a as (select * from b), b as (select 1) select * from a, b')).toEqual(['b'])
    expect(tables('with recursive a as (select * from b), b as (select 1) select * from a, b')).toEqual([])
    expect(tables('with customers as (select * from customers) select * from public.customers')).toEqual([
      'customers',
      'public.customers',
    ])
    expect(tables('select (select max(id) from a) from b where exists (table c) union select 1 from d')).toEqual(
      expect.arrayContaining(['a', 'b', 'c', 'd']),
    )
  })
})

describe('what only looks like a read', () => {
  it.each<[string, string]>([
    ['with d as (delete from t returning *) select * from d', 'A DELETE inside WITH'],
    [
      'with a as (with b as (insert into t values (1) returning *) select * from b) select * from a',
      'An INSERT inside WITH',
    ],
    ['with u as (update t set a = 1 returning *) table u', 'An UPDATE inside WITH'],
    ["select query_to_xml('delete from t', true, true, '')", 'query_to_xml'],
    ["select pg_catalog.table_to_xml('t', true, true, '')", 'table_to_xml'],
    ["select * from ts_stat('select 1')", 'ts_stat'],
    ["select ts_rewrite('a'::tsquery, 'select 1')", 'ts_rewrite'],
    ["select * from dblink('x', 'select 1') as d(a int)", 'dblink'],
    ["select pg_read_file('/etc/passwd')", 'pg_read_file'],
    ["select pg_ls_dir('.')", 'pg_ls_dir'],
    ['select lo_get(1)', 'lo_get'],
    ['select 1 where exists (select lo_unlink(1))', 'lo_unlink'],
    ['select pg_sleep(10)', 'pg_sleep'],
    ['select pg_advisory_lock(1)', 'pg_advisory_lock'],
    ["select nextval('s')", 'nextval'],
    ["select pg_notify('a', 'b')", 'pg_notify'],
    ['select pg_terminate_backend(1)', 'pg_terminate_backend'],
    ['select txid_current()', 'txid_current'],
    ["select pg_input_is_valid('1', 'public.mine')", 'pg_input_is_valid'],
    ["select set_config('application_name', ssn, false) from customers", 'set_config'],
    ["select current_setting('app.secret')", 'current_setting'],
    ['select current_setting(ssn) from customers', 'current_setting'],
    [
      "select current_setting(s.name) from pg_catalog.pg_settings s, (values ('app.secret')) x(name)",

      'current_setting',
    ],
    ['select current_setting(s.name) from pg_catalog.pg_settings s(a, name)', 'current_setting'],
    ['select public.lower(a) from t', 'public.lower'],
    ['select my_function(a) from t', 'my_function'],
    ['select * from my_function(1)', 'my_function'],
    ['select * from rows from (generate_series(1, 2), my_function(1)) x', 'my_function'],
    ['select a operator(public.+) b from t', 'operator'],
    ['select a <=> b from t', 'operator'],
    ['select * from t order by a using operator(public.<)', 'operator'],
    ['select a = any (select 1) and b operator(public.=) any (select 2) from t', 'operator'],
    ["select 'x'::mood", 'type mood'],
    ["select 'x'::public.text", 'type public.text'],
    ['select cast(a as mine[]) from t', 'type mine'],
    ["select * from json_to_record('{}') as r(a mine)", 'type mine'],
    ["select * from xmltable('/a' passing x columns a mine)", 'type mine'],
    ['select x.purge from generate_series(1, 3::bigint) x', 'x.purge'],
    ['select generate_series.pg_advisory_lock from generate_series(1, 3::bigint)', 'pg_advisory_lock'],
    ["select ('s'::regclass).nextval", 'nextval'],
    ['select (5).purge, (a.b).c from a', 'purge'],
    ['select (select 5::bigint).pg_advisory_lock', 'pg_advisory_lock'],
    ['select t.record_send from t', 'record_send'],
    ['select 1 from coalesce(1::bigint)', 'unnamed'],
    ['select x.purge from cast(1 as bigint) x', 'x.purge'],
    ['select * from t tablesample public.mine (1)', 'sampling'],
    ['select * from t tablesample mine (1)', 'sampling'],
    ['select * from pg_authid', 'pg_authid'],
    ['select query from pg_catalog.pg_stat_activity', 'pg_stat_activity'],
    ['select most_common_vals from pg_stats', 'pg_stats'],
    ['select 1 where 1 in (select 1 from pg_shadow)', 'pg_shadow'],
  ])('stays unknown: %s', (text, naming) => {
    expect(judged(text)).toContain(naming)
    expect(command(text).unknown).not.toEqual([])
  })

  it('shows no name that might be a value', () => {
    expect(judged('select "819-12-3456"(1)')).toBe('SELECT with the function ‹withheld›')
    expect(judged('select f819123456(1)')).toBe('SELECT with the function ‹withheld›')
    expect(judged('show "app.819123456"')).toBe('SHOW app.‹withheld›')
    expect(judged('set "app.819123456" to 1')).toBe('admin')
    expect(command('set "app.819123456" to 1').verbs).toEqual(['SET app.‹withheld›'])
  })

  it('tells everything that is unknown, not only the first', () => {
    expect(judged("select my_function(a), 'x'::mood from t where pg_sleep(1) is null")).toBe(
      "SELECT with the function my_function; SELECT with the type mood, which is not PostgreSQL's own; SELECT with the function pg_sleep",
    )
  })
})

describe('what drivers send', () => {
  it.each<[string, readonly string[]]>([
    ['the driver for Java', drivers.pgjdbc],
    ['the drivers for Python and Node', drivers.others],
  ])('%s', (_, texts) => {
    const refused = texts.flatMap((text) =>
      statements(text).filter((each) => each.kind === 'command' && !isPlainRead(each)),
    )
    expect(refused).toEqual([])
  })
})

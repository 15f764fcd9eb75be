// Statements of shapes that the general generator does not make, each with random parts: what clever people try.

import type { Expressions } from './random-query-expressions.ts'
import { TABLES } from './random-query-schema.ts'
import { Scope, scoped } from './random-query-scope.ts'
import type { Choices } from './random-query-source.ts'

type Parts = {
  /** A table, and its alias is `c`. */
  readonly table: string
  /** A sensitive column of it, perhaps within something that shows it. */
  readonly s: string
  /** The bare name of a sensitive column. */
  readonly name: string
  readonly clean: string
  readonly cleanName: string
  readonly condition: string
  readonly telling: string
  readonly shown: string
}

const ODDITIES: readonly ((parts: Parts) => string)[] = [
  ({ table }) => `table ${table}`,
  ({ table, name }) => `select (c).${name} from ${table} c`,
  ({ table, name }) => `select (c).${name}, (x).* from ${table} c, lateral (select c as x) l limit 9`,
  ({ table, condition }) => `select c::text from ${table} c where ${condition}`,
  ({ table }) => `select c::text::${table} from ${table} c`,
  ({ table }) => `select c from ${table} c order by c limit 5`,
  ({ table }) => `select count(*) from ${table} c join ${table} d on c = d`,
  ({ table }) => `select count(c.*), count(distinct c) from ${table} c`,
  ({ table, name }) => `select c.id, d.id from ${table} c join ${table} d using (${name}) where false`,
  ({ table }) => `select * from ${table} c natural join ${table} d`,
  ({ table, name }) => `select distinct on (${name}) id from ${table}`,
  ({ table, cleanName, shown }) =>
    `select distinct on (${cleanName}) ${shown} from ${table} c order by ${cleanName}, id`,
  ({ table, cleanName, shown }) => `select ${shown} from ${table} c order by ${cleanName} fetch first 3 rows with ties`,
  ({ table, s }) => `select id from ${table} c limit (select length(${s}::text) from ${table} c limit 1)`,
  ({ table, s }) => `select id from ${table} c offset (select count(*) from ${table} c where ${s}::text < '5')`,
  ({ table, name }) =>
    `select id from ${table} tablesample bernoulli ((select ascii(${name}::text) from ${table} limit 1))`,
  ({ table, name, cleanName }) =>
    `select ${cleanName}, ${name}, count(*) from ${table} group by grouping sets ((${cleanName}), (${name}), ())`,
  ({ table, cleanName, shown }) =>
    `select ${cleanName}, count(*), (array_agg(${shown}))[2] from ${table} c group by cube (${cleanName})`,
  ({ table, name, clean }) =>
    `select sum(1) over (order by ${clean} rows ascii(${name}::text) % 3 preceding) from ${table} c`,
  ({ table, name, clean }) => `select lag(${clean}) over (order by ${name}) from ${table} c`,
  ({ table, name, clean }) =>
    `select count(*) over (order by ${clean} range between 1 preceding and 1 following), ${name} from ${table} c`,
  ({ table, s }) => `select * from ${table} c, unnest(array[${s}::text, 'x']) u`,
  ({ table, s }) =>
    `select c.id, u from ${table} c, unnest(string_to_array(${s}::text, '1')) with ordinality as u(x, n)`,
  () => 'select c.id, l from customers c, unnest(c.labels) l',
  () => `select c.id, e.key, e.value from customers c, jsonb_each(c.profile) e`,
  () => `select c.id, e from customers c, jsonb_array_elements(c.profile -> 'path') e`,
  () => `select c.id, c.profile ->> 'ssn', c.profile -> 'level', c.profile['vip'] from customers c`,
  () => `select c.id from customers c where c.profile @> '{"vip": true}'`,
  () => `select c.labels[1], c.labels[1:1], array_length(c.labels, 1) from customers c`,
  () => `select get_byte(c.avatar, 0), encode(c.avatar, 'hex'), length(c.avatar) from customers c`,
  () => `select extract(year from born), age(born), born - date '2000-01-01', to_char(born, 'YYYY') from customers`,
  () => 'select sum(balance), avg(salary), min(score) from customers, employees where false',
  () => 'select sum(balance), stddev(score), max(born) from customers',
  () => `select width_bucket(balance, 1000, 9000, 4), score * 2, -score, balance::int from customers`,
  () => 'select generate_series(1, score % 3) from customers',
  ({ table, s }) => `select xmlforest(${s} as v), xmlagg(xmlelement(name e, 1)) over () from ${table} c`,
  ({ table, s }) => `select x.* from ${table} c, xmltable('/a' passing xmlparse(content ${s}::text) columns a text) x`,
  ({ table, s }) => `select 1 from ${table} c where (select ${s}::text) = (select 'x')`,
  ({ table, s }) => `select case c.id when 1 then ${s}::text else 'x' end from ${table} c`,
  ({ table, s, clean }) => `select case when ${clean} is null then null else ${s}::text end from ${table} c`,
  ({ table, telling }) => `select case when ${telling} then 1 else 1 / 0 end from ${table} c`,
  ({ table, telling }) => `select id from ${table} c where case when ${telling} then true else 1 / 0 = 1 end`,
  ({ table, telling, shown }) => `select ${shown} from ${table} c where id = 1 and ${telling}`,
  ({ table, telling }) => `select count(*) from ${table} c having bool_or(${telling})`,
  ({ table, telling }) => `select bool_and(${telling}) from ${table} c`,
  ({ table, telling }) => `select exists (select 1 from ${table} c where ${telling})`,
  ({ table, telling }) => `with w as (select id, (${telling}) as t from ${table} c) select id from w where t`,
  ({ table, telling }) => `with w as (select id, (${telling}) as t from ${table} c) select id, t from w`,
  ({ table, s }) => `with w(v) as (select ${s}::text from ${table} c) select v from w union all select v || v from w`,
  ({ table, s }) =>
    `with recursive w(v, n) as (select ${s}::text, 1 from ${table} c union all select v || 'x', n + 1 from w where n < 3) select * from w`,
  ({ table, s }) =>
    `with recursive w(v, n) as (select ${s}::text, 1 from ${table} c union select substr(v, 2), n + 1 from w where n < 3 and v <> '') select n from w`,
  ({ table, s }) =>
    `select v from (select ${s}::text from ${table} c intersect select ${s}::text from ${table} c) d(v)`,
  ({ table, s }) => `select v from (select ${s}::text from ${table} c except all select name from employees) d(v)`,
  ({ table, s, clean }) =>
    `select ${s}::text, ${clean} from ${table} c union all select 'known', ${clean} from ${table} c`,
  ({ table, s }) =>
    `select json_object_agg(c.id, ${s}), jsonb_object_agg(${s}::text, 1) from ${table} c where ${s} is not null`,
  ({ table, s }) => `select quote_nullable(${s}::text), quote_ident(${s}::text), pg_typeof(${s}) from ${table} c`,
  ({ table, s }) => `select num_nulls(${s}, 1), concat(${s}), ${s} is distinct from null from ${table} c`,
  ({ table, s, shown }) =>
    `select ${shown} from ${table} c where c.id in (values (1), (2), (3)) and not exists (select ${s})`,
  ({ table, cleanName, shown }) =>
    `select * from (select ${shown} as v, ${cleanName} as k, row_number() over (partition by ${cleanName} order by id) as n from ${table} c) d where n = 1`,
  ({ table, name }) =>
    `select c.id from ${table} c where c.${name} = (select d.${name} from ${table} d where d.id = 1)`,
  ({ table, name }) =>
    `select c.id from ${table} c where c.${name} in (select d.${name} from ${table} d where d.id < 3) and false`,
  ({ table, name }) =>
    `select c.id from ${table} c where c.${name} not in (select d.${name} from ${table} d where d.id = 2)`,
  ({ table, name }) => `select c.id from ${table} c where row(c.${name}, c.id) = row(c.${name}, 7)`,
  ({ table, name }) =>
    `select c.id from ${table} c where c.${name} = any (array(select d.${name} from ${table} d where d.id = 3))`,
  ({ table }) => `select relname, relpages, reltuples from pg_class where relname = '${table}'`,
  ({ table }) => `select * from pg_stats where tablename = '${table}'`,
  ({ table }) => `select * from pg_statistic where starelid = '${table}'::regclass`,
  ({ table }) => `select pg_relation_size('${table}'), pg_total_relation_size('customers_email')`,
  ({ table }) => `select c.ctid, c.tableoid::regclass from ${table} c`,
  ({ table, s }) => `prepare x as select ${s} from ${table} c`,
  ({ table, shown }) => `select ${shown} into temp copied from ${table} c`,
  ({ table, s }) => `create temp table copied as select ${s}::text from ${table} c`,
  ({ table, s }) => `do $$ begin raise notice '%', (select ${s} from ${table} c limit 1); end $$`,
  ({ table, s }) => `select dblink('', ${s}::text), lo_from_bytea(0, ${s}::text::bytea) from ${table} c`,
  ({ table, s }) => `select setseed(1.0 / ascii(${s}::text)), pg_advisory_lock(ascii(${s}::text)) from ${table} c`,
  ({ table, telling }) => `select pg_sleep(0) from ${table} c where ${telling}`,
  ({ table, name }) => `explain (costs off) select id from ${table} where ${name}::text < '5' order by ${name}`,
  ({ table, shown, condition }) => `explain (verbose, costs off) select ${shown} from ${table} c where ${condition}`,
  ({ table, telling }) =>
    `explain (analyze, costs off, timing off, summary off, buffers off) select id from ${table} c where ${telling}`,
  ({ table, name }) => `copy ${table} (id, ${name}) to stdout`,
  ({ table }) => `copy ${table} to stdout with (format csv, header, delimiter ';')`,
  ({ table }) => `copy ${table} to stdout with (format binary)`,
  ({ table, name }) => `copy ${table} to stdout with (format csv, force_quote (${name}))`,
]

export function oddity(choices: Choices, expressions: Expressions): string {
  const { name: table, columns } = choices.of(TABLES)
  const scope = new Scope([scoped('c', columns)])
  const name = scope.column(choices, 'sensitive')?.name ?? 'id'
  const cleanName = scope.column(choices, 'clean')?.name ?? 'id'
  return choices.of(ODDITIES)({
    table,
    name,
    cleanName,
    s: expressions.sensitive(scope),
    clean: `c.${cleanName}`,
    condition: expressions.cleanCondition(scope),
    telling: expressions.tellingCondition(scope),
    shown: expressions.shown(scope).replace(/^c\.\*$/, 'c'),
  })
}

// Two databases of one server that differ only in sensitive values, with everything in them that values could leak by,
// and a gateway in front of each.

import { randomUUID } from 'node:crypto'
import type { MaskingInput } from '@sluice/mask'
import { GATEWAY_ROLE, startDatabase } from '../stand/database.ts'
import { type Login, type RunningProxy, startProxy } from '../stand/proxy.ts'
import { emailOf, SIDES, type Side, ssnOf } from './leaks-values.ts'

export type LeakMajor = 13 | 15 | 16 | 18

export type LeakStand = {
  readonly proxies: Readonly<Record<Side, RunningProxy>>
  /** A subject of its own, who has compared nothing yet. */
  readonly newcomer: (side: Side) => Promise<Login>
  /** Runs SQL as superuser, past the gateway. */
  readonly owner: (side: Side, sql: string) => Promise<void>
  readonly stop: () => Promise<void>
}

const ROWS = 40

/** Names with which a reader of trees could go wrong. */
const ODD = '"s s\n(n) {:x} \\"'

const wide = Array.from({ length: 250 }, (_, i) => (i === 220 ? 'ssn text' : `c${i} int`)).join(', ')

/** Tables that change while they are used: each attack has one of its own, and a view of it. */
const CHANGING = 40

const changing = (make: (name: number) => string): string =>
  Array.from({ length: CHANGING }, (_, i) => make(i + 1)).join('\n')

const SCHEMA = `
  ${changing(
    (n) => `create table t_${n} (id int, name text, status text, ssn text);
  create view v_${n} as select id, status as v from t_${n};`,
  )}
  drop table customers, orders;
  create table customers (id int primary key, name text, email text, ssn text unique, notes text, born date,
    payload jsonb, vip boolean default false);
  create table orders (id int primary key, customer_id int references customers, status text, amount numeric);
  create table taken (ssn text primary key, id int);
  create view v_customers as select id, name, ssn as code, left(ssn, 3) as area from customers;
  create view v_barrier with (security_barrier) as select id, ssn as code from customers where id > 0;
  create materialized view m_customers as select id, ssn as hidden, name, left(ssn, 1) as initial from customers;
  create table "Odd ""Name" (id int, ${ODD} text, "Ünï" text);
  create table wide (${wide});
  create table base (id int, title text, constraint small check (id < 1000));
  create table kid (ssn text) inherits (base);
  create table parted (id int, ssn text, status text) partition by range (ssn);
  create table parted_low (status text, ssn text, id int);
  alter table parted attach partition parted_low for values from (minvalue) to ('500');
  create table parted_high partition of parted for values from ('500') to (maxvalue);
  create table made (id int, initial text generated always as (left(ssn, 1)) stored, ssn text, status text);
  create table hidden_rows (id int, ssn text, status text);
  alter table hidden_rows enable row level security;
  create policy own on hidden_rows using (id < 20);
  create table parents (id int primary key, title text);
  create table children (ssn text unique, parent_id int references parents on delete cascade);
  create table grandchildren (id int, child_ssn text references children (ssn));
  create table loud (id int primary key, title text);
  create table heard (ssn text, loud_id int references loud on delete cascade);
  create function shout() returns trigger language plpgsql as
    $$ begin raise notice 'gone: %', old.ssn; return old; end $$;
  create trigger shouts before delete on heard for each row execute function shout();
  create type person as (name text, ssn text);
  create table composites (id int, who person, ssns text[], born_in daterange);
  create domain code as text check (value <> '');
  create table domains (id int, ssn code);
  create schema anon;
  create table anon.customers (id int, ssn text, name text);
  create sequence counter;
  create function opaque(text) returns text language plpgsql as $$ begin raise notice 'opaque %', $1; return $1; end $$;
  create table dropped (id int, gone int, ssn text, status text);
  alter table dropped drop column gone;
`

const row = (side: Side, n: number): string =>
  `(${n}, 'Name ${n}', '${emailOf(side, n)}', '${ssnOf(side, n)}', 'number ${ssnOf(side, n)} of customer', null,
   '{"ssn": "${ssnOf(side, n)}"}', ${n % 2 === 0})`

const numbers = Array.from({ length: ROWS }, (_, i) => i + 1)

const fill = (side: Side): string => `
  insert into customers values ${numbers.map((n) => row(side, n)).join(', ')};
  insert into orders select n, n, 'new', n from generate_series(1, ${ROWS}) n;
  insert into taken select ssn, id from customers;
  refresh materialized view m_customers;
  insert into "Odd ""Name" select id, ssn, ssn from customers;
  insert into wide (c0, ssn) select id, ssn from customers;
  insert into kid select id, 'title', ssn from customers;
  insert into parted select id, ssn, 'new' from customers;
  insert into made (id, ssn, status) select id, ssn, 'new' from customers;
  insert into hidden_rows select id, ssn, 'new' from customers;
  insert into parents select n, 'title' from generate_series(1, ${ROWS}) n;
  insert into children select ssn, id from customers;
  insert into grandchildren select id, ssn from customers;
  insert into loud select n, 'title' from generate_series(1, ${ROWS}) n;
  insert into heard select ssn, id from customers;
  insert into composites select id, row(name, ssn)::person, array[ssn], null from customers;
  insert into domains select id, ssn from customers;
  insert into anon.customers select id, 'none', name from customers;
  insert into dropped select id, ssn, 'new' from customers;
  ${changing((n) => `insert into t_${n} select id, 'none', 'new', ssn from customers;`)}
  grant usage on schema anon to ${GATEWAY_ROLE};
  grant select, insert, update, delete on all tables in schema public, anon to ${GATEWAY_ROLE};
  grant usage on all sequences in schema public to ${GATEWAY_ROLE};
  analyze;
`

const EVERYTHING = [
  {
    name: 'stand.cedar',
    text: `@id("connect") permit (principal, action == Action::"connect", resource);
@id("all") permit (principal, action in [Action::"sql:read", Action::"sql:write", Action::"sql:transaction",
  Action::"sql:session", Action::"sql:ddl"], resource);`,
  },
]

const RULES: MaskingInput = {
  columns: [
    { match: 'shop/anon.*.ssn', verdict: 'clean' },
    { match: '*/*.*.ssn', tag: 'pii.ssn' },
    { match: '*/*.*.child_ssn', tag: 'pii.ssn' },
    { match: '*/*.Odd*.*n*', tag: 'pii.ssn' },
    { match: '*/*.*.email', tag: 'pii.email' },
    { match: '*/*.*.title', verdict: 'clean' },
  ],
  tags: { 'pii.email': { strategy: 'partial' } },
}

export async function startLeakStand(major: LeakMajor): Promise<LeakStand> {
  const database = await startDatabase(major)
  await database.query('alter system set autovacuum = off')
  await database.query('select pg_reload_conf()')
  await database.query(SCHEMA)
  for (const side of SIDES) {
    await database.query(`create database "${side}" template shop`)
    await database.query(fill(side), side)
  }
  const open = (side: Side): Promise<RunningProxy> =>
    startProxy({ ...database, name: side }, { masking: RULES, plannedBy: 'test', policies: EVERYTHING })
  const [left, right] = await Promise.all([open('left'), open('right')])
  const proxies = { left, right }
  return {
    proxies,
    newcomer: (side) => proxies[side].ticket({ agent: `agent-${randomUUID()}` }),
    owner: async (side, sql) => {
      await database.query(sql, side)
    },
    stop: async () => {
      await Promise.all([left.stop(), right.stop()])
      await database.stop()
    },
  }
}

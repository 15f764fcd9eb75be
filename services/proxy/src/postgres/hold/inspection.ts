// What a held command would touch, as the database itself says: relations with all that acts on them, the code in
// reach, and the settings that it would run under. Asked before a person is, and again around the execution: what they
// approved is bound to it.

import type { Touched } from '@sluice/events'
import type { AccessTarget } from '@sluice/policy'
import type { OwnResult, OwnStatement } from './own-work.ts'

/** More would be no question that a person could answer. */
const MAX_TOUCHES = 200

/**
 * `xmin` changes with every change of a row, back to its former content too: what was replaced and restored between
 * two looks is noticed. Code of the user's own (functions, operators, casts, types with their conditions, event
 * triggers) counts whole: which of it a name in the command finds is not known without the tree. Relations count as far
 * as they are in reach: tables named, their partitions and children, what foreign keys cascade to, and what views stand
 * on.
 */
const INSPECTION = `
with recursive named as (
  select pg_catalog.to_regclass(n)::pg_catalog.oid as id, n from pg_catalog.unnest($1::pg_catalog.text[]) n
), reach(id, via) as (
  select id, 'table' from named where id is not null
  union
  select step.id, step.via from reach cross join lateral (
    select conrelid as id, 'cascade' as via from pg_catalog.pg_constraint
      where contype = 'f' and confrelid = reach.id and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd'))
    union all
    select inhrelid, reach.via from pg_catalog.pg_inherits where inhparent = reach.id
    union all
    select d.refobjid, 'view' from pg_catalog.pg_rewrite w join pg_catalog.pg_depend d
      on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> reach.id
      where w.ev_class = reach.id
  ) step
), ids as (
  select distinct id from reach
), facts(fact) as (
  select 'name ' || n || ' ' || coalesce(id::pg_catalog.text, '-') from named
  union all select pg_catalog.concat_ws(' ', 'class', c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence,
      c.relowner, c.relrowsecurity, c.relforcerowsecurity) from pg_catalog.pg_class c join ids on c.oid = id
  union all select pg_catalog.concat_ws(' ', 'column', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attisdropped, a.xmin)
    from pg_catalog.pg_attribute a where a.attrelid = any (array(select id from ids)) and a.attnum > 0
  union all select pg_catalog.concat_ws(' ', 'default', a.oid, a.xmin)
    from pg_catalog.pg_attrdef a where a.adrelid = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'constraint', a.oid, a.xmin)
    from pg_catalog.pg_constraint a where a.conrelid = any (array(select id from ids)) or a.confrelid = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'trigger', a.oid, a.xmin)
    from pg_catalog.pg_trigger a where a.tgrelid = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'rule', a.oid, a.xmin)
    from pg_catalog.pg_rewrite a where a.ev_class = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'policy', a.oid, a.xmin)
    from pg_catalog.pg_policy a where a.polrelid = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'index', a.indexrelid, a.xmin)
    from pg_catalog.pg_index a where a.indrelid = any (array(select id from ids))
  union all select pg_catalog.concat_ws(' ', 'function', a.oid, a.xmin)
    from pg_catalog.pg_proc a where a.oid >= 16384
  union all select pg_catalog.concat_ws(' ', 'operator', a.oid, a.xmin)
    from pg_catalog.pg_operator a where a.oid >= 16384
  union all select pg_catalog.concat_ws(' ', 'cast', a.oid, a.xmin)
    from pg_catalog.pg_cast a where a.oid >= 16384
  union all select pg_catalog.concat_ws(' ', 'type', a.oid, a.xmin)
    from pg_catalog.pg_type a where a.oid >= 16384 and a.typtype in ('d', 'e', 'r', 'm')
  union all select pg_catalog.concat_ws(' ', 'domain constraint', a.oid, a.xmin)
    from pg_catalog.pg_constraint a where a.oid >= 16384 and a.contypid <> 0
  union all select pg_catalog.concat_ws(' ', 'event trigger', a.oid, a.xmin) from pg_catalog.pg_event_trigger a
  union all select pg_catalog.concat_ws(' ', 'setting', name, setting) from pg_catalog.pg_settings
      where source in ('session', 'client', 'user', 'database', 'database user')
      and name not in ('transaction_read_only', 'transaction_deferrable')
  union all select pg_catalog.concat_ws(' ', 'context', current_user, session_user, pg_catalog.current_schemas(true),
      pg_catalog.current_setting('search_path'), pg_catalog.current_setting('session_replication_role'),
      pg_catalog.current_setting('row_security'), pg_catalog.current_setting('transaction_isolation'))
), touched(kind, name) as (
  select distinct case when c.relkind in ('v', 'm') then 'view' when via = 'view' then 'table' else via end,
      n.nspname || '.' || c.relname
    from reach join pg_catalog.pg_class c on c.oid = id join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  union all
  select 'trigger', t.tgname || ' on ' || c.relname || ' calls ' || p.proname
    from pg_catalog.pg_trigger t join ids on t.tgrelid = id join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_proc p on p.oid = t.tgfoid where not t.tgisinternal and t.tgenabled <> 'D'
  union all
  select 'rule', w.rulename || ' on ' || c.relname
    from pg_catalog.pg_rewrite w join ids on w.ev_class = id join pg_catalog.pg_class c on c.oid = w.ev_class
    where w.rulename <> '_RETURN'
)
select
  pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
    (select pg_catalog.string_agg(fact, E'\\n' order by fact collate pg_catalog."C") from facts), 'UTF8')), 'hex'),
  pg_catalog.current_setting('transaction_isolation'),
  exists (select from pg_catalog.pg_class c join ids on c.oid = id where c.relpersistence = 't')
    or exists (select from pg_catalog.pg_class c where c.relpersistence = 't' and pg_catalog.pg_table_is_visible(c.oid)
      and c.relname in (select relname from pg_catalog.pg_class join ids on oid = id)),
  (select pg_catalog.json_agg(pg_catalog.json_build_object('kind', kind, 'name', name) order by kind, name)
    from (select kind, name from touched order by kind, name limit ${MAX_TOUCHES + 1}) t)`

export type Inspection = {
  /** SHA-256 in hex over everything in reach. */
  readonly definitions: string
  readonly isolation: string
  readonly touchesTemporary: boolean
  readonly touches: readonly Touched[]
}

/** What was seen before anybody was asked. */
export type Seen = {
  readonly inspection: Inspection
  readonly estimatedRows: number | null
  readonly inTransaction: boolean
}

/** Of the tables that the policy was asked for: `schema.table`, a part in quotes where it is no plain word. */
export function inspection(targets: readonly Pick<AccessTarget, 'table'>[]): OwnStatement {
  const tables = new Set(targets.flatMap(({ table }) => (table === null ? [] : [quoted(table)])))
  return { text: INSPECTION, parameters: [arrayLiteral([...tables])] }
}

/** Every part in quotes: without them PostgreSQL would look for `Orders` under the name `orders`. */
function quoted(table: string): string {
  return table.replace(/"(?:[^"]|"")*"|[^".]+/g, (part) => (part.startsWith('"') ? part : `"${part}"`))
}

/** The inspection at `index` of what ran; null where it is not what was asked for. */
export function readInspection(result: Extract<OwnResult, { kind: 'done' }>, index: number): Inspection | null {
  const [definitions, isolation, temporary, touches] = result.results[index]?.[0] ?? []
  if (definitions?.length !== 64 || typeof isolation !== 'string') return null
  const listed = touches === null || touches === undefined ? [] : (JSON.parse(touches) as Touched[])
  if (listed.length > MAX_TOUCHES) return null
  return { definitions, isolation, touchesTemporary: temporary !== 'f', touches: listed }
}

/** PostgreSQL's text form of an array of texts. */
function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, (mark) => `\\${mark}`)}"`).join(',')}}`
}

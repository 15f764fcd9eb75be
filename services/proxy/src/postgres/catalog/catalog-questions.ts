// What is asked of PostgreSQL's catalog, from 13 to 18. Names are qualified and operators are found in pg_catalog alone,
// so that nothing that a user has made is called; answers are text, lists JSON.

import { STANDARD_OBJECTS_SQL } from '@sluice/mask'

/** Other sessions' temporary relations and the storage of long values are nobody's to read. */
const RELATIONS = `
  select c.oid, c.relname, c.relkind, c.relnamespace, n.nspname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and c.relpersistence <> 't'
    and (c.oid >= 16384 or n.nspname = 'information_schema' or (n.nspname = 'pg_catalog' and c.relkind = 'v'))`

/** Only what could be meant for us: other comments are nobody's business here. */
const withComment = (objectId: string, column: string): string => `
  left join pg_catalog.pg_description d on d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objoid = ${objectId} and d.objsubid = ${column} and pg_catalog.strpos(d.description, 'sluice:') > 0`

const COMMENT = 'pg_catalog.left(d.description, 100000)'

const CODE_IDS = (dependent: string): string => `
  select d.refobjid from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and ${dependent}`

const on = (catalog: string, id: string): string =>
  `d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass and d.objid = ${id}`

const array = (query: string): string => `pg_catalog.array_to_json(array(${query}))`

const trees = (...expressions: readonly string[]): string =>
  `pg_catalog.array_to_json(pg_catalog.array_remove(array[${expressions.map((each) => `${each}::pg_catalog.text`).join(', ')}], null))`

/** All that follows is asked of one snapshot. */
export const BEGIN = 'begin isolation level repeatable read, read only'

export const DATABASE_QUESTION = `
  select oid, datname, pg_catalog.current_setting('server_version_num')
  from pg_catalog.pg_database where datname = pg_catalog.current_database()`

/** Whether this role may choose what the server logs of its sessions: since 15 it can be granted. */
export function quietQuestion(serverMajor: number): string {
  return serverMajor < 15
    ? 'select rolsuper from pg_catalog.pg_roles where rolname = current_user'
    : "select pg_catalog.has_parameter_privilege('log_min_messages', 'SET')"
}

export const CATALOG_QUESTIONS = {
  relations: `
    select r.oid, r.nspname, r.relname, r.relkind, ${COMMENT},
      ${array(`select i.inhparent from pg_catalog.pg_inherits i where i.inhrelid = r.oid`)}
    from (${RELATIONS}) r ${withComment('r.oid', '0')}`,

  columns: `
    select a.attrelid, a.attnum, a.attname, a.atttypid, t.typname, a.atttypmod, ${COMMENT}, l.labels,
      case when a.attgenerated <> '' then ${array(`
        select distinct d.refobjsubid from pg_catalog.pg_depend d
        left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
        where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = a.attrelid
        and d.refobjsubid > 0 and d.refobjsubid <> a.attnum
        and ((${on('pg_class', 'a.attrelid')} and d.objsubid = a.attnum) or (${on('pg_attrdef', 'f.oid')}))`)} end
    from (${RELATIONS}) r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid ${withComment('a.attrelid', 'a.attnum')}
    left join (
      select objoid, objsubid, pg_catalog.json_agg(label) as labels from pg_catalog.pg_seclabel
      where classoid = 'pg_catalog.pg_class'::pg_catalog.regclass group by objoid, objsubid
    ) l on l.objoid = a.attrelid and l.objsubid = a.attnum`,

  keys: `
    select i.indrelid, i.indisprimary,
      ${array(`select k from pg_catalog.unnest((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]) k`)}
    from pg_catalog.pg_index i join (${RELATIONS}) r on r.oid = i.indrelid
    where i.indisunique and i.indislive and i.indexprs is null and i.indpred is null`,

  /** Those without an order (BRIN, GIN) count like all others. 0 stands for whole rows. */
  indexes: `
    select i.indrelid, i.indpred is not null,
      ${array(`
        select k from pg_catalog.unnest((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]) k where k <> 0
        union select d.refobjsubid from pg_catalog.pg_depend d
        where i.indexprs is not null and ${on('pg_class', 'i.indexrelid')}
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = i.indrelid`)}
    from pg_catalog.pg_index i join (${RELATIONS}) r on r.oid = i.indrelid
    where i.indislive and i.indrelid >= 16384`,

  places: `
    select p.partrelid, ${array(`select k from pg_catalog.unnest(p.partattrs::pg_catalog.int2[]) k`)}
    from pg_catalog.pg_partitioned_table p
    union all
    select i.indrelid, ${array(`select k from pg_catalog.unnest((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]) k`)}
    from pg_catalog.pg_index i join (${RELATIONS}) r on r.oid = i.indrelid
    where i.indisclustered`,

  foreignKeys: `
    select k.conname, k.conrelid, pg_catalog.array_to_json(k.conkey), k.confrelid, pg_catalog.array_to_json(k.confkey)
    from pg_catalog.pg_constraint k where k.contype = 'f'`,

  /** Relation, kind, name, ids of functions of the users' own, and the trees of what it computes. */
  code: `
    select t.tgrelid, 'trigger', t.tgname, pg_catalog.array_to_json(array[t.tgfoid]), ${trees('t.tgqual')}
    from pg_catalog.pg_trigger t where not t.tgisinternal
    union all
    select w.ev_class, 'rule', w.rulename, null, null
    from pg_catalog.pg_rewrite w join (${RELATIONS}) r on r.oid = w.ev_class where w.rulename <> '_RETURN'
    union all
    select k.conrelid, 'check', k.conname, ${array(CODE_IDS(on('pg_constraint', 'k.oid')))}, ${trees('k.conbin')}
    from pg_catalog.pg_constraint k where k.contype = 'c' and k.conrelid >= 16384
    union all
    select i.indrelid, 'index', x.relname, ${array(CODE_IDS(on('pg_class', 'i.indexrelid')))},
      ${trees('i.indexprs', 'i.indpred')}
    from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
    join (${RELATIONS}) r on r.oid = i.indrelid
    where i.indexprs is not null or i.indpred is not null
    or exists (select from pg_catalog.unnest(i.indclass::pg_catalog.oid[]) o where o >= 16384)
    union all
    select f.adrelid, case when a.attgenerated = '' then 'default' else 'generated' end, a.attname,
      ${array(CODE_IDS(on('pg_attrdef', 'f.oid')))}, ${trees('f.adbin')}
    from pg_catalog.pg_attrdef f join pg_catalog.pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
    where f.adrelid >= 16384`,

  types: `
    select t.oid, t.typname, t.typtype,
      coalesce(nullif(t.typbasetype, 0), e.oid, g.rngsubtype, (pg_catalog.to_jsonb(m) ->> 'rngtypid')::pg_catalog.oid),
      (select pg_catalog.max(f) from pg_catalog.unnest(array[t.typinput, t.typoutput, t.typreceive, t.typsend,
        t.typmodin, t.typmodout, g.rngcanonical, g.rngsubdiff]::pg_catalog.oid[]) f),
      nullif(t.typrelid, 0),
      ${array(`select k.conbin::pg_catalog.text from pg_catalog.pg_constraint k
        where k.contypid = t.oid and k.contype = 'c'`)}
    from pg_catalog.pg_type t
    left join pg_catalog.pg_type e on e.typarray = t.oid
    left join pg_catalog.pg_range g on g.rngtypid = t.oid
    left join pg_catalog.pg_range m on (pg_catalog.to_jsonb(m) ->> 'rngmultitypid')::pg_catalog.oid = t.oid
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.oid >= 16384 and t.typtype in ('b', 'c', 'd', 'e', 'r', 'm')
    and not (n.nspname ~ '^pg_(toast_)?temp_' or n.nspname = 'pg_toast')`,

  /** The definitions of views, by their hash: they are long, and most are as they were. */
  definitions: `
    select r.oid, pg_catalog.encode(pg_catalog.sha256(
      pg_catalog.convert_to(w.ev_action::pg_catalog.text, 'UTF8')), 'base64')
    from pg_catalog.pg_rewrite w join (${RELATIONS}) r on r.oid = w.ev_class
    where w.rulename = '_RETURN' and w.ev_type = '1' and r.relkind in ('v', 'm') and r.oid >= 16384`,

  standard: STANDARD_OBJECTS_SQL,
} as const

export function definitionsOf(relids: readonly number[]): string {
  return `
    select w.ev_class, w.ev_action::pg_catalog.text from pg_catalog.pg_rewrite w
    where w.rulename = '_RETURN' and w.ev_type = '1' and w.ev_class in (${relids.join(', ')})`
}

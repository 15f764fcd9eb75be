// What one real server's catalogs hold of the reviewed lists, for generate.ts and for the tests of what it wrote.

import pg from 'pg'
import {
  HARMLESS_VOLATILE,
  INTERNAL_TYPES,
  NOT_AS_TEXT,
  PSEUDO_TYPES,
  REFUSED,
  REFUSED_CATALOGS,
  REFUSED_COLUMNS,
  REFUSED_EQUALITY,
  REFUSED_TYPES,
  TEXTUAL,
  TOTAL,
  words,
} from './review.ts'

export type ListName =
  | 'total'
  | 'sized'
  | 'plain'
  | 'refused'
  | 'operators'
  | 'equality'
  | 'counts'
  | 'types'
  | 'asText'
  | 'textual'
  | 'catalogs'
  | 'closedColumns'
  | 'collations'

export type ListedServer = {
  readonly major: number
  /** Entries such as `abs:1394` (name and id) or `1394`. */
  readonly lists: Readonly<Record<ListName, readonly string[]>>
}

/** Below this, ids are written in PostgreSQL's source: the same on every server of a major version. */
const FIXED = 12_000

const FUNCTIONS = `
  select p.proname || ':' || p.oid as entry,
    p.proname || '(' || replace(replace(oidvectortypes(p.proargtypes), ', ', ','), ' ', '_') || ')' as signature
  from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < ${FIXED} and p.prokind <> 'p'
    and (p.provolatile <> 'v' or p.proname = any($1))
    and p.prorettype::regtype::text <> all($2) and not string_to_array(oidvectortypes(p.proargtypes), ', ') && $2
    and p.proname !~ $3
    and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))
  order by p.proname, p.oid`

/** Only for messages to people, so that these have names as well. */
const ALL_FUNCTIONS = `
  select proname || ':' || oid as entry from pg_proc
  where pronamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} and prorettype::regtype::text <> all($1)
    and not string_to_array(oidvectortypes(proargtypes), ', ') && $1 order by proname, oid`

const OPERATORS = `
  select oprname || ':' || oid || '=' || oprcode::oid as entry from pg_operator
  where oprnamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} order by oprname, oid`

/** Strategy 3 of B-trees and 1 of hashes is equality. */
const EQUALITY = `
  select distinct o.oid::int as entry from pg_amop a
  join pg_operator o on o.oid = a.amopopr join pg_am m on m.oid = a.amopmethod
  where o.oid < ${FIXED} and a.oid < ${FIXED} and o.oprcode::oid::regproc::text <> all($1)
    and ((m.amname = 'btree' and a.amopstrategy = 3) or (m.amname = 'hash' and a.amopstrategy = 1))
  order by 1`

const COUNTS = `
  select oid::int as entry from pg_proc
  where proname = 'count' and pronamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} order by 1`

/** The row types of catalogs are there because PostgreSQL's own views pass whole rows to functions. */
const TYPES = `
  select t.oid::int as entry from pg_type t
  left join pg_type e on e.typarray = t.oid
  left join pg_class c on c.oid = t.typrelid
  where t.typnamespace = 'pg_catalog'::regnamespace and t.oid < ${FIXED} and t.typname <> all($2)
    and (t.typname = any($1) or (t.typtype in ('b', 'r', 'm') and coalesce(e.typtype, 'b') in ('b', 'r', 'm'))
      or (t.typtype = 'c' and c.relkind = 'r' and c.relname <> all($3)))
  order by 1`

const AS_TEXT = `
  select t.oid::int as entry from pg_type t left join pg_type e on e.typarray = t.oid
  where t.typnamespace = 'pg_catalog'::regnamespace and t.oid < ${FIXED} and t.typtype in ('b', 'r', 'm')
    and coalesce(e.typtype, 'b') in ('b', 'r', 'm') and coalesce(e.typname, t.typname) <> all($1) order by 1`

const TEXTUAL_TYPES = `
  select oid::int as entry from pg_type
  where typnamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} and typname = any($1) order by 1`

const CATALOGS = `
  select relname || ':' || oid as entry from pg_class
  where relnamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} and relkind = 'r' and relname <> all($1)
  order by relname`

const CLOSED_COLUMNS = `
  select c.oid || '.' || a.attnum as entry from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = 'pg_catalog'::regnamespace and c.oid < ${FIXED}
    and c.relname || '.' || a.attname = any($1) order by 1`

const COLLATIONS = `
  select oid::int as entry from pg_collation
  where collnamespace = 'pg_catalog'::regnamespace and oid < ${FIXED} and collisdeterministic order by 1`

/** Of all functions on the short list a number behind the first argument says how much, or which one. */
const SIZED = /\(\w+,integer\)$/

const total = new Set(TOTAL.flatMap(([, signatures]) => words(signatures)))

export async function readServer(url: string): Promise<ListedServer> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const entries = async (sql: string, ...values: (readonly string[])[]): Promise<string[]> =>
    (await client.query<{ entry: string | number }>(sql, values)).rows.map(({ entry }) => String(entry))
  try {
    const version = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    const refused = `^(${REFUSED.map(([pattern]) => pattern).join('|')})$`
    const functions = await client.query<{ entry: string; signature: string }>(FUNCTIONS, [
      HARMLESS_VOLATILE,
      INTERNAL_TYPES,
      refused,
    ])
    const isTotal = ({ signature }: { signature: string }): boolean => total.has(signature)
    const allowed = new Set(functions.rows.map(({ entry }) => entry))
    const internal = [...INTERNAL_TYPES, ...REFUSED_TYPES]
    return {
      major: version.rows[0]?.major ?? 0,
      lists: {
        total: functions.rows.filter(isTotal).map(({ entry }) => entry),
        sized: functions.rows
          .filter((row) => isTotal(row) && SIZED.test(row.signature))
          .map(({ entry }) => entry.slice(entry.indexOf(':') + 1)),
        plain: functions.rows.filter((row) => !isTotal(row)).map(({ entry }) => entry),
        refused: (await entries(ALL_FUNCTIONS, INTERNAL_TYPES)).filter((entry) => !allowed.has(entry)),
        operators: await entries(OPERATORS),
        equality: await entries(EQUALITY, REFUSED_EQUALITY),
        counts: await entries(COUNTS),
        types: await entries(TYPES, PSEUDO_TYPES, internal, REFUSED_CATALOGS),
        asText: await entries(AS_TEXT, [...internal, ...NOT_AS_TEXT]),
        textual: await entries(TEXTUAL_TYPES, TEXTUAL),
        catalogs: await entries(CATALOGS, REFUSED_CATALOGS),
        closedColumns: await entries(CLOSED_COLUMNS, REFUSED_COLUMNS),
        collations: await entries(COLLATIONS),
      },
    }
  } finally {
    await client.end()
  }
}

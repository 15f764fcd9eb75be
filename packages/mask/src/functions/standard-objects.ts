// The functions and domains of information_schema. initdb makes them after the fixed ids, so that their ids differ by
// build: the published catalog names them, and only known signatures count.

import { FIRST_USER_ID } from './object-ids.ts'
import { STANDARD_FUNCTIONS, STANDARD_TYPES } from './review.ts'

export type StandardObject = {
  readonly kind: 'function' | 'type'
  readonly id: number
  /** Function with argument types, or type: `_pg_truetypid(pg_attribute,pg_type)`, `yes_or_no`. */
  readonly name: string
}

/**
 * Asks a database for them. Ids between the fixed ones and those of users, of the first superuser, in SQL: nobody but
 * initdb makes such.
 */
export const STANDARD_OBJECTS_SQL = `
  select 'function' as kind, p.oid::int as id,
    p.proname || '(' || pg_catalog.replace(pg_catalog.oidvectortypes(p.proargtypes), ', ', ',') || ')' as name
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname = 'information_schema'
  join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname = 'sql'
  where p.oid between 12000 and 16383 and p.proowner = 10
  union all
  select 'type', t.oid::int, t.typname::text from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace and n.nspname = 'information_schema'
  where t.oid between 12000 and 16383 and t.typowner = 10 and t.typtype = 'd'
  order by 1, 2`

const FIRST_ID = 12_000
const FUNCTIONS: ReadonlySet<string> = new Set(STANDARD_FUNCTIONS)
const TYPES: ReadonlySet<string> = new Set(STANDARD_TYPES)

/** Those that were reviewed. Others, and ids that cannot be theirs, are as if they were not there. */
export function reviewedStandardObjects(objects: readonly StandardObject[]): StandardObject[] {
  return objects.filter(
    ({ kind, id, name }) =>
      id >= FIRST_ID && id < FIRST_USER_ID && (kind === 'function' ? FUNCTIONS.has(name) : TYPES.has(name)),
  )
}

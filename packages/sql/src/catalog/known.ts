// What of PostgreSQL's own catalog a known statement may use. Names, not ids: the tree on the text has no others.

import { FUNCTIONS, OPERATORS, OUTPUT_NAMES, RELATIONS, ROW_CALLS, TYPES, VOLATILE_FUNCTIONS } from './reviewed.ts'

type Since = ReadonlyMap<string, number>

const words = (text: string): string[] => text.trim().split(/\s+/)

function since(table: readonly (readonly [number, string])[]): Since {
  return new Map(table.flatMap(([major, names]) => words(names).map((name) => [name, major] as const)))
}

const FUNCTION_SINCE = since(FUNCTIONS)
const TYPE_SINCE = since(TYPES)
const OPERATOR_SINCE = since(OPERATORS)
const RELATION_SINCE = since(RELATIONS)

/** Asked with the name alone, a name that the server doesn't have could find a function of somebody else. */
function isKnown(names: Since, schema: string | null, name: string, serverMajor: number): boolean {
  const major = names.get(name)
  if (major === undefined) return false
  return schema === null ? major <= serverMajor : schema === 'pg_catalog'
}

/** Functions of other schemas that belong to PostgreSQL: the driver for Java asks with this one for primary keys. */
const FOREIGN_FUNCTIONS: ReadonlySet<string> = new Set(['information_schema._pg_expandarray'])

export function isKnownFunction(schema: string | null, name: string, serverMajor: number): boolean {
  return isKnown(FUNCTION_SINCE, schema, name, serverMajor) || FOREIGN_FUNCTIONS.has(`${schema}.${name}`)
}

/** The domains of the standard's views; their checks are PostgreSQL's own. */
const STANDARD_DOMAINS: ReadonlySet<string> = new Set(
  words('cardinal_number character_data sql_identifier time_stamp yes_or_no'),
)

export function isKnownType(schema: string | null, name: string, serverMajor: number): boolean {
  if (schema === 'information_schema') return STANDARD_DOMAINS.has(name)
  return isKnown(TYPE_SINCE, schema, name, serverMajor)
}

export function isKnownOperator(schema: string | null, name: string, serverMajor: number): boolean {
  return isKnown(OPERATOR_SINCE, schema, name, serverMajor)
}

/** Does PostgreSQL of that version have a table or view of its own that it finds by this name alone? */
export function isKnownRelation(name: string, serverMajor: number): boolean {
  return (RELATION_SINCE.get(name) ?? Number.POSITIVE_INFINITY) <= serverMajor
}

/** Known functions that answer differently each time. */
export const VOLATILE: ReadonlySet<string> = new Set(words(VOLATILE_FUNCTIONS))

/** TABLESAMPLE calls a function by this name. */
export const SAMPLE_METHODS: ReadonlySet<string> = new Set(['bernoulli', 'system'])

/** Columns that the results of known functions have; `n` and `x` are those of `_pg_expandarray`. */
export const RESULT_COLUMNS: ReadonlySet<string> = new Set([...words(OUTPUT_NAMES), 'n', 'x', 'ordinality'])

/** `t.name` calls these with the row of t where t has no such column. */
export const CALLS_WITH_ANY_ROW: ReadonlySet<string> = new Set(words(ROW_CALLS))

/**
 * Catalogs that hold secrets, values of other tables, or what other sessions do. Compared without the schema, so that a
 * user's table of that name is guarded as well.
 */
export const GUARDED_CATALOGS: ReadonlySet<string> = new Set(
  words(`
    pg_aios pg_authid pg_backend_memory_contexts pg_config pg_cursors pg_file_settings pg_hba_file_rules
    pg_ident_file_mappings pg_largeobject pg_locks pg_prepared_statements pg_prepared_xacts pg_replication_origin_status
    pg_replication_slots pg_shadow pg_shmem_allocations pg_shmem_allocations_numa pg_stat_activity pg_stat_gssapi
    pg_stat_replication pg_stat_replication_slots pg_stat_ssl pg_stat_statements pg_stat_statements_info
    pg_stat_subscription pg_stat_wal_receiver pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext
    pg_stats_ext_exprs pg_user_mapping pg_user_mappings user_mapping_options _pg_user_mappings`),
)

// Which settings of a session are harmless to read and change, and which nobody may change through the gateway: a setting
// can change what the parser sees (standard_conforming_strings), who acts (role), what a name means (search_path), or what
// is told (debug_print_parse). All others are the policy's question.

type Accepts = (value: string) => boolean

const anything: Accepts = () => true
const oneOf =
  (...values: readonly string[]): Accepts =>
  (value) =>
    values.includes(value.toLowerCase())

const ON = oneOf('on', 'true', 'yes', '1')
const LEVELS = oneOf('serializable', 'repeatable read', 'read committed', 'read uncommitted')
const UTF8 = oneOf('utf8', 'utf-8', 'unicode')

const SETTABLE: ReadonlyMap<string, Accepts> = new Map<string, Accepts>([
  ['application_name', anything],
  ['bytea_output', anything],
  ['client_encoding', UTF8],
  ['client_min_messages', oneOf('notice', 'warning', 'error')],
  ['datestyle', anything],
  ['default_transaction_deferrable', anything],
  ['default_transaction_isolation', LEVELS],
  ['default_transaction_read_only', anything],
  ['extra_float_digits', anything],
  ['idle_in_transaction_session_timeout', anything],
  ['idle_session_timeout', anything],
  ['intervalstyle', anything],
  ['jit', anything],
  ['lock_timeout', anything],
  ['standard_conforming_strings', ON],
  ['statement_timeout', anything],
  ['timezone', anything],
  ['transaction_deferrable', anything],
  ['transaction_isolation', LEVELS],
  ['transaction_read_only', anything],
  ['transaction_timeout', anything],
  ['xmloption', oneOf('content', 'document')],
])

/** The parser would read another statement than the server, others would act, names would mean others, trees be told. */
const GUARDED: ReadonlySet<string> = new Set([
  'client_encoding',
  'client_min_messages',
  'role',
  'search_path',
  'session_authorization',
  'session_replication_role',
  'standard_conforming_strings',
])
const GUARDED_FAMILY = /^debug_/

const SHOWN_ONLY = `
  all block_size data_checksums default_table_access_method default_tablespace default_text_search_config escape_string_warning in_hot_standby
  integer_datetimes is_superuser lc_collate lc_ctype lc_messages lc_monetary lc_numeric lc_time max_connections
  max_identifier_length max_index_keys role search_path server_encoding server_version server_version_num
  session_authorization ssl transaction_read_only wal_level work_mem`

const SHOWABLE: ReadonlySet<string> = new Set([...SETTABLE.keys(), ...SHOWN_ONLY.trim().split(/\s+/)])

/** May a client read it by SHOW or `current_setting`? Names as written: PostgreSQL compares them without case. */
export function isShowableSetting(name: string): boolean {
  return SHOWABLE.has(name.toLowerCase())
}

/** These make the upstream tell what it does; in a masked session they are the gateway's own. */
const VIRTUAL = /^(?:client_min_messages|debug_pretty_print|debug_print_.*|log_.*)$/

/**
 * In a masked session nobody may change these: they decide how a statement runs, and so in which order its rows come, after
 * a join or without ORDER BY; or they have PostgreSQL tell how it sorted.
 */
const ORDERING = new RegExp(
  `^(?:${[
    'enable_.*',
    'geqo.*',
    'jit_.*',
    'min_parallel_.*',
    'max_parallel_.*',
    'trace_.*',
    'auto_explain\\..*',
    '.*_collapse_limit',
    '.*_cost',
    '.*_mem',
    '.*_mem_multiplier',
    'constraint_exclusion',
    'cursor_tuple_fraction',
    'default_statistics_target',
    'effective_cache_size',
    'effective_io_concurrency',
    'force_parallel_mode',
    'gin_fuzzy_search_limit',
    'parallel_leader_participation',
    'plan_cache_mode',
    'recursive_worktable_factor',
    'synchronize_seqscans',
    'temp_buffers',
  ].join('|')})$`,
)

/** Is it answered by the gateway in masked sessions? */
export function isVirtualSetting(name: string): boolean {
  return VIRTUAL.test(name.toLowerCase())
}

/** `harmless`: anyone may; `guarded`: nobody may; `open`: the policy decides. */
export type SettingChange = 'harmless' | 'guarded' | 'open'

/**
 * What it means to set it to this value: `null` is its default, or the value that the session began with; `undefined` is
 * a value that the text does not tell. `masked` is for sessions whose values are masked.
 */
export function settingChange(name: string, value: string | null | undefined, masked: boolean): SettingChange {
  const folded = name.toLowerCase()
  if (masked && (VIRTUAL.test(folded) || ORDERING.test(folded))) return 'guarded'
  const accepts = SETTABLE.get(folded)
  if (accepts === anything) return 'harmless'
  if (accepts !== undefined && value !== undefined && (value === null || accepts(value))) return 'harmless'
  return GUARDED.has(folded) || GUARDED_FAMILY.test(folded) ? 'guarded' : 'open'
}

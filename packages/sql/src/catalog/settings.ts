// Which settings of a session a client may read and change. Everything else is refused: a setting can change what the
// parser sees (standard_conforming_strings), who acts (role), what a name means (search_path), or what leaks (planner).

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
  ['default_transaction_read_only', ON],
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
  ['transaction_read_only', ON],
  ['transaction_timeout', anything],
  ['xmloption', oneOf('content', 'document')],
])

/** Their default is not the session's: up to PostgreSQL 15, `SET transaction_read_only TO DEFAULT` means off. */
const WITHOUT_DEFAULT: ReadonlySet<string> = new Set(['transaction_read_only'])

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

/** May a client set it to whatever it likes: to a parameter's value, too? */
export function isFreelySettable(name: string): boolean {
  return SETTABLE.get(name.toLowerCase()) === anything
}

/** May a client set it to this value? `null` is its default, or the value that the session began with. */
export function isSettable(name: string, value: string | null): boolean {
  const folded = name.toLowerCase()
  const accepts = SETTABLE.get(folded)
  return accepts !== undefined && (value === null ? !WITHOUT_DEFAULT.has(folded) : accepts(value))
}

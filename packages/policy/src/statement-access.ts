// What a statement would do, in words that a policy understands. Neutral: no protocol's own types stand here.

export type SqlAction =
  | 'sql:read'
  | 'sql:write'
  | 'sql:ddl'
  | 'sql:admin'
  | 'sql:transaction'
  | 'sql:session'
  | 'sql:unknown'

/** One thing that a statement does which no rule permits, with what to tell the person who asked. */
export type Objection = {
  /** Stable: `statement_kind`, `function`, `setting`, `unparsable` … */
  readonly code: string
  /** In the client's words, such as `DROP TABLE` or `function pg_read_file`. */
  readonly what: string
  readonly hint: string | null
}

export type StatementAccess = {
  readonly connection: string
  /** Each action once. */
  readonly actions: readonly SqlAction[]
  /** `connection/table`, each once; names that must not be shown are withheld. */
  readonly resources: readonly string[]
  /** What keeps the statement from being a plain read, transaction control or harmless; empty for those. */
  readonly objections: readonly Objection[]
}

/** A message of which not even the text can be read. */
export function unreadableAccess(connection = ''): StatementAccess {
  return { connection, actions: ['sql:unknown'], resources: [], objections: [] }
}

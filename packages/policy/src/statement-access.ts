// What a statement would do, in words that a policy understands. Neutral: no protocol's own types stand here.

export const SQL_ACTIONS = [
  'sql:read',
  'sql:write',
  'sql:ddl',
  'sql:admin',
  'sql:transaction',
  'sql:session',
  'sql:unknown',
] as const

export type SqlAction = (typeof SQL_ACTIONS)[number]

/** One thing that a statement does which its text does not fully tell, or which nobody may do. */
export type Objection = {
  /** Stable: `statement_kind`, `function`, `setting`, `unparsable` … */
  readonly code: string
  /** In the client's words, such as `DROP TABLE` or `function pg_read_file`. */
  readonly what: string
  readonly hint: string | null
}

export type AccessTarget = {
  readonly action: SqlAction
  /** `schema.table` as PostgreSQL would find it; null for the connection itself. */
  readonly table: string | null
}

/** A sensitive column that a statement uses, and how. */
export type AccessTouch = {
  /** `schema.table` */
  readonly object: string
  readonly column: string
  /** Null for columns that are not sensitive. */
  readonly tag: string | null
  readonly how: 'output' | 'compare' | 'sort' | 'write'
}

export type StatementAccess = {
  readonly connection: string
  /** Each action once, as recorded. */
  readonly actions: readonly SqlAction[]
  /** `connection/table` as written, each once, as recorded; names that must not be shown are withheld. */
  readonly resources: readonly string[]
  /** What the policy is asked, each once. */
  readonly targets: readonly AccessTarget[]
  /** What people call it: `SELECT`, `UPDATE`, `DROP TABLE`, each once. */
  readonly kinds: readonly string[]
  readonly functions: readonly string[]
  /** A DELETE, UPDATE or MERGE that may reach every row. */
  readonly unfiltered: boolean
  /** What stays unknown after reading: `sql:unknown` is among the targets then. */
  readonly unknown: readonly Objection[]
  /** What no policy may permit; refused before any is asked. */
  readonly refusal: Objection | null
  /** Null where it may be held for a person's approval, else why not, in words for a person. */
  readonly holdable: string | null
  /** Known only where the gateway masks; each once. */
  readonly touches: readonly AccessTouch[]
}

/** A message of which not even the text can be read. */
export function unreadableAccess(connection = ''): StatementAccess {
  return {
    connection,
    actions: ['sql:unknown'],
    resources: [],
    targets: [{ action: 'sql:unknown', table: null }],
    kinds: [],
    functions: [],
    unfiltered: false,
    unknown: [],
    refusal: null,
    holdable: 'it can not be read',
    touches: [],
  }
}

// What a statement is, as far as its text tells. Values of the statement (literals) are in none of these.

/** What the worst part of a statement would do; `unknown` where its text does not tell. */
export type Effect = 'read' | 'write' | 'ddl' | 'admin' | 'unknown'

export type StatementFacts =
  | {
      /** Every node of it is known to read and compute only. */
      readonly kind: 'select'
      /** As written, folded as PostgreSQL folds; parts that need quotes have them. CTE names are not among them. */
      readonly tables: readonly string[]
      readonly functions: readonly string[]
    }
  | { readonly kind: 'transaction'; readonly verb: string }
  | {
      readonly kind: 'session'
      readonly verb: 'SET' | 'RESET' | 'SHOW' | 'DISCARD' | 'DEALLOCATE' | 'CLOSE' | 'UNLISTEN' | 'SET CONSTRAINTS'
      /** The setting, what is discarded, or the name of a prepared statement, portal or channel; null for all of them. */
      readonly target: string | null
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'other'
      /** The node that decided it. */
      readonly nodeType: string
      /** For people: `DROP TABLE`, `SELECT with the function pg_sleep`. */
      readonly verb: string
      readonly effect: Effect
      readonly tables: readonly string[]
    }

export type SizeLimit = 'bytes' | 'nesting' | 'tree' | 'time'

export type Analysis =
  | { readonly kind: 'parsed'; readonly statements: readonly StatementFacts[] }
  /** `message` is for the client: words of its own text that may be values are withheld in it. */
  | { readonly kind: 'unparsable'; readonly message: string }
  | { readonly kind: 'too_large'; readonly limit: SizeLimit }

/** Which server will run it: some texts are read differently by older ones. */
export type AnalysisOptions = { readonly serverMajor: number }

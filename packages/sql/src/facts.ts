// What a statement is, as far as its text tells. Values of the statement (literals) are in none of these.

import type { Objection } from '@sluice/policy'
import type { UtilityFacts } from './utility-facts.ts'

/** What a statement does to a table, or to the server. */
export type Effect = 'read' | 'write' | 'ddl' | 'admin'

/** As written, folded as PostgreSQL folds. */
export type TableName = {
  readonly catalog: string | null
  readonly schema: string | null
  readonly name: string
  /** PostgreSQL has a catalog of that name, which it finds before any other table. */
  readonly own: boolean
}

/** `table` is null where it is about the connection as a whole. */
export type TableUse = { readonly effect: Effect; readonly table: TableName | null }

/**
 * Names without a schema, which a database may give a meaning of its own: a function or an operator that fits better
 * than PostgreSQL's, or one that `row.name` calls.
 */
export type OpenNames = {
  readonly functions: ReadonlySet<string>
  /** Of `row.name`. */
  readonly fields: ReadonlySet<string>
  readonly operators: ReadonlySet<string>
}

export type Command = {
  readonly kind: 'command'
  /** What people call it, `SELECT` or `DROP TABLE`; a SELECT that changes a setting is called after both. */
  readonly verbs: readonly string[]
  /** Each once; CTE names are not among them. At least one, unless something is unknown or refused. */
  readonly uses: readonly TableUse[]
  readonly functions: readonly string[]
  readonly openNames: OpenNames
  /** It may reach every row of a table that it changes. */
  readonly unfiltered: boolean
  /** What its text does not tell, each once. */
  readonly unknown: readonly Objection[]
  /** What no policy may permit. */
  readonly refusal: Objection | null
  /** Why it can't be held for approval, in words for a person. */
  readonly unheld: string | null
  /** In masked sessions: the query in it. */
  readonly utility: UtilityFacts | null
}

export type SessionVerb =
  | 'SET'
  | 'RESET'
  | 'SHOW'
  | 'DISCARD'
  | 'DEALLOCATE'
  | 'CLOSE'
  | 'UNLISTEN'
  | 'SET CONSTRAINTS'
  // In masked sessions only, where they are known to be about something that was decided before.
  | 'EXECUTE'
  | 'FETCH'
  | 'MOVE'

export type StatementFacts =
  | Command
  | { readonly kind: 'transaction'; readonly verb: string }
  | {
      readonly kind: 'session'
      readonly verb: SessionVerb
      /** The setting, what is discarded, or the name of a prepared statement, portal or channel; null for all of them. */
      readonly target: string | null
      /** In masked sessions: what is kept under that name, or that the gateway answers it. */
      readonly utility: UtilityFacts | null
    }
  | { readonly kind: 'empty' }

export type SizeLimit = 'bytes' | 'nesting' | 'tree' | 'time' | 'statements'

/** One statement of a text with several, with its comments and its semicolon; put together they are the text. */
export type StatementPart = {
  readonly text: string
  /** What stands before it, in characters as the server counts positions, and in UTF-8 bytes. */
  readonly characters: number
  readonly bytes: number
}

export type Analysis =
  | {
      readonly kind: 'parsed'
      readonly statements: readonly StatementFacts[]
      /** In masked sessions: the texts of the statements, in their order. Empty statements have none. */
      readonly parts: readonly StatementPart[]
    }
  /** `message` is for the client: words of its own text that may be values are withheld in it. */
  | { readonly kind: 'unparsable'; readonly message: string }
  | { readonly kind: 'too_large'; readonly limit: SizeLimit }

/** The newest that is known: it reads the most. For texts that no server is there for. */
export const NEWEST_SERVER_MAJOR = 18

export type AnalysisOptions = {
  /** Which server will run it: some texts are read differently by older ones. */
  readonly serverMajor: number
  /** Its session is masked: each statement's tree will be known, so that more may run, and less may be set. */
  readonly lineage?: boolean
}

/** Reads and computes, and nothing about it is unknown. */
export function isPlainRead(facts: StatementFacts): boolean {
  return (
    facts.kind === 'command' &&
    facts.unknown.length === 0 &&
    facts.refusal === null &&
    facts.uses.every(({ effect }) => effect === 'read')
  )
}

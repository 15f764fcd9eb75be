// What a statement does with sensitive columns, as PostgreSQL's own rewritten tree tells. Facts only: what may be is
// decided by `decideMasks`.

import type { Tag, Verdict } from '../plan/plan.ts'

export type ColumnRef = { readonly relid: number; readonly attno: number }

/** A sensitive column at one place of a statement. */
export type Source = ColumnRef & {
  /** `public.customers.ssn`, for people. */
  readonly name: string
  readonly verdict: Exclude<Verdict, 'clean'>
  readonly tags: readonly Tag[]
}

export type Output = {
  readonly name: string
  /** `pg_type` id of what the client gets. */
  readonly type: number
  /** Sensitive columns that its value is made of; none where it is clean. */
  readonly sources: readonly Source[]
  /**
   * Every source, in each arm of a set operation, each CTE term, JOIN USING merge and RETURNING, is a bare column of one
   * tag (or all are scanned) that the statement does not write: the stored value itself, nothing else, is shown.
   */
  readonly bare: boolean
}

export type TouchHow = 'compare' | 'sort' | 'group' | 'count' | 'compute'

/** A sensitive column used other than as an output. */
export type Touch = {
  readonly sources: readonly Source[]
  readonly how: TouchHow
  /** For people: `LIKE`, `<`, `ORDER BY`, `LIMIT`, `a CASE`, `the function left` … */
  readonly operation: string
  /**
   * `tags`: equality between bare columns of the same tags. `constants`: equality of a bare column with constants or
   * parameters by PostgreSQL's own operator under a deterministic collation. `other`: everything else.
   */
  readonly kind: 'tags' | 'constants' | 'other'
  /** For `constants`: how many, parameters included; for arrays as parameters their elements are not known: then null. */
  readonly values: number | null
  /** For `constants`: byte offsets of the literals in the statement, and parameter numbers from 1. */
  readonly literals: readonly number[]
  readonly parameters: readonly number[]
}

/** A sensitive source that reaches a column which does not have its tags. */
export type Sink = { readonly target: ColumnRef; readonly targetName: string; readonly sources: readonly Source[] }

/** Literals and parameters that stand for a sensitive column's value: they are cut out of what is recorded. */
export type SensitiveValue = {
  /** Byte offset of the literal in the statement's text; null for a parameter. */
  readonly location: number | null
  /** From 1; null for a literal. */
  readonly parameter: number | null
  readonly tag: Tag
}

export type LineageObjection = {
  /** Stable: `relation_unknown`, `column_unknown`, `function`, `operator`, `type_io`, `node`, `rule`, `user_code` … */
  readonly code: string
  /** In the client's words, such as `the function pg_read_file` or `the view reports, which changed`. */
  readonly what: string
  readonly hint: string | null
}

export type Lineage = {
  readonly command: 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'utility'
  /** In the order of the result's columns; none where nothing is returned. */
  readonly outputs: readonly Output[]
  readonly touches: readonly Touch[]
  readonly sinks: readonly Sink[]
  readonly sensitiveValues: readonly SensitiveValue[]
  /** All base relations, views and what is written, each once. */
  readonly relations: readonly number[]
  /** Relations that the plan doesn't know: worth waiting a moment for a fresh plan. */
  readonly unplanned: readonly number[]
  /** It reads or writes only relations without any sensitive column and reaches no code but PostgreSQL's own. */
  readonly harmless: boolean
  /** It counts how many different values a sensitive column has: the server may sort all rows for that. */
  readonly countsDistinct?: true | undefined
  /** Sensitive columns occur in it, if only where nothing is told by them. */
  readonly usesSensitive?: true | undefined
  /** What is not understood, or nobody may do: refuses the statement. */
  readonly unknown: readonly LineageObjection[]
}

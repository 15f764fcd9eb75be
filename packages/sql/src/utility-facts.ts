// What a masked session has to know of a statement that is no query itself: the query that stands in it, or the name under
// which one was kept. Only facts of a text that was understood to its end stand here.

/** A query inside a statement. Alone it says the same as it does there. */
export type InnerQuery = {
  readonly text: string
  /** Where it stands in the statement, in UTF-8 bytes; null where its text was made here, from names alone. */
  readonly at: number | null
}

/** How rows of COPY are written. All characters are ASCII; `quote` and `escape` count for csv only. */
export type CopyFormat = {
  readonly format: 'text' | 'csv' | 'binary'
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  readonly null: string
  readonly header: boolean
}

/** A constant between the parentheses of EXECUTE: a string's value, or a number as it is written. */
export type PlainArgument =
  | { readonly kind: 'string' | 'integer' | 'number' | 'boolean'; readonly text: string }
  | { readonly kind: 'null'; readonly text: null }

export type UtilityFacts =
  | {
      readonly kind: 'declare'
      readonly cursor: string
      readonly inner: InnerQuery
      readonly hold: boolean
      readonly binary: boolean
      /** Null where the server chooses. */
      readonly scroll: boolean | null
    }
  | { readonly kind: 'fetch'; readonly cursor: string; readonly move: boolean }
  /** `cursor` is null for all of them. */
  | { readonly kind: 'close'; readonly cursor: string | null }
  | {
      readonly kind: 'copy-out'
      /** Of a table: a SELECT of what is copied. Without `columns` that is `*`, but COPY leaves generated columns out. */
      readonly inner: InnerQuery
      readonly table: { readonly schema: string | null; readonly name: string } | null
      readonly columns: readonly string[] | null
      readonly format: CopyFormat
    }
  | {
      readonly kind: 'prepare'
      readonly name: string
      /** PostgreSQL's own: `int4`, `text[]`. None are named where it is null. */
      readonly types: readonly string[] | null
      readonly inner: InnerQuery
    }
  | { readonly kind: 'execute'; readonly name: string; readonly args: readonly PlainArgument[] }
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly inner: InnerQuery }
  | { readonly kind: 'create-as'; readonly makes: 'table' | 'view' | 'materialized view'; readonly inner: InnerQuery }
  /** A setting that is the gateway's own; to its default where `value` is null. */
  | {
      readonly kind: 'virtual-setting'
      readonly verb: 'SET' | 'RESET' | 'SHOW'
      readonly name: string
      readonly value: string | null
      /** For the transaction only. */
      readonly local: boolean
    }

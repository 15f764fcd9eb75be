// PostgreSQL's rewritten query tree as values. Names of nodes and fields are those of the newest server's print-out,
// whatever the version it came from: RANGETBLENTRY (13: RTE), DECLARECURSORSTMT (13: DECLARECURSOR) …

/** `<>` is null. Sets of integers are number lists. A Const's bytes are not kept: nobody needs a value. */
export type TreeValue = string | number | boolean | null | TreeNode | readonly TreeValue[]

export type TreeNode = {
  /** `QUERY`, `VAR`, `FUNCEXPR` … */
  readonly node: string
  readonly [field: string]: TreeValue
}

export type TreeResult =
  /** The queries that the rewriter made of one statement: more than one where a rule added some. */
  | { readonly kind: 'queries'; readonly queries: readonly TreeNode[] }
  /** Something in it is not known, so that nothing of it may be relied on. `what` names a node or a field. */
  | { readonly kind: 'unreadable'; readonly what: string }

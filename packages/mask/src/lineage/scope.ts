// One query of a statement while it is read: its range table, its CTEs, and what its expressions refer to.

import type { TreeNode } from '../tree/node.ts'
import { nodesAt, wordAt } from './node-access.ts'
import type { Value } from './value.ts'

export class Scope {
  readonly query: TreeNode
  readonly parent: Scope | null
  /** The text is the owner's of a view: names in it may be older than the plan. */
  readonly insideView: boolean
  readonly entries: readonly TreeNode[]
  readonly ctes = new Map<string, TreeNode>()
  /** Columns of entries that were read, by index from 1. `open`: being read. */
  readonly columns = new Map<number, readonly Value[] | 'open'>()
  /** Single columns of joins and groups, by `index.column`. */
  readonly lazyColumns = new Map<string, Value | 'open'>()
  /** Relations that were checked, by index. */
  readonly checked = new Set<number>()
  /** Of a query that is a set operation: what its own expressions see. */
  setColumns: readonly Value[] | null = null
  /** What CASE compares, or an array's element while it is converted. */
  caseTest: Value | null = null
  /** The columns of the sub-select in `x = ANY (…)`. */
  sublink: readonly Value[] | null = null
  /** Those of `(a, b) = (select …)` in SET, by their id. */
  readonly multi = new Map<number, readonly Value[]>()
  /** Index of the written relation, and its columns that the statement writes. `all`: of a new row. */
  target: { readonly index: number; written: Set<number> | 'all' } | null = null
  /** Index of `excluded` of ON CONFLICT. */
  excluded = 0
  /** While RETURNING is read: columns that the statement wrote are its own values. */
  returning = false

  constructor(query: TreeNode, parent: Scope | null, insideView: boolean) {
    this.query = query
    this.parent = parent
    this.insideView = insideView
    this.entries = nodesAt(query, 'rtable')
    for (const cte of nodesAt(query, 'cteList')) this.ctes.set(wordAt(cte, 'ctename'), cte)
  }

  /** The query that is so many levels further out. */
  up(levels: number): Scope | null {
    let left = levels
    let scope = left === 0 ? this : this.parent
    for (left -= 1; left > 0 && scope !== null; left -= 1) scope = scope.parent
    return scope
  }

  entry(index: number): TreeNode | undefined {
    return this.entries[index - 1]
  }

  /** Reads with something in place that only its expressions may refer to. */
  with<Field extends 'caseTest' | 'sublink', Result>(field: Field, value: Scope[Field], read: () => Result): Result {
    const before = this[field]
    this[field] = value as never
    try {
      return read()
    } finally {
      this[field] = before as never
    }
  }
}

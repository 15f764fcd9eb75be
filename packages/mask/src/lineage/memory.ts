// What one pass over a tree leaves to the next: until it stops growing, what was read may be incomplete.

import type { TreeNode } from '../tree/node.ts'
import type { Source } from './lineage.ts'
import { HEAVY, isSensitive, UNSEEN, type Value } from './value.ts'

const isSame = (a: Value, b: Value): boolean =>
  a === b ||
  (a !== UNSEEN &&
    b !== UNSEEN &&
    a.bare === b.bare &&
    a.touched === b.touched &&
    a.varies === b.varies &&
    a.listed === b.listed &&
    a.weight === b.weight &&
    a.sources.length === b.sources.length &&
    a.sources.every((source) => b.sources.includes(source)))

/** A term that grows with each pass has no bound. */
const widened = (value: Value, before: Value | undefined): Value =>
  before !== undefined && before !== UNSEEN && isSensitive(before) && value.weight > before.weight
    ? { ...value, weight: HEAVY }
    : value

export class Memory {
  /** What was relied on turned out to be more than was known. */
  grown = false
  /** Nodes read so far. */
  visits = 0
  #pass = 0
  readonly #ctes = new Map<TreeNode, { readonly columns: readonly Value[]; readonly pass: number }>()
  /** WITH queries whose columns were asked for before they were read. */
  readonly #early = new Set<TreeNode>()
  readonly #inherited = new Map<TreeNode, Map<number, Set<Source>>>()
  /** Sensitive columns by their ids: one object each. */
  readonly sources = new Map<string, Source>()

  startPass(): void {
    this.#pass += 1
    this.grown = false
  }

  /** The columns of a WITH query, of the last pass where this one has not come to its end. */
  cte(cte: TreeNode): readonly Value[] | undefined {
    const known = this.#ctes.get(cte)
    if (known?.pass !== this.#pass) this.#early.add(cte)
    return known?.columns
  }

  remember(cte: TreeNode, found: readonly Value[]): void {
    const before = this.#ctes.get(cte)?.columns
    const columns = found.map((value, i) => widened(value, before?.[i]))
    this.#ctes.set(cte, { columns, pass: this.#pass })
    if (!this.#early.has(cte)) return
    const same = before?.length === columns.length && columns.every((value, i) => isSame(value, before[i] ?? UNSEEN))
    if (!same) this.grown = true
  }

  /** A column that a predicate makes equal to sensitive ones shows their value. */
  inherit(entry: TreeNode, column: number, sources: readonly Source[]): void {
    const columns = this.#inherited.get(entry) ?? new Map<number, Set<Source>>()
    this.#inherited.set(entry, columns)
    const known = columns.get(column) ?? new Set<Source>()
    columns.set(column, known)
    for (const source of sources) {
      if (known.has(source)) continue
      known.add(source)
      this.grown = true
    }
  }

  /** `column` 0: of the whole row. */
  inherited(entry: TreeNode, column: number): readonly Source[] {
    const columns = this.#inherited.get(entry)
    if (columns === undefined) return []
    const lists = column === 0 ? [...columns.values()] : [columns.get(column), columns.get(0)]
    return lists.flatMap((list) => [...(list ?? [])])
  }
}

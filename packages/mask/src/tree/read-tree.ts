// Reads what `debug_print_rewritten` prints (nodeToString, broken into lines by format_node_dump) into TreeNodes.
// Everything in the text must be known and in its place: a tree that is half understood would hide a column.

import type { TreeNode, TreeResult, TreeValue } from './node.ts'
import { type FieldShape, type NodeShape, nodeShapes } from './node-shapes.ts'
import { TreeText, Unreadable } from './tree-text.ts'

export const MAX_TREE_CHARS = 8 * 1024 * 1024
/**
 * The queries in `dump`, the DETAIL of a "rewritten parse tree" message of a server of that major version.
 * Never throws; what is not wholly understood is `unreadable`.
 */
export function readTree(dump: string, serverMajor: number): TreeResult {
  const shapes = nodeShapes(serverMajor)
  if (shapes === undefined) return { kind: 'unreadable', what: `trees of PostgreSQL ${serverMajor}` }
  if (dump.length > MAX_TREE_CHARS) return { kind: 'unreadable', what: 'a tree of more than 8 MiB' }
  try {
    return { kind: 'queries', queries: new Reader(dump, shapes).queries() }
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'unreadable', what: error.message }
    // Called near the end of the stack.
    if (error instanceof RangeError) return { kind: 'unreadable', what: 'a tree too deep for the stack' }
    throw error
  }
}

/**
 * The expression, or each node of the list, that a catalog keeps (pg_node_tree as text): one line. Null where it is not
 * wholly understood. Queries and expressions alike.
 */
export function readStoredTree(text: string, serverMajor: number): readonly TreeNode[] | null {
  const shapes = nodeShapes(serverMajor)
  if (shapes === undefined || text.length > MAX_TREE_CHARS) return null
  try {
    return new Reader(text, shapes).stored()
  } catch (error) {
    if (error instanceof Unreadable || error instanceof RangeError) return null
    throw error
  }
}

class Reader {
  readonly #text: TreeText
  readonly #shapes: ReadonlyMap<string, NodeShape>

  constructor(text: string, shapes: ReadonlyMap<string, NodeShape>) {
    this.#text = new TreeText(text)
    this.#shapes = shapes
  }

  queries(): readonly TreeNode[] {
    const list = this.#nodes() ?? []
    this.#text.end()
    for (const query of list) {
      if (typeof query !== 'object' || query === null || !('node' in query) || query.node !== 'QUERY') {
        this.#text.fail('something other than a query')
      }
    }
    return list as readonly TreeNode[]
  }

  stored(): readonly TreeNode[] {
    const list = this.#text.isAt('(') ? (this.#nodes() ?? []) : [this.#node()]
    this.#text.endOfStored()
    return list.map((node) =>
      typeof node === 'object' && node !== null && 'node' in node
        ? node
        : this.#text.fail('something other than nodes'),
    )
  }

  #node(): TreeNode | null {
    if (!this.#text.isAt('{')) return this.#text.nothing()
    this.#text.enter()
    const name = this.#text.nodeName()
    const shape = this.#shapes.get(name)
    if (shape === undefined) return this.#text.fail(`node ${name.slice(0, 40)}`)
    const node: Record<string, TreeValue> & { node: string } = { node: shape.name }
    this.#fields(node, shape.fields)
    if (shape.variants !== null) {
      const value = node[shape.variants.field]
      const fields = typeof value === 'number' ? shape.variants.byValue.get(value) : undefined
      if (fields === undefined) return this.#text.fail(`${shape.name} of another kind`)
      this.#fields(node, fields)
    }
    if (!this.#text.isAt('}')) this.#text.fail(`a further field of ${shape.name}`)
    this.#text.leave()
    return node
  }

  #fields(node: Record<string, TreeValue> & { node: string }, fields: readonly FieldShape[]): void {
    for (const field of fields) {
      if (!this.#text.fieldName(field.token)) this.#text.fail(`${node.node} without ${field.name}`)
      node[field.name] = this.#value(field)
    }
  }

  #value(field: FieldShape): TreeValue {
    switch (field.kind) {
      case 'number':
        return this.#text.number()
      case 'flag':
        return this.#text.flag()
      case 'word':
        return this.#text.word()
      case 'node':
        return this.#node()
      case 'nodes':
        return this.#nodes()
      case 'numbers':
        return this.#text.isAt('<') ? this.#text.nothing() : this.#text.numbers()
      case 'words':
        return this.#text.words()
      case 'set':
        return this.#text.set()
      case 'groups':
        return this.#text.startsNumbers() ? this.#text.numbers() : this.#nodes()
      case 'bytes':
        return this.#text.bytes()
      case 'skipped':
        return this.#text.skipped()
      default:
        return field.kind satisfies never
    }
  }

  /** A list of nodes, of lists of them, of nulls. */
  #nodes(): readonly TreeValue[] | null {
    if (!this.#text.isAt('(')) return this.#text.nothing()
    this.#text.enter()
    const list: TreeValue[] = []
    for (;;) {
      list.push(this.#text.isAt('(') ? this.#nodes() : this.#node())
      if (this.#text.isAt(')')) break
      this.#text.separator()
    }
    this.#text.leave()
    return list
  }
}

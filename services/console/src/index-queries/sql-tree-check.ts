// The second half of the gate: the tree as the database itself reads the text (EXPLAIN AST). Nodes, tables and
// functions are taken from lists.

import { type ExpectedOfTree, notAFunction } from './sql-text-check.ts'
import { isAllowedFunction, TABLES, TREE_NODES } from './sql-vocabulary.ts'

export type TreeFinding = { readonly ok: true } | { readonly ok: false; readonly reason: string }

type Node = { readonly kind: string; readonly name: string; readonly children: Node[] }

const LINE = /^( *)([A-Za-z:]+)(?: (.*))?$/
const CHILDREN = / ?\(children \d+\)$/
const ALIAS = / ?\(alias [^()]*\)$/
const MEMBERSHIP = new Set(['in', 'notin', 'nullin', 'notnullin', 'globalin', 'globalnotin'])

/** `lines` is the answer of EXPLAIN AST, `database` the one whose tables may be named. */
export function checkTree(lines: readonly string[], database: string, expected: ExpectedOfTree): TreeFinding {
  const root = parseTree(lines)
  if (root === null) return { ok: false, reason: 'the database read the query in a way that is not understood here' }
  if (root.kind !== 'SelectWithUnionQuery') return { ok: false, reason: 'a question is one SELECT' }
  const reason = refusalOf(root, null, database, expected.withNames) ?? hidden(root, expected)
  return reason === null ? { ok: true } : { ok: false, reason }
}

/** Some parts of a query have no node of their own; whatever reads a table must have one. */
function hidden(root: Node, expected: ExpectedOfTree): string | null {
  const selects = countNodes(root, ({ kind }) => kind === 'SelectQuery')
  if (selects !== expected.selects)
    return 'a SELECT stands where it cannot be checked, in a window or a BETWEEN perhaps'
  const memberships = countNodes(root, ({ kind, name }) => kind === 'Function' && MEMBERSHIP.has(name.toLowerCase()))
  return memberships === expected.memberships ? null : 'an IN stands where it cannot be checked'
}

function countNodes(node: Node, matches: (node: Node) => boolean): number {
  return node.children.reduce((sum, child) => sum + countNodes(child, matches), matches(node) ? 1 : 0)
}

function refusalOf(node: Node, parent: Node | null, database: string, withNames: ReadonlySet<string>): string | null {
  const own = ownRefusal(node, parent, database, withNames)
  if (own !== null) return own
  for (const child of node.children) {
    const refusal = refusalOf(child, node, database, withNames)
    if (refusal !== null) return refusal
  }
  return null
}

function ownRefusal(node: Node, parent: Node | null, database: string, withNames: ReadonlySet<string>): string | null {
  if (!TREE_NODES.has(node.kind)) return `${node.kind} is not taken here`
  switch (node.kind) {
    case 'TableIdentifier':
      return isAllowedTable(node.name, database, withNames)
        ? null
        : `${node.name} is not a table of the index; there are ${[...TABLES].join(', ')}`
    case 'Function':
      if (parent?.kind === 'TableExpression')
        return `${node.name} is a table function; only tables of the index can be read`
      if (!isAllowedFunction(node.name)) return notAFunction(node.name)
      return MEMBERSHIP.has(node.name.toLowerCase()) ? membershipRefusal(node) : null
    default:
      return null
  }
}

/** A bare name behind IN is read as a table. */
function membershipRefusal({ children }: Node): string | null {
  const member = children[0]?.children[1]
  return member?.kind === 'Identifier'
    ? `IN ${member.name} would read a table; write IN (SELECT … FROM ${member.name}), or has(list, value)`
    : null
}

function isAllowedTable(name: string, database: string, withNames: ReadonlySet<string>): boolean {
  if (name === 'system.one') return true
  const prefix = `${database}.`
  return TABLES.has(name.startsWith(prefix) ? name.slice(prefix.length) : name) || withNames.has(name)
}

/** null where a line does not fit: then the tree isn't what it seems. */
function parseTree(lines: readonly string[]): Node | null {
  const path: Node[] = []
  let root: Node | null = null
  for (const line of lines) {
    const match = LINE.exec(line)
    if (match === null) return null
    const depth = match[1]?.length ?? 0
    const kind = match[2] ?? ''
    const name = kind === 'Literal' ? '' : (match[3] ?? '').replace(CHILDREN, '').replace(ALIAS, '')
    const node: Node = { kind, name, children: [] }
    if (depth > path.length || (depth === 0 && root !== null)) return null
    path.length = depth
    path.at(-1)?.children.push(node)
    path.push(node)
    root ??= node
  }
  return root
}

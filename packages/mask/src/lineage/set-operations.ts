// UNION, INTERSECT and EXCEPT: columns of all arms, and what compares them.

import type { TreeNode } from '../tree/node.ts'
import { checkSortOperators } from './clauses.ts'
import { flagAt, nodeAt, nodesAt, numberAt, numbersAt } from './node-access.ts'
import { readEntry } from './range-table.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { touched } from './touches.ts'
import { oneOf, UNSEEN, type Value } from './value.ts'

const OPERATIONS: Readonly<Record<number, string>> = { 1: 'UNION', 2: 'INTERSECT', 3: 'EXCEPT' }
const UNION = 1

/** From the innermost on, without recursion: a chain of arms is as deep as it is long. */
function inOrder(root: TreeNode): readonly TreeNode[] {
  const found: TreeNode[] = []
  const open = [root]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next)
    for (const field of ['larg', 'rarg']) {
      const arm = nodeAt(next, field)
      if (arm !== null) open.push(arm)
    }
  }
  return found.toReversed()
}

/** The columns of the whole: each is one of its arms' each time. */
export function setOperationColumns(root: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const columns = new Map<TreeNode, readonly Value[]>()
  for (const node of inOrder(root)) {
    if (node.node === 'RANGETBLREF') {
      const index = numberAt(node, 'rtindex')
      readEntry(index, scope, reader)
      const arm = scope.columns.get(index)
      columns.set(node, arm === undefined || arm === 'open' ? [] : arm)
      continue
    }
    const operation = OPERATIONS[numberAt(node, 'op')]
    if (node.node !== 'SETOPERATIONSTMT' || operation === undefined) {
      reader.facts.objection('node', 'a set operation that is not known')
      return []
    }
    const arms = ['larg', 'rarg'].flatMap((field) => {
      const arm = nodeAt(node, field)
      return arm === null ? [] : [columns.get(arm) ?? []]
    })
    checkSortOperators(nodesAt(node, 'groupClauses'), reader)
    const merged = numbersAt(node, 'colTypes').map((_, i) => oneOf(arms.map((arm) => arm[i] ?? UNSEEN)))
    const compares = numberAt(node, 'op') !== UNION || !flagAt(node, 'all')
    columns.set(node, compares ? merged.map((value) => touched(value, 'group', operation, reader)) : merged)
  }
  return columns.get(root) ?? []
}

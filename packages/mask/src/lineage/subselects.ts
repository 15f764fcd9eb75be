// Sub-selects in expressions. What is used inside of them is on record by then.

import type { TreeNode } from '../tree/node.ts'
import { nodeAt, numberAt } from './node-access.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { touched } from './touches.ts'
import { SUBLINK_KIND } from './tree-enums.ts'
import { CLEAN, computed, VARYING, type Value, varying } from './value.ts'

type ReadSubselect = (node: TreeNode, columns: readonly Value[], scope: Scope, reader: Reader) => Value

/** `x = ANY (select …)` where it is not a condition of its own: compares as any expression does. */
const compared: ReadSubselect = (node, columns, scope, reader) => {
  const test = nodeAt(node, 'testexpr')
  if (test === null) return VARYING
  const value = scope.with('sublink', columns, () => reader.expression(test, scope))
  return varying(touched(computed([value]), 'compare', 'a comparison with a sub-select', reader))
}

const KINDS: Readonly<Record<number, ReadSubselect>> = {
  [SUBLINK_KIND.exists]: () => VARYING,
  [SUBLINK_KIND.all]: compared,
  [SUBLINK_KIND.any]: compared,
  [SUBLINK_KIND.rows]: compared,
  [SUBLINK_KIND.single]: (_node, [first]) => (first === undefined ? VARYING : varying(first)),
  [SUBLINK_KIND.array]: (_node, columns) => varying(computed(columns.slice(0, 1))),
  [SUBLINK_KIND.multi]: (node, columns, scope) => {
    scope.multi.set(numberAt(node, 'subLinkId'), columns.map(varying))
    return CLEAN
  },
}

const readSublink = (node: TreeNode, scope: Scope, reader: Reader): Value => {
  const query = nodeAt(node, 'subselect')
  const read = KINDS[numberAt(node, 'subLinkType')]
  if (query === null || read === undefined) {
    reader.facts.objection('node', 'a sub-select of a kind that is not known')
    return VARYING
  }
  return read(node, reader.query(query, scope), scope, reader)
}

export const SUBSELECTS: Readonly<Record<string, (node: TreeNode, scope: Scope, reader: Reader) => Value>> = {
  SUBLINK: readSublink,
}

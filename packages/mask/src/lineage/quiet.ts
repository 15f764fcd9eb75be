// Expressions that nothing shows of whether they were evaluated: they can not fail, and take no time worth measuring.

import type { TreeNode } from '../tree/node.ts'
import { nodeAt, nodesAt, numberAt } from './node-access.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { ENTRY_KIND } from './tree-enums.ts'

/** Objects made of keys and values in turn: they fail where a key is NULL. */
export const FAILS_BY_KEY: ReadonlySet<string> = new Set(['json_build_object', 'jsonb_build_object'])

/** A column of a sub-select or a join may be an expression, which is put in its place. */
function isStoredColumn(node: TreeNode, scope: Scope): boolean {
  const entry = scope.up(numberAt(node, 'varlevelsup'))?.entry(numberAt(node, 'varno'))
  return entry !== undefined && numberAt(entry, 'rtekind') === ENTRY_KIND.relation
}

export function isQuiet(node: TreeNode, scope: Scope, reader: Reader): boolean {
  const allQuiet = (nodes: readonly TreeNode[]): boolean => nodes.every((each) => isQuiet(each, scope, reader))
  switch (node.node) {
    case 'CONST':
    case 'PARAM':
      return true
    case 'VAR':
      return isStoredColumn(node, scope)
    case 'RELABELTYPE':
    case 'COLLATEEXPR': {
      const inner = nodeAt(node, 'arg')
      return inner !== null && isQuiet(inner, scope, reader)
    }
    case 'COALESCEEXPR':
      return allQuiet(nodesAt(node, 'args'))
    case 'FUNCEXPR': {
      const id = numberAt(node, 'funcid')
      const { functions } = reader
      const canFail = functions.function(id) !== 'total' || FAILS_BY_KEY.has(functions.nameOf(id) ?? '')
      return !canFail && allQuiet(nodesAt(node, 'args'))
    }
    case 'OPEXPR': {
      const called = reader.functions.operatorFunction(numberAt(node, 'opno'))
      return called !== undefined && reader.functions.function(called) === 'total' && allQuiet(nodesAt(node, 'args'))
    }
    default:
      return false
  }
}

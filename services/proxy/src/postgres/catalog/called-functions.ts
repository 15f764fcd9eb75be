// Which functions an expression calls that the catalog keeps: of a check, a default, an index, a trigger's condition.

import { type KnownFunctions, readStoredTree, type TreeNode, type TreeValue } from '@sluice/mask'

/** What a domain's check calls the value: in statements it can't stand. It is written as this one. */
const DOMAIN_VALUE = ['{COERCETODOMAINVALUE ', '{SETTODEFAULT '] as const

/** `pg_proc` ids; null where it can't be told what is called. */
export function calledFunctions(
  trees: readonly string[],
  serverMajor: number,
  functions: KnownFunctions,
): readonly number[] | null {
  const called = new Set<number>()
  const walk = (value: TreeValue): boolean => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).every(walk)
    if (!isNode(value)) return true
    const code = value.node === 'SUBLINK' ? null : codeOf(value, functions)
    for (const id of code ?? []) called.add(id)
    return code !== null && Object.values(value).every(walk)
  }
  const told = trees.every((text) => {
    const nodes = readStoredTree(text.replaceAll(...DOMAIN_VALUE), serverMajor)
    return nodes?.every(walk) === true
  })
  return told ? [...called] : null
}

/** What a node itself calls, its parts aside; null where that can't be told. */
export function codeOf(node: TreeNode, functions: KnownFunctions): readonly number[] | null {
  switch (node.node) {
    case 'FUNCEXPR':
      return [numberOf(node['funcid'])]
    case 'AGGREF':
      return [numberOf(node['aggfnoid'])]
    case 'WINDOWFUNC':
      return [numberOf(node['winfnoid'])]
    case 'OPEXPR':
    case 'DISTINCTEXPR':
    case 'NULLIFEXPR':
    case 'SCALARARRAYOPEXPR':
      return operators([node['opno']], functions)
    case 'ROWCOMPAREEXPR':
      return operators(listOf(node['opnos']), functions)
    case 'COERCEVIAIO':
      return functions.isType(numberOf(node['resulttype'])) ? [] : null
    case 'CURRENTOFEXPR':
      return null
    default:
      return []
  }
}

/** Null for operators that are not on the list: their functions would not be either. */
function operators(ids: readonly (TreeValue | undefined)[], functions: KnownFunctions): readonly number[] | null {
  const called = ids.map((id) => functions.operatorFunction(numberOf(id)))
  return called.every((id) => id !== undefined) ? called : null
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: TreeValue | undefined): readonly TreeValue[] {
  return Array.isArray(value) ? value : []
}

/** NaN is no index and no id: what it is asked for is not there. */
export function numberOf(value: TreeValue | undefined): number {
  return typeof value === 'number' ? value : Number.NaN
}

// How fields of a TreeNode are taken. The reader of trees has made sure of their types; a field that a version does not
// have is as if it were empty.

import type { TreeNode, TreeValue } from '../tree/node.ts'

const isNode = (value: TreeValue | undefined): value is TreeNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const NOTHING: readonly never[] = []

const listAt = (node: TreeNode, field: string): readonly TreeValue[] => {
  const value = node[field]
  return Array.isArray(value) ? (value as readonly TreeValue[]) : NOTHING
}

export function nodeAt(node: TreeNode, field: string): TreeNode | null {
  const value = node[field]
  return isNode(value) ? value : null
}

/** Without nulls, so positions are not kept. */
export const nodesAt = (node: TreeNode, field: string): readonly TreeNode[] => listAt(node, field).filter(isNode)

/** With nulls where a column was dropped: positions are kept. */
export const nodeOrNullAt = (node: TreeNode, field: string, index: number): TreeNode | null => {
  const value = listAt(node, field)[index]
  return isNode(value) ? value : null
}

/** A list of lists, such as the rows of VALUES. */
export const nodeListsAt = (node: TreeNode, field: string): readonly (readonly TreeNode[])[] =>
  listAt(node, field).map((list) => (Array.isArray(list) ? (list as readonly TreeValue[]).filter(isNode) : NOTHING))

export function numberAt(node: TreeNode, field: string): number {
  const value = node[field]
  return typeof value === 'number' ? value : 0
}

export const numbersAt = (node: TreeNode, field: string): readonly number[] =>
  listAt(node, field).filter((value) => typeof value === 'number')

export const flagAt = (node: TreeNode, field: string): boolean => node[field] === true

export function wordAt(node: TreeNode, field: string): string {
  const value = node[field]
  return typeof value === 'string' ? value : ''
}

export const wordsAt = (node: TreeNode, field: string): readonly string[] =>
  listAt(node, field).map((value) => (typeof value === 'string' ? value : ''))

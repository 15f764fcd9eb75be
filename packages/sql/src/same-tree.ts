// Do two texts say the same? What the parser makes of them is compared, but for where in the text it stands.

import type { RawNode } from './parser.ts'

const POSITIONS: ReadonlySet<string> = new Set([
  'location',
  'name_location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
])

/** Are two nodes the same but for their positions? Throws RangeError where they are deeper than the stack. */
export function isSameTree(one: RawNode, other: RawNode): boolean {
  return shapeOf(one) === shapeOf(other)
}

function shapeOf(node: RawNode): string {
  // The same parser writes the fields of a node in the same order.
  return JSON.stringify(node, (field, value: unknown) =>
    // Only numbers are positions: a field of the tree is never a name from the text.
    typeof value === 'number' && POSITIONS.has(field) ? undefined : value,
  )
}

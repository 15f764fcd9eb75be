// What orders, groups, deduplicates and cuts rows: any sensitive value in it is a touch.

import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { TreeNode } from '../tree/node.ts'
import type { TouchHow } from './lineage.ts'
import { nodeAt, nodesAt, numberAt } from './node-access.ts'
import { operatorVerdict } from './operators.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { touched } from './touches.ts'
import type { Value } from './value.ts'

/** Values of a target list by what ORDER BY, GROUP BY and so on refer to them with. */
export type References = ReadonlyMap<number, Value>

export function referencesOf(entries: readonly TreeNode[], values: ReadonlyMap<TreeNode, Value>): References {
  const references = new Map<number, Value>()
  for (const entry of entries) {
    const reference = numberAt(entry, 'ressortgroupref')
    const value = values.get(entry)
    if (reference !== 0 && value !== undefined) references.set(reference, value)
  }
  return references
}

/** Operators of a list of SORTGROUPCLAUSE; what it sorts by is read by `touchSorted`. */
export function checkSortOperators(clauses: readonly TreeNode[], reader: Reader): void {
  for (const clause of clauses) {
    for (const field of ['eqop', 'sortop']) {
      const operator = numberAt(clause, field)
      if (operator !== 0) operatorVerdict(operator, reader)
    }
  }
}

export function touchSorted(
  clauses: readonly TreeNode[],
  references: References,
  how: TouchHow,
  operation: string,
  reader: Reader,
): void {
  checkSortOperators(clauses, reader)
  for (const clause of clauses) {
    const value = references.get(numberAt(clause, 'tleSortGroupRef'))
    if (value === undefined) reader.facts.objection('node', `${operation} of something that is not there`)
    else touched(value, how, operation, reader)
  }
}

function readWindow(window: TreeNode, references: References, scope: Scope, reader: Reader): void {
  touchSorted(nodesAt(window, 'partitionClause'), references, 'group', 'PARTITION BY', reader)
  touchSorted(nodesAt(window, 'orderClause'), references, 'sort', 'ORDER BY of a window', reader)
  for (const field of ['startOffset', 'endOffset']) {
    const offset = nodeAt(window, field)
    if (offset !== null) touched(reader.expression(offset, scope), 'count', 'the frame of a window', reader)
  }
  for (const field of ['startInRangeFunc', 'endInRangeFunc']) {
    if (numberAt(window, field) >= FIRST_USER_ID)
      reader.facts.objection('function', 'a window over a type that is not of PostgreSQL')
  }
  if (nodesAt(window, 'runCondition').length > 0) reader.facts.objection('node', 'a condition of a window')
}

const SORTING: readonly (readonly [field: string, how: TouchHow, operation: string])[] = [
  ['groupClause', 'group', 'GROUP BY'],
  ['distinctClause', 'group', 'DISTINCT'],
  ['sortClause', 'sort', 'ORDER BY'],
]

const CUTTING: readonly (readonly [field: string, operation: string])[] = [
  ['limitCount', 'LIMIT'],
  ['limitOffset', 'OFFSET'],
]

export function readClauses(query: TreeNode, references: References, scope: Scope, reader: Reader): void {
  for (const [field, how, operation] of SORTING) {
    touchSorted(nodesAt(query, field), references, how, operation, reader)
  }
  for (const window of nodesAt(query, 'windowClause')) readWindow(window, references, scope, reader)
  const having = nodeAt(query, 'havingQual')
  if (having !== null) touched(reader.expression(having, scope), 'compute', 'HAVING', reader)
  for (const [field, operation] of CUTTING) {
    const limit = nodeAt(query, field)
    if (limit !== null) touched(reader.expression(limit, scope), 'count', operation, reader)
  }
}

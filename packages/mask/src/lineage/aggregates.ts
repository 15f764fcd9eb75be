// Aggregates and window functions.

import type { TreeNode } from '../tree/node.ts'
import { checkSortOperators, referencesOf, touchSorted } from './clauses.ts'
import { flagAt, nodeAt, nodesAt, numberAt, wordAt } from './node-access.ts'
import { checkType, functionVerdict } from './operators.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { touched } from './touches.ts'
import { computed, HEAVY, isSensitive, VARYING, type Value, varying } from './value.ts'

function readFilter(node: TreeNode, scope: Scope, reader: Reader): void {
  const filter = nodeAt(node, 'aggfilter')
  if (filter !== null) touched(reader.expression(filter, scope), 'compute', 'FILTER', reader)
}

/** How many values there are, or how many different ones, is what a table's shape is. */
const countsStored = (id: number, values: readonly Value[], reader: Reader): boolean =>
  reader.functions.isCount(id) && values.length === 1 && values.every((value) => value.bare || !isSensitive(value))

function result(id: number, values: readonly Value[], reader: Reader): Value {
  const verdict = functionVerdict(id, reader)
  if (countsStored(id, values, reader)) return VARYING
  const value = varying(computed(values))
  if (verdict === 'total' && value.weight < HEAVY) return value
  const how = reader.functions.isCount(id) ? 'count' : 'compute'
  return touched(value, how, `the function ${reader.functions.nameOf(id) ?? 'that is not known'}`, reader)
}

function readAggregate(node: TreeNode, scope: Scope, reader: Reader): Value {
  const id = numberAt(node, 'aggfnoid')
  checkType(numberAt(node, 'aggtype'), reader)
  readFilter(node, scope, reader)
  const entries = nodesAt(node, 'args')
  const values = new Map<TreeNode, Value>()
  for (const entry of entries) {
    const expression = nodeAt(entry, 'expr')
    if (expression !== null) values.set(entry, reader.expression(expression, scope))
  }
  const references = referencesOf(entries, values)
  // `within group (order by …)`: it computes with the order of its arguments.
  const sorts = wordAt(node, 'aggkind') !== 'n'
  touchSorted(
    nodesAt(node, 'aggorder'),
    references,
    'sort',
    sorts ? 'WITHIN GROUP' : 'ORDER BY of an aggregate',
    reader,
  )
  const shown = entries.filter((entry) => !flagAt(entry, 'resjunk')).flatMap((entry) => values.get(entry) ?? [])
  const distinct = nodesAt(node, 'aggdistinct')
  if (countsStored(id, shown, reader)) {
    checkSortOperators(distinct, reader)
    if (distinct.length > 0 && shown.some(isSensitive)) reader.facts.countsDistinct = true
  } else touchSorted(distinct, references, 'group', 'DISTINCT of an aggregate', reader)
  const direct = nodesAt(node, 'aggdirectargs').map((argument) =>
    touched(reader.expression(argument, scope), 'compute', 'WITHIN GROUP', reader),
  )
  return result(id, [...shown, ...direct], reader)
}

function readWindowFunction(node: TreeNode, scope: Scope, reader: Reader): Value {
  checkType(numberAt(node, 'wintype'), reader)
  readFilter(node, scope, reader)
  if (nodesAt(node, 'runCondition').length > 0) reader.facts.objection('node', 'a condition of a window function')
  const [first, ...others] = nodesAt(node, 'args').map((argument) => reader.expression(argument, scope))
  // Offsets and counts decide which row is looked at.
  const rest = others.map((value) => touched(value, 'compute', 'an argument of a window function', reader))
  return result(numberAt(node, 'winfnoid'), first === undefined ? [] : [first, ...rest], reader)
}

export const AGGREGATES_AND_WINDOWS: Readonly<Record<string, (node: TreeNode, scope: Scope, reader: Reader) => Value>> =
  { AGGREF: readAggregate, WINDOWFUNC: readWindowFunction }

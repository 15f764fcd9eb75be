// Conditions of WHERE and ON. On the level of their ANDs and ORs equality of stored values is told from everything else.

import type { TreeNode } from '../tree/node.ts'
import type { Touch } from './lineage.ts'
import { flagAt, nodeAt, nodesAt, numberAt, wordAt } from './node-access.ts'
import { functionVerdict, operationVerdict, operatorWord } from './operators.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { recordCompared, touched } from './touches.ts'
import { SUBLINK_KIND } from './tree-enums.ts'
import { computed, isSensitive, sameTags, sourcesOf, type Value } from './value.ts'

type Constants = Pick<Touch, 'values' | 'literals' | 'parameters'>

const NONE: Constants = { values: 0, literals: [], parameters: [] }

const sum = (constants: readonly Constants[]): Constants => {
  const parameters = [...new Set(constants.flatMap((each) => each.parameters))]
  const unknown = constants.some(({ values }) => values === null)
  const values = constants.reduce((count, each) => count + (each.values ?? 0) - each.parameters.length, 0)
  return {
    values: unknown ? null : values + parameters.length,
    literals: constants.flatMap(({ literals }) => literals),
    parameters,
  }
}

const IMPLICIT_CAST = 2
const EXPLICIT_CAST = 1

/** One value that the statement itself brings; null where it is anything else. */
function constantOf(node: TreeNode, reader: Reader): Constants | null {
  switch (node.node) {
    case 'CONST': {
      const location = numberAt(node, 'location')
      return { ...NONE, values: 1, literals: location < 0 ? [] : [location] }
    }
    case 'PARAM':
      return numberAt(node, 'paramkind') === 0 ? { ...NONE, values: 1, parameters: [numberAt(node, 'paramid')] } : null
    case 'RELABELTYPE':
    case 'COLLATEEXPR':
    case 'COERCEVIAIO': {
      const inner = nodeAt(node, 'arg')
      return inner === null ? null : constantOf(inner, reader)
    }
    case 'FUNCEXPR': {
      const form = numberAt(node, 'funcformat')
      if (form !== IMPLICIT_CAST && form !== EXPLICIT_CAST) return null
      if (functionVerdict(numberAt(node, 'funcid'), reader) === undefined) return null
      // A cast to a length or a scale makes another value of the same literal each time.
      const [value, ...lengths] = nodesAt(node, 'args')
      return value === undefined || lengths.length > 0 ? null : constantOf(value, reader)
    }
    default:
      return null
  }
}

/** The elements of `IN (…)`; of an array that comes as one constant or parameter nobody knows how many. */
function elementsOf(node: TreeNode, reader: Reader): Constants | null {
  if (node.node === 'RELABELTYPE') {
    const inner = nodeAt(node, 'arg')
    return inner === null ? null : elementsOf(inner, reader)
  }
  if (node.node === 'ARRAYEXPR' && !flagAt(node, 'multidims')) {
    const elements = nodesAt(node, 'elements').map((element) => constantOf(element, reader))
    return elements.every((element) => element !== null) ? sum(elements) : null
  }
  if (node.node !== 'CONST' && node.node !== 'PARAM') return null
  const whole = constantOf(node, reader)
  return whole === null ? null : { ...whole, values: null }
}

type Sides = readonly [left: TreeNode, right: TreeNode]

const sidesOf = (node: TreeNode): Sides | null => {
  const [left, right, third] = nodesAt(node, 'args')
  return left === undefined || right === undefined || third !== undefined ? null : [left, right]
}

/** Columns in a side of an equality get its sensitive sources: whoever sees them sees the value. */
function inherit(node: TreeNode, sources: Value['sources'], scope: Scope, reader: Reader): void {
  const open: TreeNode[] = [node]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.node === 'VAR') {
      const entry = scope.up(numberAt(next, 'varlevelsup'))?.entry(numberAt(next, 'varno'))
      if (entry !== undefined) reader.memory.inherit(entry, numberAt(next, 'varattno'), sources)
    } else {
      const single = nodeAt(next, 'arg')
      open.push(...nodesAt(next, 'args'), ...(single === null ? [] : [single]))
    }
  }
}

function otherEquality(
  node: TreeNode,
  sides: Sides,
  values: readonly [Value, Value],
  scope: Scope,
  reader: Reader,
): void {
  const word = operatorWord(numberAt(node, 'opno'), reader)
  touched(computed(values), 'compare', `something other than a constant (${word})`, reader)
  for (const [i, value] of values.entries()) {
    const other = values[1 - i]
    const side = sides[i]
    if (side !== undefined && other !== undefined && isSensitive(other) && !isSensitive(value)) {
      inherit(side, other.sources, scope, reader)
    }
  }
}

/** PostgreSQL's own `=` and `= ANY (array)`. */
function readEquality(node: TreeNode, sides: Sides, scope: Scope, reader: Reader): void {
  operationVerdict(node, reader)
  const [left, right] = sides
  const values = [reader.expression(left, scope), reader.expression(right, scope)] as const
  const sources = sourcesOf(values)
  if (sources.length === 0) return
  recordCompared(values, reader)
  const isArray = node.node === 'SCALARARRAYOPEXPR'
  const operation = isArray ? '= ANY of an array' : '='
  const [first, second] = values
  // Other collations call values equal that are not the same.
  if (reader.functions.isDeterministicCollation(numberAt(node, 'inputcollid'))) {
    if (!isArray && first.bare && second.bare && sameTags(first, second)) {
      reader.facts.equality(sources, 'tags', operation, NONE)
      return
    }
    const constants = first.bare
      ? isArray
        ? elementsOf(right, reader)
        : constantOf(right, reader)
      : second.bare && !isArray
        ? constantOf(left, reader)
        : null
    if (constants !== null) {
      reader.facts.equality(sources, 'constants', operation, constants)
      return
    }
  }
  otherEquality(node, sides, values, scope, reader)
}

/** `x IN (select …)`: joins, without adding rows. */
function readAnySublink(node: TreeNode, scope: Scope, reader: Reader): boolean {
  const query = nodeAt(node, 'subselect')
  const test = nodeAt(node, 'testexpr')
  if (numberAt(node, 'subLinkType') !== SUBLINK_KIND.any || query === null || test === null) return false
  const columns = reader.query(query, scope)
  scope.with('sublink', columns, () => reader.condition(test, scope))
  return true
}

export function readCondition(node: TreeNode, scope: Scope, reader: Reader): void {
  if (node.node === 'BOOLEXPR' && wordAt(node, 'boolop') !== 'not') {
    for (const part of nodesAt(node, 'args')) reader.condition(part, scope)
    return
  }
  const sides = sidesOf(node)
  if (sides !== null) {
    const isEquality = reader.functions.isEquality(numberAt(node, 'opno'))
    if (node.node === 'OPEXPR' && isEquality) return readEquality(node, sides, scope, reader)
    if (node.node === 'SCALARARRAYOPEXPR' && isEquality && flagAt(node, 'useOr')) {
      return readEquality(node, sides, scope, reader)
    }
  }
  if (node.node === 'SUBLINK' && readAnySublink(node, scope, reader)) return
  touched(reader.expression(node, scope), 'compute', 'a condition', reader)
}

// Functions and operators with arguments: the reviewed lists say which may take a sensitive one.

import type { TreeNode } from '../tree/node.ts'
import { flagAt, nodeAt, nodesAt, numberAt, numbersAt } from './node-access.ts'
import { checkType, functionVerdict, operationVerdict, operatorVerdict, operatorWord } from './operators.ts'
import { FAILS_BY_KEY } from './quiet.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { recordCompared, touched } from './touches.ts'
import { computed, HEAVY, isSensitive, type Value, varying } from './value.ts'

type ReadCall = (node: TreeNode, scope: Scope, reader: Reader) => Value

const argumentsOf = (node: TreeNode, field: string, scope: Scope, reader: Reader): readonly Value[] =>
  nodesAt(node, field).map((argument) => reader.expression(argument, scope))

/** Escaping and encoding can double what they are given; what is written one after the other is as long as all. */
const GROWTH = 2

/** Whether a stored value is NULL may be known; of a computed one that can be made to depend on the value. */
const failsByKey = (node: TreeNode, name: string | undefined, values: readonly Value[]): boolean =>
  name !== undefined &&
  FAILS_BY_KEY.has(name) &&
  values.some((value, i) => isSensitive(value) && !value.bare && (i % 2 === 0 || flagAt(node, 'funcvariadic')))

/** The time that it takes to take so much tells of the value. */
const takesSensitiveSize = (id: number, values: readonly Value[], { functions }: Reader): boolean =>
  values.some((value, index) => isSensitive(value) && functions.isSizeArgument(id, index))

const functionCall: ReadCall = (node, scope, reader) => {
  const id = numberAt(node, 'funcid')
  const verdict = functionVerdict(id, reader)
  checkType(numberAt(node, 'funcresulttype'), reader)
  const values = argumentsOf(node, 'args', scope, reader)
  const value = computed(values, GROWTH)
  const known = reader.functions.nameOf(id)
  const name = known ?? 'that is not known'
  const rows = flagAt(node, 'funcretset')
  // How many rows there are tells of the value.
  if (rows) return varying(touched(value, 'count', `the function ${name}`, reader))
  const isQuiet = !failsByKey(node, known, values) && !takesSensitiveSize(id, values, reader)
  if (verdict === 'total' && value.weight < HEAVY && isQuiet) return value
  return touched(value, 'compute', `the function ${name}`, reader)
}

const BOOLEAN = 16

const operation: ReadCall = (node, scope, reader) => {
  const verdict = operationVerdict(node, reader)
  const values = argumentsOf(node, 'args', scope, reader)
  const value = computed(values)
  const operator = numberAt(node, 'opno')
  // Trees of views do not keep its function.
  const takes = takesSensitiveSize(reader.functions.operatorFunction(operator) ?? 0, values, reader)
  if (verdict === 'total' && value.weight < HEAVY && !flagAt(node, 'opretset') && !takes) return value
  const word = operatorWord(operator, reader)
  if (numberAt(node, 'opresulttype') !== BOOLEAN) return touched(value, 'compute', `the operator ${word}`, reader)
  return comparison(value, values, word, reader)
}

/** The other side of a comparison stands for a value of the column. */
function comparison(value: Value, sides: readonly Value[], word: string, reader: Reader): Value {
  recordCompared(sides, reader)
  return touched(value, 'compare', word, reader)
}

const distinctFrom: ReadCall = (node, scope, reader) => {
  operationVerdict(node, reader)
  const values = argumentsOf(node, 'args', scope, reader)
  return comparison(computed(values), values, 'IS DISTINCT FROM', reader)
}

const nullIf: ReadCall = (node, scope, reader) => {
  operationVerdict(node, reader)
  const values = argumentsOf(node, 'args', scope, reader)
  return comparison(computed(values), values, 'NULLIF', reader)
}

const arrayComparison: ReadCall = (node, scope, reader) => {
  operationVerdict(node, reader)
  const values = argumentsOf(node, 'args', scope, reader)
  const word = operatorWord(numberAt(node, 'opno'), reader)
  return comparison(computed(values), values, `${word} ${flagAt(node, 'useOr') ? 'ANY' : 'ALL'}`, reader)
}

const rowComparison: ReadCall = (node, scope, reader) => {
  for (const operator of numbersAt(node, 'opnos')) operatorVerdict(operator, reader)
  const values = [...argumentsOf(node, 'largs', scope, reader), ...argumentsOf(node, 'rargs', scope, reader)]
  return comparison(computed(values), values, 'a comparison of rows', reader)
}

const JSON_OBJECT = 1
const JSON_ARRAY = 2
const JSON_OBJECT_AGGREGATE = 3
const JSON_ARRAY_AGGREGATE = 4

/** Failing by a null key or a key that is there twice tells of the value; the aggregates are judged as functions. */
function isTotalConstructor(node: TreeNode, values: readonly Value[]): boolean {
  const kind = numberAt(node, 'type')
  if (kind === JSON_OBJECT)
    return !flagAt(node, 'unique') && values.every((value, i) => i % 2 === 1 || !isSensitive(value))
  return kind === JSON_ARRAY || kind === JSON_OBJECT_AGGREGATE || kind === JSON_ARRAY_AGGREGATE
}

const jsonConstructor: ReadCall = (node, scope, reader) => {
  const values = argumentsOf(node, 'args', scope, reader)
  const called = nodeAt(node, 'func')
  const made = called === null ? [] : [reader.expression(called, scope)]
  const coercion = nodeAt(node, 'coercion')
  const value = computed([...values, ...made], GROWTH)
  const coerced = coercion === null ? [] : [scope.with('caseTest', value, () => reader.expression(coercion, scope))]
  const result = computed([value, ...coerced])
  if (isTotalConstructor(node, values) && result.weight < HEAVY) return result
  return touched(result, 'compute', 'a JSON constructor', reader)
}

const jsonValue: ReadCall = (node, scope, reader) => {
  const raw = nodeAt(node, 'raw_expr')
  const formatted = nodeAt(node, 'formatted_expr')
  const value = raw === null ? [] : [reader.expression(raw, scope)]
  const before = computed(value)
  const result = formatted === null ? [] : [scope.with('caseTest', before, () => reader.expression(formatted, scope))]
  return computed([...value, ...result])
}

export const CALLS: Readonly<Record<string, ReadCall>> = {
  FUNCEXPR: functionCall,
  OPEXPR: operation,
  DISTINCTEXPR: distinctFrom,
  NULLIFEXPR: nullIf,
  SCALARARRAYOPEXPR: arrayComparison,
  ROWCOMPAREEXPR: rowComparison,
  JSONCONSTRUCTOREXPR: jsonConstructor,
  JSONVALUEEXPR: jsonValue,
}

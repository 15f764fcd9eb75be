// What the value of each kind of expression is made of. Kinds that only combine are in one table; those with rules of
// their own are in calls.ts and subselects.ts. A kind that is in no table refuses the statement.

import type { TreeNode } from '../tree/node.ts'
import { AGGREGATES_AND_WINDOWS } from './aggregates.ts'
import { CALLS } from './calls.ts'
import type { TouchHow } from './lineage.ts'
import { flagAt, nodeAt, nodesAt, numberAt } from './node-access.ts'
import { typeOf } from './node-types.ts'
import { checkType } from './operators.ts'
import { isQuiet } from './quiet.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { SUBSELECTS } from './subselects.ts'
import { touched } from './touches.ts'
import { CLEAN, computed, isSensitive, literalValue, VARYING, type Value, varying } from './value.ts'

export type ReadExpression = (node: TreeNode, scope: Scope, reader: Reader) => Value

/** Children of kinds that combine them, and what combining sensitive ones is. */
type Combination = {
  readonly children: readonly string[]
  /** Null: the result shows nothing but what it is made of. */
  readonly touch: { readonly how: TouchHow; readonly operation: string } | null
}

const COMBINATIONS: Readonly<Record<string, Combination>> = {
  ARRAYEXPR: { children: ['elements'], touch: null },
  ROWEXPR: { children: ['args'], touch: null },
  FIELDSELECT: { children: ['arg'], touch: null },
  CONVERTROWTYPEEXPR: { children: ['arg'], touch: null },
  JSONFORMAT: { children: [], touch: null },
  BOOLEXPR: { children: ['args'], touch: { how: 'compute', operation: 'AND, OR or NOT' } },
  BOOLEANTEST: { children: ['arg'], touch: { how: 'compare', operation: 'IS TRUE or IS FALSE' } },
  XMLEXPR: { children: ['named_args', 'args'], touch: { how: 'compute', operation: 'an XML function' } },
  JSONISPREDICATE: { children: ['expr'], touch: { how: 'compute', operation: 'IS JSON' } },
  JSONEXPR: {
    children: ['formatted_expr', 'path_spec', 'passing_values', 'on_empty', 'on_error'],
    touch: { how: 'compute', operation: 'a JSON path' },
  },
  JSONBEHAVIOR: { children: ['expr'], touch: null },
}

const childrenOf = (node: TreeNode, fields: readonly string[]): readonly TreeNode[] =>
  fields.flatMap((field) => nodeAt(node, field) ?? nodesAt(node, field))

const combine =
  ({ children, touch }: Combination): ReadExpression =>
  (node, scope, reader) => {
    const value = computed(childrenOf(node, children).map((child) => reader.expression(child, scope)))
    return touch === null ? value : touched(value, touch.how, touch.operation, reader)
  }

/** Passes the value itself on: only its label changes. */
const relabel: ReadExpression = (node, scope, reader) => {
  if (node.node === 'RELABELTYPE') checkType(numberAt(node, 'resulttype'), reader)
  return argument(node, 'arg', scope, reader)
}

function argument(node: TreeNode, field: string, scope: Scope, reader: Reader): Value {
  const child = nodeAt(node, field)
  return child === null ? CLEAN : reader.expression(child, scope)
}

const constant: ReadExpression = (node, _scope, reader) => {
  checkType(numberAt(node, 'consttype'), reader)
  return literalValue(node)
}

/** NULL of a stored value is shown as NULL, and counted by count(): so it may be asked for. */
const nullTest: ReadExpression = (node, scope, reader) => {
  const value = argument(node, 'arg', scope, reader)
  if (value.bare && !flagAt(node, 'argisrow')) return VARYING
  return touched(computed([value]), 'compare', 'IS NULL of something computed', reader)
}

const coerceByText: ReadExpression = (node, scope, reader) => {
  const child = nodeAt(node, 'arg')
  if (child === null) return CLEAN
  const from = typeOf(child)
  const to = numberAt(node, 'resulttype')
  checkType(from, reader)
  checkType(to, reader)
  const value = computed([reader.expression(child, scope)], 2)
  return reader.functions.isTotalCoercion(from, to) ? value : touched(value, 'compute', 'a cast', reader)
}

const coerceArray: ReadExpression = (node, scope, reader) => {
  checkType(numberAt(node, 'resulttype'), reader)
  const value = argument(node, 'arg', scope, reader)
  const element = nodeAt(node, 'elemexpr')
  const converted = element === null ? CLEAN : scope.with('caseTest', value, () => reader.expression(element, scope))
  return computed([value, converted])
}

const coerceToDomain: ReadExpression = (node, scope, reader) => {
  checkType(numberAt(node, 'resulttype'), reader)
  return touched(computed([argument(node, 'arg', scope, reader)]), 'compute', 'a cast to a domain', reader)
}

const caseTest: ReadExpression = (_node, scope, reader) => {
  if (scope.caseTest !== null) return scope.caseTest
  reader.facts.objection('node', 'a value of CASE outside of it')
  return CLEAN
}

/** The conditions are a touch; the results are what the value is made of. */
const readCase: ReadExpression = (node, scope, reader) => {
  const subject = nodeAt(node, 'arg')
  const tested = subject === null ? null : reader.expression(subject, scope)
  const conditions: Value[] = []
  const results: Value[] = []
  for (const when of nodesAt(node, 'args')) {
    const condition = nodeAt(when, 'expr')
    const result = nodeAt(when, 'result')
    if (condition !== null) {
      const value = scope.with('caseTest', tested, () => reader.expression(condition, scope))
      conditions.push(touched(value, 'compute', 'a CASE', reader))
    }
    if (result !== null) results.push(reader.expression(result, scope))
  }
  results.push(argument(node, 'defresult', scope, reader))
  return computed([...conditions, ...results])
}

/**
 * What comes later is evaluated only where all before it is NULL. Of a stored value that may be known; where a computed one
 * is NULL can be made to depend on the value (`object -> left(ssn, 1)`), and then what comes later must not show it.
 */
const coalesce: ReadExpression = (node, scope, reader) => {
  const expressions = nodesAt(node, 'args')
  const values = expressions.map((expression) => reader.expression(expression, scope))
  const isLoud = expressions.map((expression) => !isQuiet(expression, scope, reader))
  return computed(
    values.map((value, i) =>
      isSensitive(value) && !value.bare && isLoud.includes(true, i + 1)
        ? touched(value, 'compute', 'COALESCE in front of what could fail', reader)
        : value,
    ),
  )
}

const subscripts: ReadExpression = (node, scope, reader) => {
  checkType(numberAt(node, 'refcontainertype'), reader)
  const places = [...nodesAt(node, 'refupperindexpr'), ...nodesAt(node, 'reflowerindexpr')].map((place) =>
    touched(reader.expression(place, scope), 'compute', 'a subscript', reader),
  )
  const container = argument(node, 'refexpr', scope, reader)
  const assigned = nodeAt(node, 'refassgnexpr')
  if (assigned === null) return computed([container, ...places])
  const value = scope.with('caseTest', computed([container, ...places]), () => reader.expression(assigned, scope))
  return computed([container, ...places, value])
}

const fieldStore: ReadExpression = (node, scope, reader) => {
  const row = argument(node, 'arg', scope, reader)
  const values = scope.with('caseTest', row, () => nodesAt(node, 'newvals').map((v) => reader.expression(v, scope)))
  return computed([row, ...values])
}

const leastOrGreatest: ReadExpression = (node, scope, reader) => {
  checkType(numberAt(node, 'minmaxtype'), reader)
  return computed(nodesAt(node, 'args').map((arg) => reader.expression(arg, scope)))
}

const clean: ReadExpression = () => CLEAN

/** What the rewriter put there, which nobody computes with. */
const placeholder: ReadExpression = (node, _scope, reader) => {
  checkType(typeOf(node), reader)
  return CLEAN
}

const variable: ReadExpression = (node, scope, reader) => {
  const owner = scope.up(numberAt(node, 'varlevelsup'))
  if (owner === null) {
    reader.facts.objection('node', 'a column of a query further out than there is one')
    return VARYING
  }
  // The type of a whole row is that of its table, whose columns have known types or are none of ours.
  if (numberAt(node, 'varattno') !== 0) checkType(numberAt(node, 'vartype'), reader)
  return reader.column(node, owner)
}

/** A parameter of the statement, a column of the sub-select in ANY, or one of `SET (a, b) = (select …)`. */
const parameter: ReadExpression = (node, scope, reader) => {
  const id = numberAt(node, 'paramid')
  switch (numberAt(node, 'paramkind')) {
    case 0:
      checkType(numberAt(node, 'paramtype'), reader)
      return literalValue(node)
    case 2: {
      const value = scope.sublink?.[id - 1]
      if (value !== undefined) return value
      break
    }
    case 3: {
      const value = scope.multi.get(id >> 16)?.[(id & 0xffff) - 1]
      if (value !== undefined) return value
      break
    }
    default:
  }
  reader.facts.objection('node', 'a parameter of no query')
  return CLEAN
}

/** Undefined for a kind of node that must not stand where an expression is read. */
export const EXPRESSIONS: Readonly<Record<string, ReadExpression>> = {
  ...Object.fromEntries(Object.entries(COMBINATIONS).map(([name, combination]) => [name, combine(combination)])),
  ...CALLS,
  ...AGGREGATES_AND_WINDOWS,
  ...SUBSELECTS,
  VAR: variable,
  CONST: constant,
  PARAM: parameter,
  RELABELTYPE: relabel,
  COLLATEEXPR: relabel,
  NAMEDARGEXPR: relabel,
  COERCEVIAIO: coerceByText,
  ARRAYCOERCEEXPR: coerceArray,
  COERCETODOMAIN: coerceToDomain,
  NULLTEST: nullTest,
  CASEEXPR: readCase,
  COALESCEEXPR: coalesce,
  CASETESTEXPR: caseTest,
  SUBSCRIPTINGREF: subscripts,
  FIELDSTORE: fieldStore,
  MINMAXEXPR: leastOrGreatest,
  SQLVALUEFUNCTION: clean,
  MERGESUPPORTFUNC: clean,
  GROUPINGFUNC: clean,
  CURRENTOFEXPR: clean,
  SETTODEFAULT: placeholder,
  NEXTVALUEEXPR: clean,
  RETURNINGEXPR: (node, scope, reader) => argument(node, 'retexpr', scope, reader),
  INFERENCEELEM: (node, scope, reader) => varying(argument(node, 'expr', scope, reader)),
}

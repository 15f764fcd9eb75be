// Operators and functions of a tree against the reviewed lists, and how they are called when people read about them.

import type { FunctionVerdict } from '../functions/known-functions.ts'
import type { TreeNode } from '../tree/node.ts'
import { numberAt } from './node-access.ts'
import type { Reader } from './reader.ts'

const WORDS: Readonly<Record<string, string>> = {
  '~~': 'LIKE',
  '!~~': 'NOT LIKE',
  '~~*': 'ILIKE',
  '!~~*': 'NOT ILIKE',
  '~': 'a regular expression',
  '!~': 'a regular expression',
  '~*': 'a regular expression',
  '!~*': 'a regular expression',
}

export function operatorWord(id: number, reader: Reader): string {
  const name = reader.functions.operatorName(id)
  return name === undefined ? 'an operator' : (WORDS[name] ?? name)
}

const OFF_THE_LIST = 'Only functions of PostgreSQL that are known to read or compute may be used.'

/** Undefined for what is off the list, which is then on record. */
export function functionVerdict(id: number, reader: Reader): FunctionVerdict | undefined {
  const verdict = reader.functions.function(id)
  if (verdict === undefined) {
    const name = reader.functions.nameOf(id)
    const what = name === undefined ? 'a function that is not of PostgreSQL' : `the function ${name}`
    reader.facts.objection('function', what, OFF_THE_LIST)
  }
  return verdict
}

function unknownOperator(id: number, reader: Reader): undefined {
  const name = reader.functions.operatorName(id)
  const what = name === undefined ? 'an operator that is not of PostgreSQL' : `the operator ${name}`
  reader.facts.objection('operator', what, OFF_THE_LIST)
}

/** Of an operator by its id alone: trees of views do not keep its function. */
export function operatorVerdict(id: number, reader: Reader): FunctionVerdict | undefined {
  const implementation = reader.functions.operatorFunction(id)
  const verdict = implementation === undefined ? undefined : reader.functions.function(implementation)
  return verdict ?? unknownOperator(id, reader)
}

/** The verdict of OPEXPR and its like, whose function must be the operator's own. */
export function operationVerdict(node: TreeNode, reader: Reader): FunctionVerdict | undefined {
  const operator = numberAt(node, 'opno')
  const called = numberAt(node, 'opfuncid')
  if (called === 0 || called === reader.functions.operatorFunction(operator)) return operatorVerdict(operator, reader)
  return unknownOperator(operator, reader)
}

/** A cast or conversion may run what a type names, so the type must be known. */
export function checkType(type: number, reader: Reader): void {
  if (reader.isKnownType(type)) return
  reader.facts.objection('type_io', 'a type whose input, output or checks are not of PostgreSQL', null)
}

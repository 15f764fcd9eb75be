// What INSERT, UPDATE and MERGE write, and where a sensitive value goes by it.

import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { TreeNode } from '../tree/node.ts'
import type { Source } from './lineage.ts'
import { flagAt, nodeAt, nodesAt, numberAt, wordAt } from './node-access.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { recordCompared, touched } from './touches.ts'
import { COMMAND_TYPE } from './tree-enums.ts'
import { columnValue, computed, isSensitive, literalsOf, tagKey, type Value } from './value.ts'

/** The values of target list entries. Sub-selects of SET come last in it, and are referred to before. */
export function readEntries(entries: readonly TreeNode[], scope: Scope, reader: Reader): Map<TreeNode, Value> {
  const values = new Map<TreeNode, Value>()
  const junkFirst = [...entries.filter((e) => flagAt(e, 'resjunk')), ...entries.filter((e) => !flagAt(e, 'resjunk'))]
  for (const entry of junkFirst) {
    const expression = nodeAt(entry, 'expr')
    if (expression !== null) values.set(entry, reader.expression(expression, scope))
  }
  return values
}

const relidOf = (scope: Scope): number => {
  const entry = scope.target === null ? undefined : scope.entry(scope.target.index)
  return entry === undefined ? 0 : numberAt(entry, 'relid')
}

/** Says what of the target is written, and refuses what runs code when it is. */
export function openTarget(index: number, written: Set<number> | 'all', scope: Scope, reader: Reader): void {
  const { facts, view } = reader
  scope.target = { index, written }
  const relid = relidOf(scope)
  const relation = view.relation(relid)
  if (relid < FIRST_USER_ID) facts.objection('catalog_write', 'a write to a catalog of PostgreSQL')
  if (relation?.writesRunCode === true) {
    const name = `${relation.schema}.${relation.name}`
    facts.objection('user_code', `a write to ${name}, which has triggers or rules that run code of its own`)
  }
  const columns = written === 'all' ? (relation?.columns ?? []).map(({ attno }) => attno) : written
  for (const attno of columns) facts.wrote({ relid, attno })
}

/** Null: the target column is clean. */
const targetColumn = (relid: number, attno: number, reader: Reader): Source | null =>
  reader.facts.column({ relid, attno }, { name: null, type: null })

/** A stored value may go to a column of the same tags; free text only to the column that it comes from. */
function mayReach(target: Source, value: Value): boolean {
  const [source] = value.sources
  if (!value.bare || source === undefined || tagKey(source) !== tagKey(target)) return false
  return target.verdict === 'tagged' || value.sources.every((each) => each === target)
}

/** In the statement's text: lengths of types that the server adds are not. */
const isWritten = (literal: TreeNode): boolean => literal.node === 'PARAM' || numberAt(literal, 'location') >= 0

/** Put together of several literals: of a few of them there are as many values as one likes. */
function isCombined(value: Value): boolean {
  if (value.literal !== null) return false
  return value.listed ? value.parts.some(isCombined) : literalsOf(value).filter(isWritten).length > 1
}

/** One column gets a value. */
function assign(attno: number, value: Value, scope: Scope, reader: Reader): void {
  const { facts, view } = reader
  const relid = relidOf(scope)
  const target = targetColumn(relid, attno, reader)
  if (isSensitive(value)) {
    if (target !== null && mayReach(target, value)) return
    const relation = view.relation(relid)
    const column = view.column(relid, attno)
    const name = relation === undefined ? `relation ${relid}` : `${relation.schema}.${relation.name}`
    facts.sink({ relid, attno }, `${name}.${column?.name ?? attno}`, value.sources)
    return
  }
  if (target === null) return
  facts.sensitiveLiterals(literalsOf(value), [target])
  // Guesses that are made row by row would be compared with what is stored, by a join or by a unique index.
  if (target.verdict !== 'tagged') return
  if (value.varies) touched(columnValue(target), 'compute', 'a write of values that are computed from rows', reader)
  else if (isCombined(value)) touched(columnValue(target), 'compute', 'a write of values that are put together', reader)
}

/** Non-junk entries of a list of assignments, by attribute number. */
const assignments = (entries: readonly TreeNode[]): readonly TreeNode[] =>
  entries.filter((entry) => !flagAt(entry, 'resjunk'))

export const writtenBy = (entries: readonly TreeNode[]): Set<number> =>
  new Set(assignments(entries).map((entry) => numberAt(entry, 'resno')))

export function assignAll(
  entries: readonly TreeNode[],
  values: ReadonlyMap<TreeNode, Value>,
  scope: Scope,
  reader: Reader,
): void {
  for (const entry of assignments(entries)) {
    const value = values.get(entry)
    if (value !== undefined) assign(numberAt(entry, 'resno'), value, scope, reader)
  }
}

/** Whether a row is there already is an answer about each value that is looked for. */
function readConflictOf(target: Source, inserted: Value | undefined, reader: Reader): void {
  if (inserted === undefined) return
  const sources = [target]
  const operation = 'ON CONFLICT'
  if (isSensitive(inserted)) {
    if (inserted.bare) reader.facts.equality(sources, 'tags', operation, { values: 0, literals: [], parameters: [] })
    else touched(computed([inserted, columnValue(target)]), 'compare', operation, reader)
    return
  }
  if (inserted.varies) {
    touched(columnValue(target), 'compare', operation, reader)
    return
  }
  const constants = literalsOf(inserted)
  const parameters = constants.filter(({ node }) => node === 'PARAM').map((node) => numberAt(node, 'paramid'))
  const literals = constants.filter(({ node }) => node === 'CONST').map((node) => numberAt(node, 'location'))
  reader.facts.equality(sources, 'constants', operation, {
    values: Math.max(1, constants.length),
    literals: literals.filter((location) => location >= 0),
    parameters: [...new Set(parameters)],
  })
}

function readArbiters(conflict: TreeNode, inserted: ReadonlyMap<number, Value>, scope: Scope, reader: Reader): void {
  const relid = relidOf(scope)
  const elements = nodesAt(conflict, 'arbiterElems')
  if (elements.length === 0) {
    // Any unique index counts, and the plan doesn't say which there are.
    for (const [attno, value] of inserted) {
      const target = targetColumn(relid, attno, reader)
      if (target !== null) readConflictOf(target, value, reader)
    }
    return
  }
  for (const element of elements) {
    const expression = nodeAt(element, 'expr')
    const value = reader.expression(element, scope)
    const target =
      value.bare && expression?.node === 'VAR' ? targetColumn(relid, numberAt(expression, 'varattno'), reader) : null
    if (target !== null) readConflictOf(target, inserted.get(target.attno), reader)
    else touched(value, 'compare', 'ON CONFLICT', reader)
  }
  const where = nodeAt(conflict, 'arbiterWhere')
  if (where !== null) touched(reader.expression(where, scope), 'compute', 'ON CONFLICT', reader)
}

/** `set x = excluded.x`: what was judged when it was inserted. */
const isSameExcluded = (entry: TreeNode, scope: Scope): boolean => {
  const expression = nodeAt(entry, 'expr')
  return (
    expression?.node === 'VAR' &&
    numberAt(expression, 'varno') === scope.excluded &&
    numberAt(expression, 'varlevelsup') === 0 &&
    numberAt(expression, 'varattno') === numberAt(entry, 'resno')
  )
}

export function readConflict(
  conflict: TreeNode,
  entries: readonly TreeNode[],
  values: ReadonlyMap<TreeNode, Value>,
  scope: Scope,
  reader: Reader,
): void {
  scope.excluded = numberAt(conflict, 'exclRelIndex')
  const inserted = new Map<number, Value>()
  for (const entry of assignments(entries)) {
    const value = values.get(entry)
    if (value !== undefined) inserted.set(numberAt(entry, 'resno'), value)
  }
  readArbiters(conflict, inserted, scope, reader)
  const updates = nodesAt(conflict, 'onConflictSet')
  const set = readEntries(updates, scope, reader)
  assignAll(
    updates.filter((entry) => !isSameExcluded(entry, scope)),
    set,
    scope,
    reader,
  )
  const where = nodeAt(conflict, 'onConflictWhere')
  if (where !== null) reader.condition(where, scope)
}

/** The columns that the actions of a MERGE write. */
export function writtenByActions(actions: readonly TreeNode[]): Set<number> | 'all' {
  if (actions.some((action) => numberAt(action, 'commandType') === COMMAND_TYPE.insert)) return 'all'
  return new Set(actions.flatMap((action) => [...writtenBy(nodesAt(action, 'targetList'))]))
}

export function readActions(actions: readonly TreeNode[], scope: Scope, reader: Reader): void {
  for (const action of actions) {
    const condition = nodeAt(action, 'qual')
    if (condition !== null) {
      const value = reader.expression(condition, scope)
      recordCompared([value], reader)
      touched(value, 'compute', 'a condition of MERGE', reader)
    }
    const entries = nodesAt(action, 'targetList')
    assignAll(entries, readEntries(entries, scope, reader), scope, reader)
  }
}

/** Checks that the owner wrote: of row policies and views. They say what may be stored, whatever the client asks. */
export function readChecks(query: TreeNode, scope: Scope, reader: Reader): void {
  reader.facts.asOwner(() => {
    for (const check of nodesAt(query, 'withCheckOptions')) {
      const condition = nodeAt(check, 'qual')
      if (condition !== null) reader.condition(condition, scope)
      else reader.facts.objection('node', `a check ${wordAt(check, 'polname')} without condition`)
    }
  })
}

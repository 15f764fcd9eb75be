// The columns of range table entries: tables, sub-selects, joins, functions, VALUES, CTEs, groups.

import { FIRST_USER_ID } from '../functions/object-ids.ts'
import { UNKNOWN_TAG } from '../plan/plan.ts'
import type { TreeNode } from '../tree/node.ts'
import type { Source } from './lineage.ts'
import {
  flagAt,
  nodeAt,
  nodeListsAt,
  nodeOrNullAt,
  nodesAt,
  numberAt,
  numbersAt,
  wordAt,
  wordsAt,
} from './node-access.ts'
import type { Reader } from './reader.ts'
import { checkRelation, relationColumn } from './relations.ts'
import type { Scope } from './scope.ts'
import { ENTRY_KIND } from './tree-enums.ts'
import { columnValue, computed, isSensitive, oneOf, sameTags, UNSEEN, VARYING, type Value, varying } from './value.ts'

const NO_COLUMNS: readonly Value[] = []

/** The view that was expanded to this sub-select. */
function viewOf(entry: TreeNode, subquery: TreeNode): number {
  const relid = numberAt(entry, 'relid')
  if (relid !== 0) return relid
  // Up to 15 the view's own rule brings two entries with it that nothing refers to: `old` and `new`.
  const [old, added] = nodesAt(subquery, 'rtable')
  if (old === undefined || added === undefined) return 0
  const isRule = [old, added].every(
    (rule) => wordAt(rule, 'relkind') === 'v' && numberAt(rule, 'rtekind') === ENTRY_KIND.relation,
  )
  return isRule && !flagAt(old, 'inFromCl') ? numberAt(old, 'relid') : 0
}

const isUntraced = ({ verdict, tags }: Source): boolean =>
  verdict === 'tagged' && tags.every((tag) => tag === UNKNOWN_TAG)

function subqueryColumns(entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const subquery = nodeAt(entry, 'subquery')
  if (subquery === null) return NO_COLUMNS
  const { view, facts } = reader
  const relid = viewOf(entry, subquery)
  const columns = reader.query(subquery, scope, scope.insideView || relid !== 0)
  if (relid === 0) return columns
  facts.relations.add(relid)
  // PostgreSQL's own views are what they are expanded to.
  if (relid < FIRST_USER_ID) return columns
  const planned = view.relation(relid)
  if (planned === undefined) {
    facts.unplanned.add(relid)
    facts.objection('relation_unknown', 'a view that is not in the masking plan yet')
    return columns
  }
  if (planned.readsRunCode) {
    facts.objection('user_code', `${planned.schema}.${planned.name}, which runs functions of its own when it is read`)
  }
  // The view's column may be tagged for itself, on top of what it is made of. What the plan could not trace is traced here.
  return columns.map((value, i) => {
    const source = facts.column({ relid, attno: i + 1 }, { name: null, type: null })
    if (source === null || isUntraced(source)) return value
    if (!isSensitive(value)) return { ...value, ...columnValue(source), parts: value.parts }
    return sameTags(value, columnValue(source)) ? value : computed([value, columnValue(source)])
  })
}

function functionColumns(entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const columns = nodesAt(entry, 'functions').flatMap((called) => {
    const expression = nodeAt(called, 'funcexpr')
    const value = expression === null ? VARYING : varying(computed([reader.expression(expression, scope)]))
    // How many rows it gives may depend on the value.
    if (isSensitive(value) && !value.touched) reader.facts.touch(value.sources, 'count', 'a function in FROM')
    return Array.from({ length: numberAt(called, 'funccolcount') }, () => value)
  })
  return flagAt(entry, 'funcordinality') ? [...columns, VARYING] : columns
}

const TABLE_FUNCTION_PARTS = [
  'ns_uris',
  'colexprs',
  'coldefexprs',
  'colvalexprs',
  'passingvalexprs',
] as const satisfies readonly string[]

function tableFunctionColumns(entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const table = nodeAt(entry, 'tablefunc')
  if (table === null) return NO_COLUMNS
  const single = ['docexpr', 'rowexpr'].flatMap((field) => nodeAt(table, field) ?? [])
  const parts = [...single, ...TABLE_FUNCTION_PARTS.flatMap((field) => nodesAt(table, field))]
  const value = scope.with('caseTest', VARYING, () =>
    varying(computed(parts.map((part) => reader.expression(part, scope)))),
  )
  if (isSensitive(value)) reader.facts.touch(value.sources, 'count', 'XMLTABLE or JSON_TABLE')
  return wordsAt(table, 'colnames').map(() => value)
}

function valuesColumns(entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const rows = nodeListsAt(entry, 'values_lists').map((row) => row.map((value) => reader.expression(value, scope)))
  const width = rows[0]?.length ?? 0
  return Array.from({ length: width }, (_, i) => oneOf(rows.map((row) => row[i] ?? UNSEEN)))
}

function cteColumns(entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const owner = scope.up(numberAt(entry, 'ctelevelsup'))
  const cte = owner?.ctes.get(wordAt(entry, 'ctename'))
  if (cte === undefined) {
    reader.facts.objection('node', 'a WITH query that is not there')
    return NO_COLUMNS
  }
  // Of a recursive term what the last pass knew; the pass is repeated until nothing is added.
  return reader.memory.cte(cte) ?? numbersAt(entry, 'coltypes').map(() => UNSEEN)
}

/** Undefined: columns that are read one by one, or a kind that is not known. */
const COLUMNS: Readonly<Record<number, (entry: TreeNode, scope: Scope, reader: Reader) => readonly Value[]>> = {
  [ENTRY_KIND.subquery]: subqueryColumns,
  [ENTRY_KIND.function]: functionColumns,
  [ENTRY_KIND.tableFunction]: tableFunctionColumns,
  [ENTRY_KIND.values]: valuesColumns,
  [ENTRY_KIND.cte]: cteColumns,
  [ENTRY_KIND.result]: () => NO_COLUMNS,
}

/** Of joins and, since 18, of GROUP BY: each column is an expression over other entries. */
const COLUMN_EXPRESSIONS: Readonly<Record<number, string>> = {
  [ENTRY_KIND.join]: 'joinaliasvars',
  [ENTRY_KIND.group]: 'groupexprs',
}

function allColumns(index: number, entry: TreeNode, scope: Scope, reader: Reader): readonly Value[] {
  const known = scope.columns.get(index)
  if (known === 'open') {
    reader.facts.objection('node', 'a range table that refers to itself')
    return NO_COLUMNS
  }
  if (known !== undefined) return known
  const kind = numberAt(entry, 'rtekind')
  const read = COLUMNS[kind]
  if (read === undefined) {
    reader.facts.objection('node', `a range table entry of kind ${kind}`)
    return NO_COLUMNS
  }
  scope.columns.set(index, 'open')
  const columns = read(entry, scope, reader)
  scope.columns.set(index, columns)
  return columns
}

/** `USING` of a full join: whichever of both there is. Both are stored values. */
function joinColumn(expression: TreeNode, scope: Scope, reader: Reader): Value {
  if (expression.node !== 'COALESCEEXPR') return reader.expression(expression, scope)
  return varying(oneOf(nodesAt(expression, 'args').map((side) => reader.expression(side, scope))))
}

function lazyColumn(index: number, entry: TreeNode, column: number, scope: Scope, reader: Reader): Value {
  const key = `${index}.${column}`
  const known = scope.lazyColumns.get(key)
  if (known === 'open') {
    reader.facts.objection('node', 'a join that refers to itself')
    return VARYING
  }
  if (known !== undefined) return known
  const field = COLUMN_EXPRESSIONS[numberAt(entry, 'rtekind')] ?? ''
  const expression = nodeOrNullAt(entry, field, column - 1)
  if (expression === null) {
    reader.facts.objection('node', 'a column of a join that is not there')
    return VARYING
  }
  scope.lazyColumns.set(key, 'open')
  const value = field === 'joinaliasvars' ? joinColumn(expression, scope, reader) : reader.expression(expression, scope)
  scope.lazyColumns.set(key, value)
  return value
}

/** Reads what stands in FROM, once, whether or not a column of it is used. */
export function readEntry(index: number, scope: Scope, reader: Reader): void {
  const entry = scope.entry(index)
  if (entry === undefined) {
    reader.facts.objection('node', 'a range table entry that is not there')
    return
  }
  if (scope.checked.has(index)) return
  scope.checked.add(index)
  const kind = numberAt(entry, 'rtekind')
  if (kind === ENTRY_KIND.relation) checkRelation(entry, reader)
  else if (!(kind in COLUMN_EXPRESSIONS)) allColumns(index, entry, scope, reader)
  const sample = nodeAt(entry, 'tablesample')
  if (sample !== null) readSample(sample, scope, reader)
  // Row policies are the owner's: they decide which rows there are for this role, whatever the client asks.
  reader.facts.asOwner(() => {
    for (const policy of nodesAt(entry, 'securityQuals')) reader.condition(policy, scope)
  })
}

function readSample(sample: TreeNode, scope: Scope, reader: Reader): void {
  if (numberAt(sample, 'tsmhandler') >= FIRST_USER_ID) {
    reader.facts.objection('function', 'a TABLESAMPLE method that is not of PostgreSQL')
  }
  const repeatable = nodeAt(sample, 'repeatable')
  for (const part of [...nodesAt(sample, 'args'), ...(repeatable === null ? [] : [repeatable])]) {
    reader.facts.touch(reader.expression(part, scope).sources, 'count', 'TABLESAMPLE')
  }
}

const OLD_ROW = 1

/** What a row was given by this very statement is not a stored value. */
function asWritten(value: Value, variable: TreeNode, index: number, scope: Scope): Value {
  if (scope.excluded === index) return { ...value, bare: false }
  if (!scope.returning || scope.target?.index !== index || numberAt(variable, 'varreturningtype') === OLD_ROW)
    return value
  const { written } = scope.target
  return written === 'all' || written.has(numberAt(variable, 'varattno')) ? { ...value, bare: false } : value
}

/** Every column of it; of a wide table that is much, and asked for often. */
function wholeRow(index: number, entry: TreeNode, variable: TreeNode, scope: Scope, reader: Reader): Value {
  const key = `${index}.0`
  const known = scope.lazyColumns.get(key)
  if (known !== undefined && known !== 'open') return known
  const row = readWholeRow(index, entry, variable, scope, reader)
  scope.lazyColumns.set(key, row)
  return row
}

function readWholeRow(index: number, entry: TreeNode, variable: TreeNode, scope: Scope, reader: Reader): Value {
  const kind = numberAt(entry, 'rtekind')
  if (kind === ENTRY_KIND.relation) return relationColumn(entry, variable, scope, reader)
  const field = COLUMN_EXPRESSIONS[kind]
  if (field === undefined) return computed([VARYING, ...allColumns(index, entry, scope, reader)])
  const names = nodeAt(entry, 'eref')
  const count = names === null ? 0 : wordsAt(names, 'colnames').length
  const columns = Array.from({ length: count }, (_, i) => i + 1)
    .filter((column) => nodeOrNullAt(entry, field, column - 1) !== null)
    .map((column) => lazyColumn(index, entry, column, scope, reader))
  return computed([VARYING, ...columns])
}

function ofEntry(index: number, variable: TreeNode, scope: Scope, reader: Reader): Value {
  const column = numberAt(variable, 'varattno')
  const entry = scope.entry(index)
  if (entry === undefined) {
    reader.facts.objection('node', 'a column of nothing')
    return VARYING
  }
  readEntry(index, scope, reader)
  if (column === 0) return wholeRow(index, entry, variable, scope, reader)
  const kind = numberAt(entry, 'rtekind')
  if (kind === ENTRY_KIND.relation)
    return asWritten(relationColumn(entry, variable, scope, reader), variable, index, scope)
  if (column < 0) {
    reader.facts.objection('node', 'a system column of something other than a table')
    return VARYING
  }
  if (kind in COLUMN_EXPRESSIONS) return lazyColumn(index, entry, column, scope, reader)
  const value = allColumns(index, entry, scope, reader)[column - 1]
  if (value !== undefined) return value
  reader.facts.objection('node', 'a column that is not there')
  return VARYING
}

/** A Var of this query's own level. */
export function columnOf(variable: TreeNode, scope: Scope, reader: Reader): Value {
  const index = numberAt(variable, 'varno')
  const column = numberAt(variable, 'varattno')
  // The expressions of a set operation name its first arm and mean all of them.
  const setColumn = scope.setColumns?.[column - 1]
  if (scope.setColumns !== null) {
    if (setColumn !== undefined) return setColumn
    reader.facts.objection('node', 'a column of a set operation that is not there')
    return VARYING
  }
  const value = ofEntry(index, variable, scope, reader)
  const entry = scope.entry(index)
  const inherited = entry === undefined ? [] : reader.memory.inherited(entry, column)
  if (inherited.length === 0) return value
  return computed([value, ...inherited.map(columnValue)])
}

// One query of a tree: what it reads, in the order that later parts refer to earlier ones.

import type { TreeNode } from '../tree/node.ts'
import { readClauses, referencesOf } from './clauses.ts'
import { flagAt, nodeAt, nodesAt, numberAt } from './node-access.ts'
import { readEntry } from './range-table.ts'
import type { Reader } from './reader.ts'
import { Scope } from './scope.ts'
import { setOperationColumns } from './set-operations.ts'
import {
  assignAll,
  openTarget,
  readActions,
  readChecks,
  readConflict,
  readEntries,
  writtenBy,
  writtenByActions,
} from './targets.ts'
import { COMMAND_TYPE } from './tree-enums.ts'
import type { Value } from './value.ts'

const FULL_JOIN = 2
const NOT_MATCHED_BY_SOURCE = 1
const NOT_MATCHED_BY_TARGET = 2

type Command = 'select' | 'insert' | 'update' | 'delete' | 'merge'

const COMMANDS: Readonly<Record<number, Command>> = {
  [COMMAND_TYPE.select]: 'select',
  [COMMAND_TYPE.update]: 'update',
  [COMMAND_TYPE.insert]: 'insert',
  [COMMAND_TYPE.delete]: 'delete',
  [COMMAND_TYPE.merge]: 'merge',
}

/** `utility`: its own statement is not in the tree. Undefined: something that no client sends. */
export function commandOf(query: TreeNode): Command | 'utility' | undefined {
  return query['utilityStmt'] === null ? COMMANDS[numberAt(query, 'commandType')] : 'utility'
}

/** The entries of the list that gives a query its columns. */
export function shownEntries(query: TreeNode): readonly TreeNode[] {
  const field = numberAt(query, 'commandType') === COMMAND_TYPE.select ? 'targetList' : 'returningList'
  return nodesAt(query, field).filter((entry) => !flagAt(entry, 'resjunk'))
}

function readCtes(scope: Scope, reader: Reader): void {
  for (const cte of scope.ctes.values()) {
    const query = nodeAt(cte, 'ctequery')
    if (query !== null) reader.memory.remember(cte, reader.query(query, scope))
  }
}

/** A MERGE for rows without a match in the source and for such in the target: it is done as a FULL JOIN. */
function looksOnBothSides(query: TreeNode): boolean {
  const kinds = nodesAt(query, 'mergeActionList').map((action) => numberAt(action, 'matchKind'))
  return kinds.includes(NOT_MATCHED_BY_SOURCE) && kinds.includes(NOT_MATCHED_BY_TARGET)
}

/** What stands in FROM, joins without recursion: a chain of joins is as deep as it is long. */
function readFrom(scope: Scope, reader: Reader): void {
  const tree = nodeAt(scope.query, 'jointree')
  const open = tree === null ? [] : [tree]
  const conditions: TreeNode[] = []
  const full: TreeNode[] = []
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    switch (next.node) {
      case 'RANGETBLREF':
        readEntry(numberAt(next, 'rtindex'), scope, reader)
        break
      case 'FROMEXPR':
        open.push(...nodesAt(next, 'fromlist').toReversed())
        break
      case 'JOINEXPR':
        for (const field of ['rarg', 'larg']) {
          const side = nodeAt(next, field)
          if (side !== null) open.push(side)
        }
        break
      default:
        reader.facts.objection('node', `${next.node} in FROM`)
    }
    const condition = nodeAt(next, 'quals')
    if (condition === null) continue
    if (next.node === 'JOINEXPR' && numberAt(next, 'jointype') === FULL_JOIN) full.push(condition)
    else conditions.push(condition)
  }
  const merged = nodeAt(scope.query, 'mergeJoinCondition')
  if (merged !== null) (looksOnBothSides(scope.query) ? full : conditions).push(merged)
  for (const condition of conditions) reader.condition(condition, scope)
  for (const condition of full) reader.fullJoin(condition, scope)
}

function openWritten(command: Command, scope: Scope, reader: Reader): void {
  const { query } = scope
  const index = numberAt(query, 'resultRelation')
  if (command === 'select') {
    if (index !== 0) reader.facts.objection('node', 'a SELECT that writes')
    return
  }
  const written = {
    insert: () => 'all' as const,
    update: () => writtenBy(nodesAt(query, 'targetList')),
    delete: () => new Set<number>(),
    merge: () => writtenByActions(nodesAt(query, 'mergeActionList')),
  }[command]()
  openTarget(index, written, scope, reader)
  readEntry(index, scope, reader)
}

function readReturning(scope: Scope, reader: Reader): readonly Value[] {
  scope.returning = true
  const values = readEntries(nodesAt(scope.query, 'returningList'), scope, reader)
  return shownEntries(scope.query).flatMap((entry) => values.get(entry) ?? [])
}

export function readQuery(
  query: TreeNode,
  parent: Scope | null,
  insideView: boolean,
  reader: Reader,
): readonly Value[] {
  const { facts } = reader
  const command = query.node === 'QUERY' ? commandOf(query) : undefined
  if (command === undefined || command === 'utility') {
    facts.objection('node', 'a statement inside of another')
    return []
  }
  if (numberAt(query, 'querySource') !== 0) facts.objection('rule', 'a rule, which makes another statement of it')
  if (flagAt(query, 'isReturn')) facts.objection('node', 'the body of a function')
  const scope = new Scope(query, parent, insideView)
  openWritten(command, scope, reader)
  readCtes(scope, reader)
  readFrom(scope, reader)
  const sets = nodeAt(query, 'setOperations')
  if (sets !== null) scope.setColumns = setOperationColumns(sets, scope, reader)
  const entries = nodesAt(query, 'targetList')
  const values = readEntries(entries, scope, reader)
  readClauses(query, referencesOf(entries, values), scope, reader)
  if (command === 'select') return shownEntries(query).flatMap((entry) => values.get(entry) ?? [])
  assignAll(entries, values, scope, reader)
  const conflict = nodeAt(query, 'onConflict')
  if (conflict !== null) readConflict(conflict, entries, values, scope, reader)
  readActions(nodesAt(query, 'mergeActionList'), scope, reader)
  readChecks(query, scope, reader)
  return readReturning(scope, reader)
}

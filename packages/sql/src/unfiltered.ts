// May a write reach every row of its table? Yes, unless its condition surely leaves some out.

import type { RawNode } from './parser.ts'
import { filters, RowScope } from './row-filter.ts'

type List = readonly RawNode[]

const listOf = (value: unknown): List => (value ?? []) as List

/** Of an InsertStmt, UpdateStmt, DeleteStmt or MergeStmt. */
export function isUnfiltered(type: string, node: RawNode): boolean {
  if (type === 'UpdateStmt') return !filters(node['whereClause'], scopeOf(node, listOf(node['fromClause'])))
  if (type === 'InsertStmt') return upsertsItself(node)
  if (type === 'DeleteStmt') return !filters(node['whereClause'], scopeOf(node, listOf(node['usingClause'])))
  return type === 'MergeStmt' && mergeIsUnfiltered(node)
}

function scopeOf(node: RawNode, sources: List): RowScope {
  return new RowScope(node['relation'] as RawNode, sources, node['withClause'] as RawNode | undefined)
}

/** `insert into t select … from t on conflict … do update` is an UPDATE of all that it finds. */
function upsertsItself(node: RawNode): boolean {
  const conflict = node['onConflictClause'] as RawNode | undefined
  if (conflict?.['action'] !== 'ONCONFLICT_UPDATE') return false
  const scope = scopeOf(node, [])
  return scope.readsSame(node['selectStmt']) && !filters(conflict['whereClause'], scope)
}

function mergeIsUnfiltered(node: RawNode): boolean {
  const scope = scopeOf(node, [node['sourceRelation'] as RawNode])
  const joinFilters = filters(node['joinCondition'], scope)
  return listOf(node['mergeWhenClauses']).some((wrapper) => {
    const when = (wrapper['MergeWhenClause'] ?? {}) as RawNode
    const changes = when['commandType'] === 'CMD_UPDATE' || when['commandType'] === 'CMD_DELETE'
    if (!changes || filters(when['condition'], scope)) return false
    return when['matchKind'] !== 'MERGE_WHEN_MATCHED' || !joinFilters
  })
}

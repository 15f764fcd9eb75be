// Which tables the FOR UPDATE or FOR SHARE of a SELECT locks.

import { isRangeVar, walk } from './names.ts'
import type { RawNode } from './parser.ts'

/** The RangeVars of a SelectStmt that its locking clauses reach: those that are named, else all in it. */
export function lockedTables(select: RawNode): RawNode[] {
  const clauses = (select['lockingClause'] ?? []) as readonly { LockingClause?: RawNode }[]
  const sources = (select['fromClause'] ?? []) as readonly RawNode[]
  const named = clauses.map(({ LockingClause }) => (LockingClause?.['lockedRels'] ?? []) as readonly RawNode[])
  const everything = named.some((relations) => relations.length === 0)
  const names = new Set(named.flat().map((wrapper) => (wrapper['RangeVar'] as RawNode | undefined)?.['relname']))
  const locked = sources.flatMap(joined).filter((relation) => names.has(calledAs(relation)))
  // A name that means no table right in FROM stands for a sub-select or a join: whatever is in there.
  if (!everything && locked.length === names.size) return locked
  const all: RawNode[] = []
  walk([select['fromClause'], select['larg'], select['rarg'], select['withClause']], (node) => {
    if (isRangeVar(node)) all.push(node)
    return true
  })
  return all
}

/** The tables of an item of FROM that can be named in OF. */
function joined(source: RawNode): RawNode[] {
  const relation = source['RangeVar'] as RawNode | undefined
  if (relation !== undefined) return [relation]
  const join = source['JoinExpr'] as { readonly larg?: RawNode; readonly rarg?: RawNode; alias?: unknown } | undefined
  return join === undefined || join.alias !== undefined ? [] : [...joined(join.larg ?? {}), ...joined(join.rarg ?? {})]
}

function calledAs(relation: RawNode): unknown {
  return (relation['alias'] as RawNode | undefined)?.['aliasname'] ?? relation['relname']
}

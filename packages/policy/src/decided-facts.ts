// All that a decision about a statement depends on, in one order. Whoever decides gets this and nothing else, so that
// a key made of it never stands for another question.

import type { AccessTarget, Objection, SqlAction, StatementAccess } from './statement-access.ts'

export type DecidedFacts = Pick<
  StatementAccess,
  'targets' | 'kinds' | 'functions' | 'unfiltered' | 'unknown' | 'holdable' | 'touches'
>

export function decidedFacts(access: StatementAccess): DecidedFacts {
  return {
    targets: access.targets.map(({ action, table }) => ({ action, table })).sort(byActionAndTable),
    kinds: access.kinds,
    functions: [...access.functions].sort(),
    unfiltered: access.unfiltered,
    unknown: access.unknown.map(({ code, what, hint }): Objection => ({ code, what, hint })),
    holdable: access.holdable,
    touches: access.touches.map(({ object, column, tag, how }) => ({ object, column, tag, how })),
  }
}

/** What weighs most first: that is what a denial is about. */
const RANK: Readonly<Record<SqlAction, number>> = {
  'sql:unknown': 0,
  'sql:admin': 1,
  'sql:ddl': 2,
  'sql:write': 3,
  'sql:read': 4,
  'sql:session': 5,
  'sql:transaction': 6,
}

function byActionAndTable(a: AccessTarget, b: AccessTarget): number {
  const byAction = RANK[a.action] - RANK[b.action]
  if (byAction !== 0 || a.table === b.table) return byAction
  if (a.table === null || b.table === null) return a.table === null ? -1 : 1
  return a.table < b.table ? -1 : 1
}

// What the numbers of PostgreSQL's enumerations mean that several files ask for.

/** CmdType (nodes.h). `merge`: from 15 on; before, 5 is a utility statement's. */
export const COMMAND_TYPE = { select: 1, update: 2, insert: 3, delete: 4, merge: 5 } as const

/** RTEKind (parsenodes.h) of entries that stand in rewritten queries. */
export const ENTRY_KIND = {
  relation: 0,
  subquery: 1,
  join: 2,
  function: 3,
  tableFunction: 4,
  values: 5,
  cte: 6,
  result: 8,
  group: 9,
} as const

/** SubLinkType (primnodes.h). `rows` is ROWCOMPARE, `single` EXPR, `multi` MULTIEXPR. */
export const SUBLINK_KIND = { exists: 0, all: 1, any: 2, rows: 3, single: 4, multi: 5, array: 6 } as const

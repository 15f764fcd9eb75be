// What people are told of things that a text does not tell, or that nobody may do.

import type { Objection } from '@sluice/policy'

const OWN_ONLY = 'Only what PostgreSQL brings itself, and only reads or computes, is known to the gateway.'

/** By the node that raised it. */
const ADVICE: Readonly<Record<string, { readonly code: string; readonly hint: string }>> = {
  FuncCall: { code: 'function', hint: OWN_ONLY },
  RangeFunction: { code: 'function', hint: 'Give the value in FROM an alias.' },
  ColumnRef: { code: 'function', hint: 'Name the column without the alias, or give it a name in the alias.' },
  A_Indirection: { code: 'function', hint: 'Select the whole value instead of a field of it.' },
  RangeTableSample: { code: 'function', hint: 'Sample with system or bernoulli.' },
  TypeName: { code: 'type', hint: 'Cast to text, or to another type of PostgreSQL itself.' },
  A_Expr: { code: 'operator', hint: OWN_ONLY },
  RangeVar: { code: 'catalog', hint: 'It shows what belongs to other sessions, roles or tables.' },
  CurrentOfExpr: { code: 'cursor', hint: 'Name the row by its key: WHERE id = …' },
  VariableShowStmt: { code: 'setting', hint: 'Only the usual settings can be read.' },
  CopyStmt: { code: 'statement_kind', hint: 'Use SELECT to read rows, and INSERT to write them.' },
  DoStmt: { code: 'statement_kind', hint: 'Send the statements of the block themselves.' },
  CallStmt: { code: 'statement_kind', hint: 'Send the statements of the procedure themselves.' },
  PrepareStmt: {
    code: 'statement_kind',
    hint: "Let the driver prepare the statement: the protocol's own way is open.",
  },
  ExecuteStmt: { code: 'statement_kind', hint: 'Send the statement itself, or let the driver prepare it.' },
  DeclareCursorStmt: { code: 'statement_kind', hint: 'Read with LIMIT, or let the driver fetch in portions.' },
  FetchStmt: { code: 'statement_kind', hint: 'Read with LIMIT, or let the driver fetch in portions.' },
  ExplainStmt: { code: 'statement_kind', hint: 'Send the statement without EXPLAIN.' },
  ListenStmt: { code: 'statement_kind', hint: 'Ask for new rows with SELECT from time to time.' },
  NotifyStmt: { code: 'statement_kind', hint: 'It would reach other sessions.' },
}
const DEFAULT_ADVICE = { code: 'statement_kind', hint: 'Write it with fewer means, or as several statements.' }

/** `what` completes "… is not allowed". */
export function objection(nodeType: string, what: string): Objection {
  return { ...(ADVICE[nodeType] ?? DEFAULT_ADVICE), what }
}

export function writeInWith(verb: string): Objection {
  const article = /^[IU]/.test(verb) ? 'An' : 'A'
  return { code: 'write_in_with', what: `${article} ${verb} inside WITH`, hint: `Send the ${verb} on its own.` }
}

export const TEMPORARY: Objection = {
  code: 'temporary',
  what: 'A temporary table',
  hint: 'It could stand in front of another table of its name. Use a WITH query instead.',
}

/** `what` is `SET search_path`, for instance. */
export function guardedSetting(what: string): Objection {
  return {
    code: 'guarded_setting',
    what,
    hint: 'It changes how statements are read, who acts, or what is told. Connect with the value that you need.',
  }
}

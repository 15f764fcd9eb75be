// From what a text is to what it accesses, in the words of the policy.

import { isShowableName, WITHHELD } from '@sluice/events'
import {
  type AccessTarget,
  type Objection,
  type SqlAction,
  type StatementAccess,
  unreadableAccess,
} from '@sluice/policy'
import type { Analysis, Effect, SizeLimit, StatementFacts } from './facts.ts'
import { dotted } from './names.ts'

/** More would be no question for a policy; whatever is beyond is not listed, and the text is refused. */
export const MAX_RESOURCES = 64
export const MAX_STATEMENTS = 64

const ACTION_OF_EFFECT: Readonly<Record<Effect, SqlAction>> = {
  read: 'sql:read',
  write: 'sql:write',
  ddl: 'sql:ddl',
  admin: 'sql:admin',
  unknown: 'sql:unknown',
}
const ACTION_OF_KIND = {
  select: 'sql:read',
  transaction: 'sql:transaction',
  session: 'sql:session',
  empty: 'sql:session',
} as const

const READS_ONLY = 'Plain SELECT and transaction control pass.'
const OWN_ONLY = 'Only what PostgreSQL brings itself, and only reads or computes, passes.'

/** What to tell, by the node that decided; statements that are no SELECT at all have the last one. */
const ADVICE: Readonly<Record<string, { readonly code: string; readonly hint: string }>> = {
  FuncCall: { code: 'function', hint: OWN_ONLY },
  ColumnRef: { code: 'function', hint: 'Name the column without the alias, or give it a name in the alias.' },
  A_Indirection: { code: 'function', hint: 'Select the whole value instead of a field of it.' },
  TypeName: { code: 'type', hint: 'Cast to text, or to another type of PostgreSQL itself.' },
  A_Expr: { code: 'operator', hint: OWN_ONLY },
  RangeVar: { code: 'catalog', hint: 'It shows what belongs to other sessions, roles or tables.' },
  VariableSetStmt: {
    code: 'setting',
    hint: 'Only settings of format, time zone, timeouts and transactions can be set.',
  },
  VariableShowStmt: { code: 'setting', hint: 'Only the usual settings can be read.' },
}
const DEFAULT_ADVICE = { code: 'statement_kind', hint: READS_ONLY }

const SIZE_WORDS: Readonly<Record<SizeLimit, string>> = {
  bytes: 'A statement this long',
  nesting: 'A statement nested this deeply',
  tree: 'A statement with this many parts',
  time: 'A statement that takes this long to read',
}

/** `shop/customers`; a part that may be a value is withheld. */
function resource(connection: string, table: string): string {
  const shown = table.split('.').every(isShowableName)
  return `${connection}/${shown ? table : WITHHELD}`
}

function objectionTo(facts: StatementFacts): Objection | null {
  if (facts.kind !== 'other') return null
  const { code, hint } = ADVICE[facts.nodeType] ?? DEFAULT_ADVICE
  return { code, what: facts.verb, hint }
}

/** Where the statements run. */
export type AccessOptions = {
  readonly connection: string
  /** The session's search path as PostgreSQL resolves it: `current_schemas(false)`. */
  readonly schemas: readonly string[]
}

/** Statements of one text are decided together: the text is sent as a whole or not at all. */
export function accessOf(analysis: Analysis, options: AccessOptions): StatementAccess {
  switch (analysis.kind) {
    case 'unparsable':
      return refused(options.connection, {
        code: 'unparsable',
        what: `A statement that can't be read (${analysis.message})`,
        hint: 'Check the spelling; what can not be read is never sent.',
      })
    case 'too_large':
      return refused(options.connection, {
        code: 'too_large',
        what: SIZE_WORDS[analysis.limit],
        hint: 'Send the values as parameters, an array for instance, or split the statement.',
      })
    case 'parsed':
      return accessOfStatements(analysis.statements, options)
    default:
      return analysis satisfies never
  }
}

function refused(connection: string, refusal: Objection): StatementAccess {
  return { ...unreadableAccess(connection), refusal }
}

function accessOfStatements(statements: readonly StatementFacts[], options: AccessOptions): StatementAccess {
  const { connection, schemas } = options
  const targets = new Map<string, AccessTarget>()
  const resources = new Set<string>()
  const kinds = new Set<string>()
  const functions = new Set<string>()
  const unknown: Objection[] = []
  for (const facts of statements) {
    const action = facts.kind === 'other' ? ACTION_OF_EFFECT[facts.effect] : ACTION_OF_KIND[facts.kind]
    const tables = 'tables' in facts ? facts.tables : []
    for (const table of tables) resources.add(resource(connection, table))
    const found = tables.flatMap((table) =>
      table.includes('.') ? [table] : schemas.map((schema) => `${dotted([schema])}.${table}`),
    )
    for (const table of found.length === 0 ? [null] : found) targets.set(`${action} ${table}`, { action, table })
    if (facts.kind === 'select') for (const name of facts.functions) functions.add(name)
    kinds.add('verb' in facts ? facts.verb : facts.kind.toUpperCase())
    const objection = objectionTo(facts)
    if (objection !== null && facts.kind === 'other' && facts.effect === 'unknown') unknown.push(objection)
  }
  if (unknown.length > 0) targets.set('sql:unknown null', { action: 'sql:unknown', table: null })
  let refusal: Objection | null = null
  if (statements.length > MAX_STATEMENTS) refusal = beyond(`More than ${MAX_STATEMENTS} statements in one text`)
  if (resources.size > MAX_RESOURCES) refusal = beyond(`More than ${MAX_RESOURCES} tables in one text`)
  if (deallocated(statements).length > 1) refusal = beyond('More than one DEALLOCATE in one text')
  return {
    connection,
    actions: [...new Set([...targets.values()].map(({ action }) => action))],
    resources: [...resources].slice(0, MAX_RESOURCES),
    targets: [...targets.values()],
    kinds: [...kinds],
    functions: [...functions],
    unfiltered: false,
    unknown,
    refusal,
    holdable: statements.length > 1 ? 'it stands in one text with other statements; send it alone' : null,
  }
}

function beyond(what: string): Objection {
  return { code: 'too_many', what, hint: 'Send them one after the other.' }
}

/** The names of prepared statements that a text deallocates; null for all of them. */
export function deallocated(statements: readonly StatementFacts[]): (string | null)[] {
  return statements.flatMap((facts) => {
    if (facts.kind !== 'session') return []
    if (facts.verb === 'DEALLOCATE') return [facts.target]
    return facts.verb === 'DISCARD' && facts.target === null ? [null] : []
  })
}

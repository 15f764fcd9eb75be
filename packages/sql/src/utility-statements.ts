// Statements that are no query and no write: which of them are transaction control or harmless for the session, and what
// the others do to which tables.

import type { Objection } from '@sluice/policy'
import { guardedSetting, objection } from './advice.ts'
import { isShowableSetting, settingChange } from './catalog/settings.ts'
import type { Effect, OpenNames, StatementFacts } from './facts.ts'
import { hasOption, shownSetting } from './names.ts'
import type { RawNode } from './parser.ts'
import { QueryReader } from './query-reader.ts'
import { runsAlone } from './runs-alone.ts'
import { readParts } from './utility-parts.ts'
import { nameStatement } from './utility-verbs.ts'

const TRANSACTION_VERBS: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE SAVEPOINT',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK TO SAVEPOINT',
}
const TWO_PHASE_VERBS: Readonly<Record<string, string>> = {
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
}
const TRANSACTION_OPTIONS: ReadonlySet<string> = new Set([
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
])

function areTransactionOptions(options: unknown): boolean {
  const elements = (options ?? []) as readonly { DefElem?: RawNode }[]
  return elements.every(({ DefElem }) => TRANSACTION_OPTIONS.has(textOf(DefElem?.['defname'])))
}

const NO_OPEN_NAMES: OpenNames = { functions: new Set(), fields: new Set(), operators: new Set() }

type Lone = { readonly effect?: Effect; readonly unknown?: Objection; readonly refusal?: Objection }

/** A statement about nothing but the session or the connection. */
function lone(verb: string, { effect, unknown, refusal }: Lone): StatementFacts {
  return {
    kind: 'command',
    verbs: [verb],
    uses: effect === undefined ? [] : [{ effect, table: null }],
    functions: [],
    openNames: NO_OPEN_NAMES,
    unfiltered: false,
    unknown: unknown === undefined ? [] : [unknown],
    refusal: refusal ?? null,
    unheld: null,
  }
}

function transaction(statement: RawNode): StatementFacts {
  const kind = String(statement['kind'])
  const twoPhase = TWO_PHASE_VERBS[kind]
  if (twoPhase !== undefined) {
    const hint = 'A transaction ends in the session that began it: use COMMIT or ROLLBACK.'
    return lone(twoPhase, { refusal: { code: 'two_phase', what: twoPhase, hint } })
  }
  const verb = TRANSACTION_VERBS[kind]
  if (verb !== undefined && areTransactionOptions(statement['options'])) return { kind: 'transaction', verb }
  const what = `${verb ?? 'Transaction control'} with these options`
  return lone(what, { unknown: objection('TransactionStmt', what) })
}

/** A string field of a node; empty where it is not set. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The value of `SET name TO value, …` as text; undefined if one of them is no constant. */
function settingValue(args: unknown): string | undefined {
  const values = ((args ?? []) as readonly RawNode[]).map((arg) => {
    const constant = arg['A_Const'] as { sval?: { sval?: string }; ival?: { ival?: number }; fval?: { fval?: string } }
    if (constant?.sval !== undefined) return constant.sval.sval ?? ''
    if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0)
    return constant?.fval?.fval
  })
  return values.includes(undefined) || values.length === 0 ? undefined : values.join(', ')
}

function setting(statement: RawNode): StatementFacts {
  const kind = statement['kind']
  const name = textOf(statement['name']).toLowerCase()
  const args = statement['args']
  if (kind === 'VAR_RESET_ALL') return { kind: 'session', verb: 'RESET', target: null }
  const verb = kind === 'VAR_RESET' ? 'RESET' : 'SET'
  if (kind === 'VAR_SET_MULTI') {
    const known = name === 'transaction' || name === 'session characteristics'
    if (known && areTransactionOptions(args)) return { kind: 'session', verb, target: name }
    return lone(`SET ${name.toUpperCase()}`, { effect: 'admin' })
  }
  const toDefault = kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT'
  const change = settingChange(name, toDefault ? null : settingValue(args))
  if (change === 'harmless') return { kind: 'session', verb, target: name }
  const named = `${verb} ${shownSetting(name)}`
  if (change === 'open') return lone(named, { effect: 'admin' })
  return lone(named, { refusal: guardedSetting(verb === 'SET' ? `${named} to this value` : named) })
}

function shown(statement: RawNode): StatementFacts {
  const name = textOf(statement['name']).toLowerCase()
  if (isShowableSetting(name)) return { kind: 'session', verb: 'SHOW', target: name }
  return lone('SHOW', { unknown: objection('VariableShowStmt', `SHOW ${shownSetting(name)}`) })
}

const nameOrAll = (name: unknown): string | null => (typeof name === 'string' ? name : null)

const SESSION: Readonly<Record<string, (statement: RawNode) => StatementFacts>> = {
  TransactionStmt: transaction,
  VariableSetStmt: setting,
  VariableShowStmt: shown,
  DiscardStmt: ({ target }) => {
    const what = textOf(target).replace(/^DISCARD_/, '')
    return { kind: 'session', verb: 'DISCARD', target: what === 'ALL' || what === '' ? null : what }
  },
  DeallocateStmt: ({ name }) => ({ kind: 'session', verb: 'DEALLOCATE', target: nameOrAll(name) }),
  ClosePortalStmt: ({ portalname }) => ({ kind: 'session', verb: 'CLOSE', target: nameOrAll(portalname) }),
  UnlistenStmt: ({ conditionname }) => ({ kind: 'session', verb: 'UNLISTEN', target: nameOrAll(conditionname) }),
  ConstraintsSetStmt: () => ({ kind: 'session', verb: 'SET CONSTRAINTS', target: null }),
}

function unheldFor(nodeType: string, statement: RawNode, verb: string): string | null {
  if (runsAlone(nodeType, statement)) return `${verb} can not run inside a transaction`
  // A reviewer sees how long a literal is: what other statements would then run has to be read.
  const hidesCode = nodeType === 'CreateFunctionStmt' && hasOption(statement['options'], 'as')
  return hidesCode ? 'its code is a literal, which is hidden from whoever approves it' : null
}

/** The facts of any statement but queries and writes. */
export function readUtility(nodeType: string, statement: RawNode, serverMajor: number): StatementFacts {
  const session = Object.hasOwn(SESSION, nodeType) ? SESSION[nodeType] : undefined
  if (session !== undefined) return session(statement)
  const { verb, effect, opaque, server } = nameStatement(nodeType, statement)
  const reader = new QueryReader(verb, serverMajor)
  if (opaque) reader.object(objection(nodeType, verb))
  const { tables, cascades } = readParts(nodeType, statement, reader, serverMajor)
  if (effect !== null) {
    for (const table of tables) reader.use(effect, table)
    // What a CASCADE reaches is not named.
    if (cascades || (!opaque && tables.length === 0)) reader.use(effect, null)
  }
  if (server) reader.use('admin', null)
  return {
    kind: 'command',
    verbs: [verb],
    uses: reader.uses,
    functions: [...reader.functions],
    openNames: reader.openNames,
    unfiltered: reader.unfiltered || nodeType === 'TruncateStmt',
    unknown: reader.unknown,
    refusal: reader.refusal,
    unheld: unheldFor(nodeType, statement, verb) ?? reader.unheld,
  }
}

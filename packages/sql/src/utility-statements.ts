// Statements that are no query and no write: which of them are transaction control or harmless for the session, and what
// the others do to which tables.

import type { Objection } from '@sluice/policy'
import { guardedSetting, objection } from './advice.ts'
import { carriedBy, plainArguments } from './carried-query.ts'
import { isShowableSetting, isVirtualSetting, settingChange } from './catalog/settings.ts'
import type { AnalysisOptions, Effect, OpenNames, SessionVerb, StatementFacts } from './facts.ts'
import { hasOption, shownSetting, textOf } from './names.ts'
import type { RawNode } from './parser.ts'
import { QueryReader } from './query-reader.ts'
import { runsAlone } from './runs-alone.ts'
import type { UtilityFacts } from './utility-facts.ts'
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
    utility: null,
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

type SessionReader = (statement: RawNode, options: AnalysisOptions) => StatementFacts

function session(verb: SessionVerb, target: string | null, utility: UtilityFacts | null = null): StatementFacts {
  return { kind: 'session', verb, target, utility }
}

/** The upstream never hears of these. */
function virtual(verb: 'SET' | 'RESET' | 'SHOW', name: string, value: string | null, local: boolean): StatementFacts {
  return session(verb, name, { kind: 'virtual-setting', verb, name, value, local })
}

const setting: SessionReader = (statement, { lineage }) => {
  const kind = statement['kind']
  const name = textOf(statement['name']).toLowerCase()
  const args = statement['args']
  if (kind === 'VAR_RESET_ALL') return session('RESET', null)
  const verb = kind === 'VAR_RESET' ? 'RESET' : 'SET'
  if (kind === 'VAR_SET_MULTI') {
    const known = name === 'transaction' || name === 'session characteristics'
    if (known && areTransactionOptions(args)) return session(verb, name)
    return lone(`SET ${name.toUpperCase()}`, { effect: 'admin' })
  }
  const toDefault = kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT'
  const value = toDefault ? null : settingValue(args)
  if (lineage === true && isVirtualSetting(name) && value !== undefined) {
    return virtual(verb, name, value, statement['is_local'] === true)
  }
  const change = settingChange(name, value, lineage === true)
  if (change === 'harmless') return session(verb, name)
  const named = `${verb} ${shownSetting(name)}`
  if (change === 'open') return lone(named, { effect: 'admin' })
  return lone(named, { refusal: guardedSetting(verb === 'SET' ? `${named} to this value` : named) })
}

const shown: SessionReader = (statement, { lineage }) => {
  const name = textOf(statement['name']).toLowerCase()
  if (lineage === true && isVirtualSetting(name)) return virtual('SHOW', name, null, false)
  if (isShowableSetting(name)) return session('SHOW', name)
  return lone('SHOW', { unknown: objection('VariableShowStmt', `SHOW ${shownSetting(name)}`) })
}

const nameOrAll = (name: unknown): string | null => (typeof name === 'string' ? name : null)

const SESSION: Readonly<Record<string, SessionReader>> = {
  TransactionStmt: transaction,
  VariableSetStmt: setting,
  VariableShowStmt: shown,
  DiscardStmt: ({ target }) => {
    const what = textOf(target).replace(/^DISCARD_/, '')
    return session('DISCARD', what === 'ALL' || what === '' ? null : what)
  },
  DeallocateStmt: ({ name }) => session('DEALLOCATE', nameOrAll(name)),
  ClosePortalStmt: ({ portalname }, { lineage }) => {
    const cursor = nameOrAll(portalname)
    return session('CLOSE', cursor, lineage === true ? { kind: 'close', cursor } : null)
  },
  UnlistenStmt: ({ conditionname }) => session('UNLISTEN', nameOrAll(conditionname)),
  ConstraintsSetStmt: () => session('SET CONSTRAINTS', null),
}

/** What was decided when its name was given to it; the gateway knows under that name what it is. */
const BY_NAME: Readonly<Record<string, (statement: RawNode) => StatementFacts | null>> = {
  FetchStmt: ({ portalname, ismove }) => {
    const cursor = textOf(portalname)
    const move = ismove === true
    return session(move ? 'MOVE' : 'FETCH', cursor, { kind: 'fetch', cursor, move })
  },
  ExecuteStmt: (statement) => {
    const name = textOf(statement['name'])
    const args = plainArguments(statement['params'])
    return args === null ? null : session('EXECUTE', name, { kind: 'execute', name, args })
  },
}

/** They run whenever somebody likes, as often as they like. */
const RUN_LATER: ReadonlySet<string> = new Set(['DeclareCursorStmt', 'PrepareStmt'])

function unheldFor(nodeType: string, statement: RawNode, verb: string): string | null {
  if (RUN_LATER.has(nodeType)) return 'its rows are asked for later; send the query itself'
  if (runsAlone(nodeType, statement)) return `${verb} can not run inside a transaction`
  // A reviewer sees how long a literal is: what other statements would then run has to be read.
  const hidesCode = nodeType === 'CreateFunctionStmt' && hasOption(statement['options'], 'as')
  return hidesCode ? 'its code is a literal, which is hidden from whoever approves it' : null
}

/** The facts of any statement but queries and writes. `text` is its own; it is looked at in masked sessions only. */
export function readUtility(
  nodeType: string,
  statement: RawNode,
  text: string,
  options: AnalysisOptions,
): StatementFacts {
  const own = Object.hasOwn(SESSION, nodeType) ? SESSION[nodeType] : undefined
  if (own !== undefined) return own(statement, options)
  const byName = options.lineage === true && Object.hasOwn(BY_NAME, nodeType) ? BY_NAME[nodeType]?.(statement) : null
  if (byName) return byName
  const carried = options.lineage === true ? carriedBy(nodeType, { statement, text, options }) : null
  const { verb, effect, opaque, server } = nameStatement(nodeType, statement)
  const reader = new QueryReader(verb, options)
  if (opaque && carried === null) reader.object(objection(nodeType, verb))
  if (carried?.kind === 'unknown') reader.object(objection(nodeType, `${verb} with ${carried.what}`))
  const { tables, cascades } = readParts(nodeType, statement, reader, options)
  if (effect !== null) {
    for (const table of tables) reader.use(effect, table)
    // What a CASCADE reaches is not named.
    if (cascades || (!opaque && tables.length === 0)) reader.use(effect, null)
  }
  if (server || reader.settings.size > 0) reader.use('admin', null)
  const utility = carried === null || carried.kind === 'unknown' ? null : carried
  if (utility !== null) completeCarried(reader, nodeType, verb)
  return {
    kind: 'command',
    verbs: [verb, ...[...reader.settings].map((name) => `SET ${name}`)],
    uses: reader.uses,
    functions: [...reader.functions],
    openNames: reader.openNames,
    unfiltered: reader.unfiltered || nodeType === 'TruncateStmt',
    unknown: reader.unknown,
    refusal: reader.refusal,
    unheld: unheldFor(nodeType, statement, verb) ?? reader.unheld,
    utility,
  }
}

/** What a query by itself would do as well, and what it may not do inside another statement. */
function completeCarried(reader: QueryReader, nodeType: string, verb: string): void {
  if (reader.makesTable) reader.object(objection(nodeType, `${verb} with SELECT INTO`))
  if (reader.uses.length === 0) reader.use('read', null)
}

// Statements that are no SELECT: which of them are transaction control or harmless for the session, and how people call
// the others.

import { isSettable, isShowableSetting } from './catalog/settings.ts'
import type { Effect, StatementFacts } from './facts.ts'
import { dotted, namesOf, shownName, tablesAnywhere } from './names.ts'
import type { RawNode } from './parser.ts'

type Named = { readonly verb: string; readonly effect: Effect }

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

/** Whether all of them are known, and what they say of reading and writing. */
function transactionMode(options: unknown): 'read write' | 'harmless' | 'unknown' {
  const elements = ((options ?? []) as readonly { DefElem?: RawNode }[]).map(({ DefElem }) => DefElem ?? {})
  if (!elements.every(({ defname }) => TRANSACTION_OPTIONS.has(textOf(defname)))) return 'unknown'
  const readWrite = elements.some(({ defname, arg }) => {
    const { ival } = ((arg as RawNode | undefined)?.['A_Const'] ?? {}) as { ival?: { ival?: number } }
    return defname === 'transaction_read_only' && ival?.ival !== 1
  })
  return readWrite ? 'read write' : 'harmless'
}

/** Statements whose node's name says it badly, or that are not DDL. The others are named after their node. */
const NAMED: Readonly<Record<string, Named>> = {
  InsertStmt: { verb: 'INSERT', effect: 'write' },
  UpdateStmt: { verb: 'UPDATE', effect: 'write' },
  DeleteStmt: { verb: 'DELETE', effect: 'write' },
  MergeStmt: { verb: 'MERGE', effect: 'write' },
  TruncateStmt: { verb: 'TRUNCATE', effect: 'write' },
  RefreshMatViewStmt: { verb: 'REFRESH MATERIALIZED VIEW', effect: 'write' },
  CreateStmt: { verb: 'CREATE TABLE', effect: 'ddl' },
  CreateTableAsStmt: { verb: 'CREATE TABLE AS', effect: 'ddl' },
  ViewStmt: { verb: 'CREATE VIEW', effect: 'ddl' },
  IndexStmt: { verb: 'CREATE INDEX', effect: 'ddl' },
  RuleStmt: { verb: 'CREATE RULE', effect: 'ddl' },
  CreateSeqStmt: { verb: 'CREATE SEQUENCE', effect: 'ddl' },
  CreateTrigStmt: { verb: 'CREATE TRIGGER', effect: 'ddl' },
  DefineStmt: { verb: 'CREATE TYPE, AGGREGATE or OPERATOR', effect: 'ddl' },
  CompositeTypeStmt: { verb: 'CREATE TYPE', effect: 'ddl' },
  RenameStmt: { verb: 'ALTER … RENAME', effect: 'ddl' },
  AlterObjectSchemaStmt: { verb: 'ALTER … SET SCHEMA', effect: 'ddl' },
  SecLabelStmt: { verb: 'SECURITY LABEL', effect: 'ddl' },
  DropdbStmt: { verb: 'DROP DATABASE', effect: 'admin' },
  CreatedbStmt: { verb: 'CREATE DATABASE', effect: 'admin' },
  AlterDatabaseStmt: { verb: 'ALTER DATABASE', effect: 'admin' },
  AlterDatabaseSetStmt: { verb: 'ALTER DATABASE SET', effect: 'admin' },
  GrantStmt: { verb: 'GRANT or REVOKE', effect: 'admin' },
  GrantRoleStmt: { verb: 'GRANT or REVOKE of a role', effect: 'admin' },
  AlterDefaultPrivilegesStmt: { verb: 'ALTER DEFAULT PRIVILEGES', effect: 'admin' },
  AlterOwnerStmt: { verb: 'ALTER … OWNER', effect: 'admin' },
  CreateRoleStmt: { verb: 'CREATE ROLE', effect: 'admin' },
  AlterRoleStmt: { verb: 'ALTER ROLE', effect: 'admin' },
  AlterRoleSetStmt: { verb: 'ALTER ROLE SET', effect: 'admin' },
  DropRoleStmt: { verb: 'DROP ROLE', effect: 'admin' },
  DropOwnedStmt: { verb: 'DROP OWNED', effect: 'admin' },
  ReassignOwnedStmt: { verb: 'REASSIGN OWNED', effect: 'admin' },
  AlterSystemStmt: { verb: 'ALTER SYSTEM', effect: 'admin' },
  CreateExtensionStmt: { verb: 'CREATE EXTENSION', effect: 'admin' },
  CheckPointStmt: { verb: 'CHECKPOINT', effect: 'admin' },
  LoadStmt: { verb: 'LOAD', effect: 'admin' },
  VacuumStmt: { verb: 'VACUUM or ANALYZE', effect: 'admin' },
  ClusterStmt: { verb: 'CLUSTER', effect: 'admin' },
  ReindexStmt: { verb: 'REINDEX', effect: 'admin' },
  LockStmt: { verb: 'LOCK TABLE', effect: 'write' },
  DoStmt: { verb: 'DO', effect: 'unknown' },
  CallStmt: { verb: 'CALL', effect: 'unknown' },
  PrepareStmt: { verb: 'PREPARE', effect: 'unknown' },
  ExecuteStmt: { verb: 'EXECUTE', effect: 'unknown' },
  DeclareCursorStmt: { verb: 'DECLARE CURSOR', effect: 'unknown' },
  FetchStmt: { verb: 'FETCH or MOVE', effect: 'unknown' },
  ListenStmt: { verb: 'LISTEN', effect: 'unknown' },
  NotifyStmt: { verb: 'NOTIFY', effect: 'unknown' },
}

const ADMIN_NODE = /Role|Database|System|Subscription|Publication|Extension|TableSpace|Fdw|ForeignServer|UserMapping/

/** AlterFunctionStmt → ALTER FUNCTION. */
function verbOfNode(nodeType: string): string {
  const spaced = nodeType.replace(/Stmt$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return spaced.toUpperCase()
}

function dropped(statement: RawNode): Named {
  const object = String(statement['removeType']).replace(/^OBJECT_/, '')
  const names: Readonly<Record<string, string>> = { MATVIEW: 'MATERIALIZED VIEW', FDW: 'FOREIGN DATA WRAPPER' }
  return { verb: `DROP ${names[object] ?? object.replaceAll('_', ' ')}`, effect: 'ddl' }
}

function copied(statement: RawNode): Named {
  const toServer = statement['is_from'] === true
  const verb = toServer ? 'COPY FROM' : 'COPY TO'
  if (statement['is_program'] === true) return { verb: `${verb} PROGRAM`, effect: 'admin' }
  if (statement['filename'] !== undefined) return { verb: `${verb} a file`, effect: 'admin' }
  return { verb, effect: toServer ? 'write' : 'unknown' }
}

function altered(statement: RawNode): Named {
  const object = String(statement['objtype']).replace(/^OBJECT_/, '')
  return { verb: `ALTER ${object.replaceAll('_', ' ')}`, effect: 'ddl' }
}

/** What people call it, and the worst it can do. The inner statement of an EXPLAIN counts. */
export function nameStatement(nodeType: string, statement: RawNode): Named {
  if (nodeType === 'DropStmt') return dropped(statement)
  if (nodeType === 'CopyStmt') return copied(statement)
  if (nodeType === 'AlterTableStmt') return altered(statement)
  if (nodeType === 'SelectStmt') return { verb: 'SELECT', effect: 'unknown' }
  if (nodeType === 'ExplainStmt') {
    const [inner] = Object.entries((statement['query'] ?? {}) as RawNode)
    const of = inner === undefined ? null : nameStatement(inner[0], inner[1] as RawNode)
    const options = (statement['options'] ?? []) as readonly { DefElem?: { defname?: string } }[]
    const analyze = options.some((option) => option.DefElem?.defname === 'analyze')
    return { verb: `EXPLAIN ${analyze ? 'ANALYZE ' : ''}${of?.verb ?? ''}`.trim(), effect: of?.effect ?? 'unknown' }
  }
  return NAMED[nodeType] ?? { verb: verbOfNode(nodeType), effect: ADMIN_NODE.test(nodeType) ? 'admin' : 'ddl' }
}

function other(nodeType: string, named: Named, statement: RawNode): StatementFacts {
  return {
    kind: 'other',
    nodeType,
    ...named,
    tables: [...tablesAnywhere(statement), ...droppedRelations(nodeType, statement)],
  }
}

function transaction(statement: RawNode): StatementFacts {
  const kind = String(statement['kind'])
  const verb = TRANSACTION_VERBS[kind]
  const mode = transactionMode(statement['options'])
  if (verb !== undefined && mode === 'harmless') return { kind: 'transaction', verb }
  if (verb !== undefined && mode === 'read write') {
    return other('TransactionStmt', { verb: `${verb} READ WRITE`, effect: 'write' }, {})
  }
  return other(
    'TransactionStmt',
    { verb: TWO_PHASE_VERBS[kind] ?? `${verb} with these options`, effect: 'unknown' },
    {},
  )
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

/** SET TIME ZONE INTERVAL '…' is a cast; its value is an offset, whatever it says. */
function isZoneInterval(name: string, args: unknown): boolean {
  return name === 'timezone' && Array.isArray(args) && args.every((arg: RawNode) => 'TypeCast' in arg)
}

function setting(statement: RawNode): StatementFacts {
  const kind = statement['kind']
  const name = textOf(statement['name']).toLowerCase()
  const args = statement['args']
  if (kind === 'VAR_RESET_ALL') return { kind: 'session', verb: 'RESET', target: null }
  if (kind === 'VAR_RESET' && isSettable(name, null)) return { kind: 'session', verb: 'RESET', target: name }
  if (kind === 'VAR_SET_MULTI' && (name === 'transaction' || name === 'session characteristics')) {
    const mode = transactionMode(args)
    if (mode === 'harmless') return { kind: 'session', verb: 'SET', target: name }
    if (mode === 'read write') {
      return other('VariableSetStmt', { verb: 'SET TRANSACTION READ WRITE', effect: 'write' }, {})
    }
  }
  if (kind === 'VAR_SET_DEFAULT' && isSettable(name, null)) return { kind: 'session', verb: 'SET', target: name }
  if (kind === 'VAR_SET_VALUE') {
    const value = settingValue(args)
    const harmless = value === undefined ? isZoneInterval(name, args) : isSettable(name, value)
    if (harmless) return { kind: 'session', verb: 'SET', target: name }
  }
  const shown = shownName([name])
  const verb = kind === 'VAR_RESET' ? `RESET ${shown}` : `SET ${shown} to this value`
  return { kind: 'other', nodeType: 'VariableSetStmt', verb, effect: 'admin', tables: [] }
}

function shown(statement: RawNode): StatementFacts {
  const name = textOf(statement['name']).toLowerCase()
  if (isShowableSetting(name)) return { kind: 'session', verb: 'SHOW', target: name }
  return {
    kind: 'other',
    nodeType: 'VariableShowStmt',
    verb: `SHOW ${shownName([name])}`,
    effect: 'unknown',
    tables: [],
  }
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

/** A DROP names its objects in lists of their own. */
const RELATIONS: ReadonlySet<unknown> = new Set(
  ['TABLE', 'VIEW', 'MATVIEW', 'FOREIGN_TABLE', 'SEQUENCE', 'INDEX'].map((object) => `OBJECT_${object}`),
)

function droppedRelations(nodeType: string, statement: RawNode): string[] {
  if (nodeType !== 'DropStmt' || !RELATIONS.has(statement['removeType'])) return []
  const objects = (statement['objects'] ?? []) as readonly { List?: { items?: unknown } }[]
  return objects.map((object) => dotted(namesOf(object.List?.items) ?? [])).filter((name) => name !== '')
}

/** The facts of any statement but SELECT. */
export function readUtility(nodeType: string, statement: RawNode): StatementFacts {
  const reader = Object.hasOwn(SESSION, nodeType) ? SESSION[nodeType] : undefined
  return reader?.(statement) ?? other(nodeType, nameStatement(nodeType, statement), statement)
}

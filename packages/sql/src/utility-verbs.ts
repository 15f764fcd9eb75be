// What people call statements that are no query and no write, and what those do.

import type { Effect } from './facts.ts'
import { hasOption, unwrapped } from './names.ts'
import type { RawNode } from './parser.ts'
import { QUERIES } from './query-reader.ts'

export type Named = {
  readonly verb: string
  /** On the tables that it names itself, outside of queries in it. */
  readonly effect: Effect | null
  /** Its text does not tell what it does. */
  readonly opaque?: true
  /** It reaches the server's files and programs. */
  readonly server?: true
}

/** Statements whose node's name says it badly, or that are not DDL. The others are named after their node. */
const NAMED: Readonly<Record<string, Named>> = {
  TruncateStmt: { verb: 'TRUNCATE', effect: 'write' },
  RefreshMatViewStmt: { verb: 'REFRESH MATERIALIZED VIEW', effect: 'write' },
  CreateStmt: { verb: 'CREATE TABLE', effect: 'ddl' },
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
  DoStmt: { verb: 'DO', effect: null, opaque: true },
  CallStmt: { verb: 'CALL', effect: null, opaque: true },
  PrepareStmt: { verb: 'PREPARE', effect: null, opaque: true },
  ExecuteStmt: { verb: 'EXECUTE', effect: null, opaque: true },
  DeclareCursorStmt: { verb: 'DECLARE CURSOR', effect: null, opaque: true },
  FetchStmt: { verb: 'FETCH or MOVE', effect: null, opaque: true },
  ListenStmt: { verb: 'LISTEN', effect: null, opaque: true },
  NotifyStmt: { verb: 'NOTIFY', effect: null, opaque: true },
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
  const named = { effect: toServer ? 'write' : 'read', opaque: true } as const
  if (statement['is_program'] === true) return { verb: `${verb} PROGRAM`, ...named, server: true }
  if (statement['filename'] !== undefined) return { verb: `${verb} a file`, ...named, server: true }
  return { verb, ...named }
}

/** EXPLAIN is called after what it explains. */
function explained(statement: RawNode): Named {
  const { type, node } = unwrapped((statement['query'] ?? {}) as RawNode)
  const of = type === undefined ? '' : (QUERIES[type] ?? nameStatement(type, node).verb)
  const analyze = hasOption(statement['options'], 'analyze')
  return { verb: `EXPLAIN ${analyze ? 'ANALYZE ' : ''}${of}`.trim(), effect: null, opaque: true }
}

function altered(statement: RawNode): Named {
  const object = String(statement['objtype']).replace(/^OBJECT_/, '')
  return { verb: `ALTER ${object.replaceAll('_', ' ')}`, effect: 'ddl' }
}

const SPECIAL: Readonly<Record<string, (statement: RawNode) => Named>> = {
  DropStmt: dropped,
  CopyStmt: copied,
  AlterTableStmt: altered,
  ExplainStmt: explained,
  CreateTableAsStmt: ({ objtype }) => ({
    verb: objtype === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS',
    effect: 'ddl',
  }),
}

/** Of any statement but queries and writes. */
export function nameStatement(nodeType: string, statement: RawNode): Named {
  const special = Object.hasOwn(SPECIAL, nodeType) ? SPECIAL[nodeType] : undefined
  if (special !== undefined) return special(statement)
  return NAMED[nodeType] ?? { verb: verbOfNode(nodeType), effect: ADMIN_NODE.test(nodeType) ? 'admin' : 'ddl' }
}

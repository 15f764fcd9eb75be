// Statements that PostgreSQL refuses inside a transaction block.

import { hasOption } from './names.ts'
import type { RawNode } from './parser.ts'

const isConcurrent = ({ concurrent }: RawNode): boolean => concurrent === true

function detachesConcurrently(statement: RawNode): boolean {
  const commands = (statement['cmds'] ?? []) as readonly { AlterTableCmd?: { def?: { PartitionCmd?: RawNode } } }[]
  return commands.some(({ AlterTableCmd }) => isConcurrent(AlterTableCmd?.def?.PartitionCmd ?? {}))
}

const REINDEXED_AS_A_WHOLE: ReadonlySet<unknown> = new Set([
  'REINDEX_OBJECT_SCHEMA',
  'REINDEX_OBJECT_SYSTEM',
  'REINDEX_OBJECT_DATABASE',
])

const always = (): boolean => true

const ALONE: Readonly<Record<string, (statement: RawNode) => boolean>> = {
  AlterDatabaseStmt: ({ options }) => hasOption(options, 'tablespace'),
  AlterSubscriptionStmt: always,
  AlterSystemStmt: always,
  AlterTableStmt: detachesConcurrently,
  // Of a partitioned table, too, which its text does not tell.
  ClusterStmt: always,
  CreatedbStmt: always,
  CreateSubscriptionStmt: always,
  CreateTableSpaceStmt: always,
  DropdbStmt: always,
  DropStmt: isConcurrent,
  DropSubscriptionStmt: always,
  DropTableSpaceStmt: always,
  IndexStmt: isConcurrent,
  ReindexStmt: ({ kind, params }) => REINDEXED_AS_A_WHOLE.has(kind) || hasOption(params, 'concurrently'),
  VacuumStmt: ({ is_vacuumcmd }) => is_vacuumcmd === true,
}

export function runsAlone(nodeType: string, statement: RawNode): boolean {
  return Object.hasOwn(ALONE, nodeType) && (ALONE[nodeType]?.(statement) ?? false)
}

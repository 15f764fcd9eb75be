// What stands inside a statement that is no query: the tables it names, queries and calls in it, settings it changes.

import type { Objection } from '@sluice/policy'
import { guardedSetting, objection, TEMPORARY } from './advice.ts'
import { settingChange } from './catalog/settings.ts'
import type { AnalysisOptions, TableName } from './facts.ts'
import {
  isRangeVar,
  isTemporary,
  isTemporarySchema,
  namesOf,
  shownSetting,
  tableName,
  tableOf,
  tableOfNames,
  walk,
} from './names.ts'
import type { RawNode } from './parser.ts'
import { QUERIES, QueryReader } from './query-reader.ts'

export type UtilityParts = {
  /** Those it names outside of queries, each once. */
  readonly tables: readonly TableName[]
  /** It reaches whatever depends on them, too. */
  readonly cascades: boolean
}

/** Statements inside a statement that run what their text does not tell. */
const OPAQUE_INSIDE: Readonly<Record<string, string>> = { ExecuteStmt: 'EXECUTE', CallStmt: 'CALL' }

/** Queries and calls go to `reader`, which learns of everything else that is unknown or refused, too. */
export function readParts(
  nodeType: string,
  statement: RawNode,
  reader: QueryReader,
  options: AnalysisOptions,
): UtilityParts {
  const tables = new Map<string, TableName>()
  const add = (table: TableName): void => void tables.set(tableName(table), table)
  let cascades = false
  walk(statement, (node, type) => {
    if (type !== null && (type in QUERIES || type === 'FuncCall')) {
      reader.read(type, node)
      return false
    }
    if (type !== null && type in OPAQUE_INSIDE && reader.unknown.length === 0)
      reader.object(objection(type, `${OPAQUE_INSIDE[type]} inside`))
    if (nodeType === 'CreateStmt' && type === 'Constraint' && node['contype'] !== 'CONSTR_FOREIGN') {
      reader.refusal ??= refusedLater(node, options)
      return false
    }
    if (node['behavior'] === 'DROP_CASCADE') cascades = true
    changesSetting(node, reader, options)
    if (isRangeVar(node)) {
      add(tableOf(node, options.serverMajor))
      if (isTemporary(node)) reader.object(TEMPORARY)
    }
    return true
  })
  if (nodeType === 'DropStmt') for (const table of dropped(statement)) add(table)
  if ([...tables.values()].some(({ schema }) => isTemporarySchema(schema))) reader.object(TEMPORARY)
  return { tables: [...tables.values()], cascades }
}

/** Defaults and checks of a new table are not run yet, and may call what they like but for guarded settings. */
function refusedLater(constraint: RawNode, options: AnalysisOptions): Objection | null {
  const later = new QueryReader('CREATE TABLE', options)
  walk(constraint, (node, type) => {
    if (type === 'FuncCall') later.read(type, node)
    return type !== 'FuncCall'
  })
  return later.refusal
}

/** ALTER ROLE … SET, CREATE FUNCTION … SET and the like: a SET inside. */
function changesSetting(node: RawNode, reader: QueryReader, { lineage }: AnalysisOptions): void {
  const { kind, name } = node
  if (typeof kind !== 'string' || !kind.startsWith('VAR_') || typeof name !== 'string') return
  // What it is set to holds for sessions that begin with another value: only whether it may be set at all counts.
  if (kind === 'VAR_RESET' || settingChange(name, undefined, lineage === true) !== 'guarded') return
  reader.refusal ??= guardedSetting(`SET ${shownSetting(name)} for later sessions or inside a function`)
}

/** A DROP names its objects in lists of their own; those of the second kind have their table's name before their own. */
const RELATIONS: ReadonlySet<unknown> = new Set(
  ['TABLE', 'VIEW', 'MATVIEW', 'FOREIGN_TABLE', 'SEQUENCE', 'INDEX'].map((object) => `OBJECT_${object}`),
)
const OF_RELATIONS: ReadonlySet<unknown> = new Set(['TRIGGER', 'RULE', 'POLICY'].map((object) => `OBJECT_${object}`))

function dropped(statement: RawNode): TableName[] {
  const own = RELATIONS.has(statement['removeType'])
  if (!own && !OF_RELATIONS.has(statement['removeType'])) return []
  const objects = (statement['objects'] ?? []) as readonly { List?: { items?: unknown } }[]
  return objects.flatMap((object) => {
    const names = namesOf(object.List?.items) ?? []
    return tableOfNames(own ? names : names.slice(0, -1)) ?? []
  })
}

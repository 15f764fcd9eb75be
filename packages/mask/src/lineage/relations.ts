// Tables as they stand in a range table: known to the plan or not, and the values of their columns.

import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { PlannedRelation } from '../plan/plan.ts'
import type { TreeNode } from '../tree/node.ts'
import type { Source } from './lineage.ts'
import { nodeAt, numberAt, wordAt, wordsAt } from './node-access.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { CLEAN, columnValue, computed, VARYING, type Value } from './value.ts'

const nameIn = (entry: TreeNode): string => {
  const names = nodeAt(entry, 'eref')
  return names === null ? 'a relation' : wordAt(names, 'aliasname')
}

/** Names of its columns as the tree tells them; null where an alias hides the real one. */
function columnNames(entry: TreeNode, insideView: boolean): readonly (string | null)[] {
  const names = nodeAt(entry, 'eref')
  const alias = nodeAt(entry, 'alias')
  const renamed = alias === null ? 0 : wordsAt(alias, 'colnames').length
  // The tree of a view keeps the names that columns had when it was made.
  return names === null ? [] : wordsAt(names, 'colnames').map((name, i) => (insideView || i < renamed ? null : name))
}

/**
 * Tables, partitioned and foreign ones, materialised views, sequences; views are refused below; `c` is `excluded` of ON
 * CONFLICT. Not where PostgreSQL keeps parts of long values (`t`): nothing says whose they are.
 */
const READABLE: ReadonlySet<string> = new Set(['r', 'p', 'f', 'm', 'S', 'v', 'c'])

/** Of a relation that is read or written; unknown ones refuse the statement. */
export function checkRelation(entry: TreeNode, reader: Reader): void {
  const { view, functions, facts } = reader
  const relid = numberAt(entry, 'relid')
  facts.relations.add(relid)
  const relation = view.relation(relid)
  const kind = wordAt(entry, 'relkind')
  if (!READABLE.has(kind)) {
    facts.objection('relation_kind', `${nameIn(entry)}, which is no table`, 'Its columns are not those of a table.')
    return
  }
  if (kind === 'v' || relation?.kind === 'v') {
    facts.objection('view', `the view ${nameIn(entry)} in this place`, 'Use the tables that it reads from.')
    return
  }
  if (relation === undefined) {
    if (relid < FIRST_USER_ID) {
      if (functions.catalogRelation(relid) !== undefined) return
      facts.objection('catalog_relation', `the catalog ${nameIn(entry)}`, 'It may show values or other sessions.')
      return
    }
    facts.unplanned.add(relid)
    facts.objection('relation_unknown', `the relation ${nameIn(entry)}, which is not in the masking plan yet`, null)
    return
  }
  if (relation.splitByValue === true) {
    const what = `${relation.schema}.${relation.name}, which is partitioned by a sensitive column`
    facts.objection(
      'split_by_value',
      what,
      'In which part a row lies, and in which order parts are read, tells of its value.',
    )
    return
  }
  if (relation.readsRunCode) {
    facts.objection('user_code', `${relation.schema}.${relation.name}, which runs functions of its own when it is read`)
  }
}

const sensitiveColumns = (relation: PlannedRelation, reader: Reader): readonly Source[] =>
  relation.columns.flatMap(({ attno }) => {
    const source = reader.facts.column({ relid: relation.relid, attno }, { name: null, type: null })
    return source === null ? [] : [source]
  })

/** All of its columns: those of the plan, and those that came later. */
function wholeRow(entry: TreeNode, relation: PlannedRelation, reader: Reader): Value {
  const planned = new Set(relation.columns.map(({ attno }) => attno))
  const names = nodeAt(entry, 'eref')
  const later = (names === null ? [] : wordsAt(names, 'colnames')).flatMap((name, i) =>
    // A dropped column has no name.
    name === '' || planned.has(i + 1)
      ? []
      : [
          reader.facts.unknownColumn(
            { relid: relation.relid, attno: i + 1 },
            `${relation.schema}.${relation.name}.${name}`,
          ),
        ],
  )
  return computed([VARYING, ...[...sensitiveColumns(relation, reader), ...later].map(columnValue)])
}

/** ctid, xmin, tableoid …: they tell of the place of a row, and so of values where these decide on it. */
function systemColumn(relation: PlannedRelation | undefined, relid: number, attno: number, reader: Reader): Value {
  if (relation?.placedByValue === true) {
    const sources = sensitiveColumns(relation, reader)
    const place = { relid, attno }
    const told =
      sources.length > 0
        ? sources
        : [reader.facts.unknownColumn(place, `${relation.schema}.${relation.name} (place of a row)`)]
    reader.facts.touch(told, 'compute', 'a system column that tells where a row lies')
  }
  return VARYING
}

/** A column of a table by a Var. */
export function relationColumn(entry: TreeNode, variable: TreeNode, scope: Scope, reader: Reader): Value {
  const { view, functions, facts } = reader
  const relid = numberAt(entry, 'relid')
  const attno = numberAt(variable, 'varattno')
  const relation = view.relation(relid)
  if (attno < 0) return systemColumn(relation, relid, attno, reader)
  if (relation === undefined) {
    if (relid >= FIRST_USER_ID) return CLEAN
    const catalog = functions.catalogRelation(relid)
    if (catalog === 'columns' && functions.catalogColumn(relid, attno) === undefined) {
      facts.objection('catalog_column', `${attno === 0 ? 'whole rows' : 'that column'} of the catalog ${nameIn(entry)}`)
    }
    return VARYING
  }
  if (attno === 0) return wholeRow(entry, relation, reader)
  const name = columnNames(entry, scope.insideView)[attno - 1] ?? null
  const source = facts.column({ relid, attno }, { name, type: numberAt(variable, 'vartype') })
  if (source === null) return VARYING
  // Of a value of which only a part is stored a few constants tell all there is to know.
  const isMade = view.column(relid, attno)?.made === true
  return isMade ? computed([columnValue(source)]) : columnValue(source)
}

// From the catalog's rows to the parts of a snapshot. Rows of relations that are not listed are left out.

import {
  type CatalogCode,
  type CatalogColumn,
  type CatalogForeignKey,
  type CatalogIndex,
  type CatalogRelation,
  type CatalogType,
  FIRST_USER_ID,
  type KnownFunctions,
  type StandardObject,
} from '@sluice/mask'
import { calledFunctions } from './called-functions.ts'
import type { CatalogRow } from './catalog-session.ts'
import type { ColumnOrigin } from './column-origins.ts'
import type { OriginsOfViews } from './view-origins.ts'

type Rows = readonly CatalogRow[]

export type RelationRows = {
  readonly relations: Rows
  readonly columns: Rows
  readonly keys: Rows
  readonly indexes: Rows
  readonly places: Rows
  readonly code: Rows
  readonly views: OriginsOfViews
  readonly serverMajor: number
  readonly known: KnownFunctions
}

export function relationsFrom(rows: RelationRows): readonly CatalogRelation[] {
  const [columns, keys, places, code] = [rows.columns, rows.keys, rows.places, rows.code].map(byRelation)
  const indexes = byRelation(rows.indexes)
  const attnos = new Map([...(columns as ByRelation)].map(([relid, list]) => [relid, list.map((row) => id(row[1]))]))
  return rows.relations.map(([oid, schema, name, kind, comment = null, parents]) => {
    const relid = id(oid)
    const origins = rows.views.get(relid)
    return {
      relid,
      schema: schema ?? '',
      name: name ?? '',
      kind: kind ?? '',
      comment,
      columns: (columns?.get(relid) ?? []).map((row) => columnFrom(row, kind ?? '', origins, attnos)),
      parents: ids(parents),
      keys: (keys?.get(relid) ?? []).map(([, primary, list]) => ({ primary: primary === 't', columns: ids(list) })),
      indexes: (indexes.get(relid) ?? []).map(indexFrom),
      placedBy: placesFrom(places?.get(relid) ?? []),
      code: (code?.get(relid) ?? []).map((row) => codeFrom(row, rows)),
    }
  })
}

function columnFrom(
  [, attno, name, type, typeName, typmod, comment = null, labels, generatedFrom = null]: CatalogRow,
  relationKind: string,
  views: readonly ColumnOrigin[] | null | undefined,
  attnos: ReadonlyMap<number, readonly number[]>,
): CatalogColumn {
  const isView = relationKind === 'v' || relationKind === 'm'
  const origin = views?.[id(attno) - 1]
  return {
    attno: id(attno),
    name: name ?? '',
    type: id(type),
    typeName: typeName ?? '',
    typmod: Number(typmod ?? -1),
    comment,
    labels: texts(labels),
    generatedFrom: generatedFrom === null ? null : ids(generatedFrom),
    origins: isView ? sourcesOf(origin, attnos) : [],
    bare: isView && origin?.bare === true,
  }
}

/** Whole rows are written out. Null where it can't be told what the value is made of. */
function sourcesOf(
  origin: ColumnOrigin | undefined,
  attnos: ReadonlyMap<number, readonly number[]>,
): CatalogColumn['origins'] {
  if (origin === undefined || origin.opaque) return null
  const sources = new Map<string, { readonly relid: number; readonly attno: number }>()
  for (const { relid, attno } of origin.sources) {
    const meant = attno === 0 ? attnos.get(relid) : [attno]
    if (meant === undefined) return null
    // Of system columns none is a value that somebody wrote.
    for (const each of meant) if (each > 0) sources.set(`${relid}.${each}`, { relid, attno: each })
  }
  return [...sources.values()]
}

/** Of the partition key and of the index that the table was clustered by; null where one of them is an expression. */
function placesFrom(rows: Rows): readonly number[] | null {
  const columns = new Set(rows.flatMap(([, list]) => ids(list)))
  return columns.has(0) ? null : [...columns]
}

function indexFrom([, partial, list]: CatalogRow): CatalogIndex {
  const columns = ids(list)
  return { columns: columns.includes(0) ? null : columns.filter((each) => each > 0), partial: partial === 't' }
}

function codeFrom(
  [, kind, name, functions = null, trees]: CatalogRow,
  { serverMajor, known }: Pick<RelationRows, 'serverMajor' | 'known'>,
): CatalogCode {
  const called = calledFunctions(texts(trees), serverMajor, known)
  const dependent = functions === null ? null : ids(functions)
  return {
    kind: kind as CatalogCode['kind'],
    name: name ?? '',
    functions: dependent === null || called === null ? null : [...new Set([...dependent, ...called])],
  }
}

export function foreignKeysFrom(rows: Rows): readonly CatalogForeignKey[] {
  return rows.map(([name, relid, columns, referenced, referencedColumns]) => ({
    name: name ?? '',
    relid: id(relid),
    columns: ids(columns),
    references: { relid: id(referenced), columns: ids(referencedColumns) },
  }))
}

export function typesFrom(rows: Rows, serverMajor: number, known: KnownFunctions): readonly CatalogType[] {
  return rows.map(([oid, name, kind, base = null, lastFunction, relid = null, checks]) => ({
    typeId: id(oid),
    name: name ?? '',
    kind: kind ?? '',
    base: base === null ? null : id(base),
    ioBuiltin: id(lastFunction) < FIRST_USER_ID,
    checks: checksOf(texts(checks), serverMajor, known),
    relid: relid === null ? null : id(relid),
  }))
}

function checksOf(trees: readonly string[], serverMajor: number, known: KnownFunctions): CatalogType['checks'] {
  if (trees.length === 0) return 'none'
  const called = calledFunctions(trees, serverMajor, known)
  return called?.every((each) => known.function(each) !== undefined) === true ? 'plain' : 'code'
}

export function standardFrom(rows: Rows): readonly StandardObject[] {
  return rows.map(([kind, oid, name]) => ({ kind: kind as StandardObject['kind'], id: id(oid), name: name ?? '' }))
}

type ByRelation = ReadonlyMap<number, Rows>

function byRelation(rows: Rows): ByRelation {
  const lists = new Map<number, CatalogRow[]>()
  for (const row of rows) {
    const relid = id(row[0])
    const list = lists.get(relid)
    if (list === undefined) lists.set(relid, [row])
    else list.push(row)
  }
  return lists
}

function id(text: string | null | undefined): number {
  return Number(text ?? 0)
}

/** A JSON list; ids come as texts in it. */
function ids(json: string | null = null): readonly number[] {
  return json === null ? [] : (JSON.parse(json) as readonly (string | number)[]).map(Number)
}

function texts(json: string | null = null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as readonly string[])
}

// What a database says of itself, as a proxy reads it and publishes it: what plans are made from. Facts only, no verdict.

import { createHash } from 'node:crypto'
import type { StandardObject } from '../functions/known-functions.ts'

/** A column of a relation: `pg_class.oid` and `pg_attribute.attnum`. */
export type CatalogColumnId = { readonly relid: number; readonly attno: number }

export type CatalogColumn = {
  /** From 1; columns that were dropped are left out. */
  readonly attno: number
  readonly name: string
  /** `pg_type` id. */
  readonly type: number
  /** `pg_type.typname`, without schema: `varchar`, `_text`. */
  readonly typeName: string
  /** `atttypmod`: of `varchar(32)` 36; -1 where there is none. */
  readonly typmod: number
  readonly comment: string | null
  /** What the providers of security labels say of it. */
  readonly labels: readonly string[]
  /** Generated, stored or virtual: the columns of its own relation that it is computed from. Null for all others. */
  readonly generatedFrom: readonly number[] | null
  /**
   * Of views and materialised views: every column that its value is made of, of tables or of other views; none where it
   * is made of constants. Null where that can't be told. Of other relations: none.
   */
  readonly origins: readonly CatalogColumnId[] | null
  /** Of views and materialised views: its value is the stored value of one origin each, nothing is computed. */
  readonly bare: boolean
}

/** Something that runs when a relation is written, besides what the statement says. */
export type CatalogCode = {
  readonly kind: 'trigger' | 'rule' | 'check' | 'index' | 'default' | 'generated'
  readonly name: string
  /** `pg_proc` ids of what it calls; null where that can't be told. */
  readonly functions: readonly number[] | null
}

export type CatalogKey = { readonly primary: boolean; readonly columns: readonly number[] }

export type CatalogIndex = {
  /** Those that it is ordered by, and all that its expressions use. Null where that can't be told. */
  readonly columns: readonly number[] | null
  /** It has not all rows: it may be read because of its condition alone. */
  readonly partial: boolean
}

export type CatalogRelation = {
  /** `pg_class.oid`. Those below 16384 are PostgreSQL's own: views and tables of pg_catalog and information_schema. */
  readonly relid: number
  readonly schema: string
  readonly name: string
  /** `pg_class.relkind`: r, p, v, m, f, S, t, c. */
  readonly kind: string
  readonly comment: string | null
  readonly columns: readonly CatalogColumn[]
  /** `pg_inherits`: what it inherits from, or is a partition of. */
  readonly parents: readonly number[]
  /** Primary and unique keys. */
  readonly keys: readonly CatalogKey[]
  readonly indexes: readonly CatalogIndex[]
  /** Columns that say where a row lies: of the partition key and of a clustered index. Null where an expression does. */
  readonly placedBy: readonly number[] | null
  /** Triggers of foreign keys and the `_RETURN` rules of views are left out. */
  readonly code: readonly CatalogCode[]
}

export type CatalogForeignKey = {
  readonly name: string
  readonly relid: number
  readonly columns: readonly number[]
  /** As many as `columns`, in the same order. */
  readonly references: { readonly relid: number; readonly columns: readonly number[] }
}

export type CatalogType = {
  /** From 16384. */
  readonly typeId: number
  readonly name: string
  /** `pg_type.typtype`: b, c, d, e, p, r, m. */
  readonly kind: string
  /** Of a domain its base, of an array its element, of a range its subtype, of a multirange its range; null otherwise. */
  readonly base: number | null
  /** Input, output, receive and send (of a range also canonical and subtype_diff) are functions of PostgreSQL's own. */
  readonly ioBuiltin: boolean
  /** `code`: a check of a domain that is not proven to call functions on the list only. */
  readonly checks: 'none' | 'plain' | 'code'
  /** Of a composite type the relation that describes its fields; null otherwise. */
  readonly relid: number | null
}

export type CatalogSnapshot = {
  readonly connection: string
  /** `pg_database.oid`. */
  readonly databaseId: number
  readonly databaseName: string
  /** `server_version_num / 10000`. */
  readonly serverMajor: number
  /** Without temporary ones. */
  readonly relations: readonly CatalogRelation[]
  readonly foreignKeys: readonly CatalogForeignKey[]
  readonly types: readonly CatalogType[]
  /** What initdb made after the fixed ids. */
  readonly standard: readonly StandardObject[]
}

const byNumber =
  <Value>(of: (value: Value) => number) =>
  (a: Value, b: Value): number =>
    of(a) - of(b)

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
const numbers = (list: readonly number[]): readonly number[] => [...list].sort((a, b) => a - b)
const byContent = (a: unknown, b: unknown): number => byText(JSON.stringify(a), JSON.stringify(b))

/** The same catalog in one order and with nothing else in it: two readings of the same are the same text. */
export function canonicalCatalog(catalog: CatalogSnapshot): CatalogSnapshot {
  return {
    connection: catalog.connection,
    databaseId: catalog.databaseId,
    databaseName: catalog.databaseName,
    serverMajor: catalog.serverMajor,
    relations: [...catalog.relations].sort(byNumber(({ relid }) => relid)).map(canonicalRelation),
    foreignKeys: catalog.foreignKeys
      .map(({ name, relid, columns, references }) => ({
        name,
        relid,
        columns: [...columns],
        references: { relid: references.relid, columns: [...references.columns] },
      }))
      .sort(byContent),
    types: [...catalog.types]
      .sort(byNumber(({ typeId }) => typeId))
      .map(({ typeId, name, kind, base, ioBuiltin, checks, relid }) => ({
        typeId,
        name,
        kind,
        base,
        ioBuiltin,
        checks,
        relid,
      })),
    standard: catalog.standard.map(({ kind, id, name }) => ({ kind, id, name })).sort(byContent),
  }
}

function canonicalRelation(relation: CatalogRelation): CatalogRelation {
  return {
    relid: relation.relid,
    schema: relation.schema,
    name: relation.name,
    kind: relation.kind,
    comment: relation.comment,
    columns: [...relation.columns].sort(byNumber(({ attno }) => attno)).map(canonicalColumn),
    parents: numbers(relation.parents),
    keys: relation.keys.map(({ primary, columns }) => ({ primary, columns: numbers(columns) })).sort(byContent),
    indexes: relation.indexes
      .map(({ columns, partial }) => ({ columns: columns === null ? null : numbers(columns), partial }))
      .sort(byContent),
    placedBy: relation.placedBy === null ? null : numbers(relation.placedBy),
    code: relation.code
      .map(({ kind, name, functions }) => ({ kind, name, functions: functions === null ? null : numbers(functions) }))
      .sort(byContent),
  }
}

function canonicalColumn(column: CatalogColumn): CatalogColumn {
  const { attno, name, type, typeName, typmod, comment, labels, generatedFrom, origins, bare } = column
  return {
    attno,
    name,
    type,
    typeName,
    typmod,
    comment,
    labels: [...labels].sort(byText),
    generatedFrom: generatedFrom === null ? null : numbers(generatedFrom),
    origins:
      origins === null
        ? null
        : origins
            .map((origin) => ({ relid: origin.relid, attno: origin.attno }))
            .sort((a, b) => a.relid - b.relid || a.attno - b.attno),
    bare,
  }
}

/** SHA-256, hex. The same for the same facts, whatever the order they come in. */
export function catalogHash(catalog: CatalogSnapshot): string {
  return createHash('sha256')
    .update(JSON.stringify(['sluice-catalog-v1', canonicalCatalog(catalog)]))
    .digest('hex')
}

// One catalog of what several nodes say of the same database. Each adds; none takes away what another one says.

import type { CatalogColumn, CatalogRelation, CatalogSnapshot, CatalogType } from './catalog.ts'

/** @param newestFirst at least one; those of another database or version than the newest count for nothing */
export function uniteCatalogs(newestFirst: readonly [CatalogSnapshot, ...CatalogSnapshot[]]): CatalogSnapshot {
  const [newest, ...older] = newestFirst
  const others = older.filter(
    ({ databaseId, serverMajor }) => databaseId === newest.databaseId && serverMajor === newest.serverMajor,
  )
  if (others.length === 0) return newest
  const all = [newest, ...others]
  return {
    ...newest,
    relations: uniteBy(
      all.flatMap(({ relations }) => relations),
      ({ relid }) => relid,
      uniteRelations,
    ),
    foreignKeys: distinct(all.flatMap(({ foreignKeys }) => foreignKeys)),
    types: uniteBy(
      all.flatMap(({ types }) => types),
      ({ typeId }) => typeId,
      uniteTypes,
    ),
    standard: agreed(all.flatMap(({ standard }) => standard)),
  }
}

function uniteBy<Value, Key>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
  unite: (newer: Value, older: Value) => Value,
): readonly Value[] {
  const united = new Map<Key, Value>()
  for (const value of values) {
    const key = keyOf(value)
    const before = united.get(key)
    united.set(key, before === undefined ? value : unite(before, value))
  }
  return [...united.values()]
}

function uniteRelations(newer: CatalogRelation, older: CatalogRelation): CatalogRelation {
  return {
    ...newer,
    comment: uniteTexts(newer.comment, older.comment),
    columns: uniteBy([...newer.columns, ...older.columns], ({ attno }) => attno, uniteColumns),
    parents: distinct([...newer.parents, ...older.parents]),
    indexes: distinct([...newer.indexes, ...older.indexes]),
    placedBy: uniteUnlessUnknown(newer.placedBy, older.placedBy),
    code: distinct([...newer.code, ...older.code]),
  }
}

function uniteColumns(newer: CatalogColumn, older: CatalogColumn): CatalogColumn {
  const generated = [...(newer.generatedFrom ?? []), ...(older.generatedFrom ?? [])]
  return {
    ...newer,
    comment: uniteTexts(newer.comment, older.comment),
    labels: distinct([...newer.labels, ...older.labels]),
    // What one says is generated may be written by the other's word: then its own type counts, too.
    generatedFrom: newer.generatedFrom === null ? null : distinct(generated),
    origins: uniteUnlessUnknown(newer.origins, older.origins),
    bare: newer.bare && older.bare,
  }
}

function uniteTypes(newer: CatalogType, older: CatalogType): CatalogType {
  const checks = [newer.checks, older.checks]
  return {
    ...newer,
    ioBuiltin: newer.ioBuiltin && older.ioBuiltin,
    checks: checks.includes('code') ? 'code' : checks.includes('plain') ? 'plain' : 'none',
  }
}

/** Where two call the same id by two names, one of them is wrong. */
function agreed(standard: CatalogSnapshot['standard']): CatalogSnapshot['standard'] {
  const named = Map.groupBy(distinct(standard), ({ kind, id }) => `${kind} ${id}`)
  return [...named.values()].filter((same) => same.length === 1).flat()
}

function uniteTexts(newer: string | null, older: string | null): string | null {
  if (newer === null || older === null || newer === older) return newer ?? older
  return `${newer} ${older}`
}

function uniteUnlessUnknown<Value>(
  newer: readonly Value[] | null,
  older: readonly Value[] | null,
): readonly Value[] | null {
  return newer === null || older === null ? null : distinct([...newer, ...older])
}

function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}

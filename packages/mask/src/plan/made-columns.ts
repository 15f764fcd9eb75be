// Which columns hold something computed of other columns' values: part of a value, perhaps, of which a few constants tell
// all there is to know.

import type { CatalogColumn, CatalogRelation, CatalogSnapshot } from './catalog.ts'
import { type ColumnKey, columnKey } from './column-key.ts'
import { reachableFrom } from './reachable.ts'

/** Generated columns, those of views and materialised views that are computed, and those that show such ones. */
export function madeColumns({ relations }: CatalogSnapshot): ReadonlySet<ColumnKey> {
  const columns = relations.flatMap((relation) =>
    relation.columns.map((column) => ({ key: columnKey(relation.relid, column.attno), relation, column })),
  )
  const byName = new Map(columns.map(({ key, relation, column }) => [`${relation.relid} ${column.name}`, key]))
  const reads = columns.flatMap(({ key, relation, column }) => [
    ...(column.origins ?? []).map(({ relid, attno }) => ({ key, origin: columnKey(relid, attno) })),
    // Who reads a parent reads its children, whose column may be generated where its own is not (PostgreSQL 13 to 15).
    ...relation.parents.flatMap((parent) => {
      const above = byName.get(`${parent} ${column.name}`)
      return above === undefined ? [] : [{ key: above, origin: key }]
    }),
  ])
  const readers = Map.groupBy(reads, ({ origin }) => origin)
  const computed = columns.flatMap(({ key, relation, column }) => (computes(relation, column) ? key : []))
  return reachableFrom(computed, (origin) => readers.get(origin)?.map(({ key }) => key))
}

function computes({ kind }: CatalogRelation, { generatedFrom, bare }: CatalogColumn): boolean {
  return generatedFrom !== null || ((kind === 'v' || kind === 'm') && !bare)
}

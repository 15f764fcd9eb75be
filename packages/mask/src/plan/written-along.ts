// What is written along with what a statement writes: children of a parent, and what refers to a row that is changed.

import type { CatalogSnapshot } from './catalog.ts'
import { reachableFrom } from './reachable.ts'

/** `relids`, and all relations by whose writes rows of theirs may be written. */
export function writersOf(
  relids: Iterable<number>,
  { relations, foreignKeys }: Pick<CatalogSnapshot, 'relations' | 'foreignKeys'>,
): ReadonlySet<number> {
  const writes = [
    ...relations.flatMap(({ relid, parents }) => parents.map((parent) => ({ writer: parent, written: relid }))),
    ...foreignKeys.map(({ relid, references }) => ({ writer: references.relid, written: relid })),
  ]
  const byWritten = Map.groupBy(writes, ({ written }) => written)
  return reachableFrom(relids, (relid) => byWritten.get(relid)?.map(({ writer }) => writer))
}

// What is written along with what a statement writes: children of a parent, and what refers to a row that is changed.

import type { CatalogSnapshot } from './catalog.ts'

/** `relids`, and all relations by whose writes rows of theirs may be written. */
export function writersOf(
  relids: Iterable<number>,
  { relations, foreignKeys }: Pick<CatalogSnapshot, 'relations' | 'foreignKeys'>,
): ReadonlySet<number> {
  const writers = new Map<number, number[]>()
  const writes = (writer: number, written: number): void => {
    const list = writers.get(written) ?? []
    list.push(writer)
    writers.set(written, list)
  }
  for (const { relid, parents } of relations) for (const parent of parents) writes(parent, relid)
  for (const { relid, references } of foreignKeys) writes(references.relid, relid)
  const found = new Set(relids)
  // A set hands out what is added while it is walked.
  for (const relid of found) for (const writer of writers.get(relid) ?? []) found.add(writer)
  return found
}

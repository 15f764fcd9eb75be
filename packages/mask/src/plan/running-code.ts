// Code of a database's own that runs when its types are read or its relations written.

import type { KnownFunctions } from '../functions/known-functions.ts'
import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { CatalogRelation, CatalogSnapshot, CatalogType } from './catalog.ts'
import { writersOf } from './written-along.ts'

export class RunningCode {
  readonly #functions: KnownFunctions
  readonly #types: ReadonlyMap<number, CatalogType>
  readonly #relations: ReadonlyMap<number, CatalogRelation>
  readonly #knownTypes = new Map<number, boolean>()
  readonly #writes: ReadonlySet<number>

  constructor(catalog: CatalogSnapshot, functions: KnownFunctions) {
    this.#functions = functions
    this.#types = new Map(catalog.types.map((type) => [type.typeId, type]))
    this.#relations = new Map(catalog.relations.map((relation) => [relation.relid, relation]))
    this.#writes = writersOf(
      catalog.relations.filter((relation) => this.#hasCode(relation)).map(({ relid }) => relid),
      catalog,
    )
  }

  /** Its input, output and checks are PostgreSQL's own, and those of everything in it. */
  isKnownType(typeId: number): boolean {
    if (typeId < FIRST_USER_ID) return this.#functions.isType(typeId)
    const known = this.#knownTypes.get(typeId)
    if (known !== undefined) return known
    // A row type may hold an array of itself: what is being asked counts as known until something else says no.
    this.#knownTypes.set(typeId, true)
    const answer = this.#isKnown(this.#types.get(typeId))
    this.#knownTypes.set(typeId, answer)
    return answer
  }

  readsRunCode({ columns }: CatalogRelation): boolean {
    return columns.some(({ type }) => !this.isKnownType(type))
  }

  writesRunCode({ relid }: CatalogRelation): boolean {
    return this.#writes.has(relid)
  }

  #isKnown(type: CatalogType | undefined): boolean {
    if (type === undefined || !type.ioBuiltin || type.checks === 'code') return false
    if (type.base !== null && !this.isKnownType(type.base)) return false
    if (type.kind !== 'c') return true
    const fields = type.relid === null ? undefined : this.#relations.get(type.relid)
    return fields?.columns.every((column) => this.isKnownType(column.type)) ?? false
  }

  #hasCode(relation: CatalogRelation): boolean {
    return (
      this.readsRunCode(relation) ||
      relation.code.some(
        ({ functions }) => functions === null || functions.some((id) => this.#functions.function(id) === undefined),
      )
    )
  }
}

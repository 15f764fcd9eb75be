// The origins of views' columns. Definitions are long and change seldom: each is read once, and known by its hash.

import type { KnownFunctions } from '@sluice/mask'
import { definitionsOf } from './catalog-questions.ts'
import type { CatalogRow, CatalogSession } from './catalog-session.ts'
import { type ColumnOrigin, columnOrigins } from './column-origins.ts'

/** Definitions that are asked for at once. */
const AT_ONCE = 50

/** By `pg_class.oid`, then in the order of the columns. Null where the definition can't be read. */
export type OriginsOfViews = ReadonlyMap<number, readonly ColumnOrigin[] | null>

type Known = { readonly hash: string; readonly origins: readonly ColumnOrigin[] | null }

export class ViewOrigins {
  #known = new Map<number, Known>()

  /** @param definitions relations and hashes of what defines them */
  async read(
    session: CatalogSession,
    definitions: readonly CatalogRow[],
    serverMajor: number,
    functions: KnownFunctions,
  ): Promise<OriginsOfViews> {
    const hashes = new Map(definitions.map(([relid, hash]) => [Number(relid), hash ?? '']))
    const unknown = [...hashes].filter(([relid, hash]) => this.#known.get(relid)?.hash !== hash).map(([relid]) => relid)
    for (let start = 0; start < unknown.length; start += AT_ONCE) {
      const answer = await session.ask(definitionsOf(unknown.slice(start, start + AT_ONCE)))
      for (const [relid, tree] of answer.rows()) {
        const origins = columnOrigins(tree ?? '', serverMajor, functions)
        this.#known.set(Number(relid), { hash: hashes.get(Number(relid)) ?? '', origins })
      }
    }
    this.#known = new Map([...this.#known].filter(([relid]) => hashes.has(relid)))
    return new Map([...this.#known].map(([relid, { origins }]) => [relid, origins]))
  }
}

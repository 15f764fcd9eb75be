// Whether a plan still is about the database as it is.

import type { CatalogSnapshot, PlanView } from '@sluice/mask'
import type { CatalogLook } from './catalog-watch.ts'

/**
 * Either it was made from this very catalog, or it names everything that is in it, as it is: what the masker unites from
 * several nodes may say more than one of them sees.
 */
export function confirms({ databaseId, serverMajor, hash, catalog }: CatalogLook, view: PlanView): boolean {
  const { plan } = view
  if (databaseId !== plan.databaseId || serverMajor !== plan.serverMajor) return false
  return hash === plan.catalogHash || covers(view, catalog)
}

function covers(view: PlanView, { relations, types }: CatalogSnapshot): boolean {
  return (
    types.every(({ typeId, kind }) => view.type(typeId)?.kind === kind) &&
    relations.every(
      ({ relid, kind, columns }) =>
        view.relation(relid)?.kind === kind &&
        columns.every(({ attno, name, type }) => {
          const planned = view.column(relid, attno)
          return planned?.name === name && planned.type === type
        }),
    )
  )
}

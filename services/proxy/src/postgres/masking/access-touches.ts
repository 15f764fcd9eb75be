// Which sensitive columns a statement uses, and how: in the words of records and policies.

import type { Lineage, PlanView, Source, TouchHow } from '@sluice/mask'
import type { AccessTouch } from '@sluice/policy'

const HOW: Readonly<Record<TouchHow, AccessTouch['how']>> = {
  compare: 'compare',
  compute: 'compare',
  count: 'compare',
  group: 'sort',
  sort: 'sort',
}

/** What stands for the tag of free text. */
const SCANNED = 'scanned'

/** Of a table of which no sensitive column is used. */
const CLEAN_COLUMNS = 'clean columns'

/** The tables that it uses, by the names that they have in the database. */
export function objectsOf({ relations }: Lineage, view: PlanView): readonly string[] {
  return relations.flatMap((relid) => {
    const relation = view.relation(relid)
    return relation === undefined ? [] : `${relation.schema}.${relation.name}`
  })
}

/** @param objects those that it uses */
export function accessTouches(lineage: Lineage, objects: readonly string[], view: PlanView): readonly AccessTouch[] {
  const found = new Map<string, AccessTouch>()
  const add = (source: Source, how: AccessTouch['how']): void => {
    const relation = view.relation(source.relid)
    const column = view.column(source.relid, source.attno)?.name ?? source.name.slice(source.name.lastIndexOf('.') + 1)
    const object = relation === undefined ? source.name : `${relation.schema}.${relation.name}`
    for (const tag of source.tags.length === 0 ? [SCANNED] : source.tags) {
      found.set(`${object} ${column} ${tag} ${how}`, { object, column, tag, how })
    }
  }
  for (const { sources } of lineage.outputs) for (const source of sources) add(source, 'output')
  for (const { sources, how } of lineage.touches) for (const source of sources) add(source, HOW[how])
  for (const { sources } of lineage.sinks) for (const source of sources) add(source, 'write')
  const touched = new Set([...found.values()].map(({ object }) => object))
  for (const object of objects) {
    if (!touched.has(object)) found.set(object, { object, column: CLEAN_COLUMNS, tag: null, how: 'output' })
  }
  return [...found.values()]
}

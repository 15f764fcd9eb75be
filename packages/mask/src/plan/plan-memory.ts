// What was said of columns and must not be forgotten: comments, labels and findings, and names that gave a tag. It
// belongs to relation and attribute number, so that a RENAME, a comment that is gone or a node that lies loses none.

import { zstdCompressSync } from 'node:zlib'
import { z } from 'zod'
import type { CatalogColumn, CatalogRelation, CatalogSnapshot } from './catalog.ts'
import { type ColumnKey, columnKey } from './column-key.ts'
import { tagsInText } from './comment-tags.ts'
import { tagSchema } from './masking-rules.ts'
import type { Tag } from './plan.ts'
import { unpack } from './unpack.ts'

/** Columns of which something is kept, for each connection. Beyond it those that are gone are forgotten first. */
export const MAX_REMEMBERED_COLUMNS = 200_000
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024
const MAX_NAMES = 8
const MAX_NOTED = 32

export type PlaceName = { readonly schema: string; readonly table: string; readonly column: string }

export type Noted = { readonly tag: Tag; readonly by: 'comment' | 'label' | 'finding' }

export type ColumnMemory = {
  readonly relid: number
  readonly attno: number
  /** As it is called now. */
  readonly place: PlaceName
  /** As it was called before, the newest last. */
  readonly names: readonly PlaceName[]
  readonly noted: readonly Noted[]
}

export type PlanMemory = {
  /** `pg_database.oid`: the ids of another database mean other columns. */
  readonly databaseId: number
  readonly columns: readonly ColumnMemory[]
}

export const NO_MEMORY: PlanMemory = { databaseId: 0, columns: [] }

const keyOf = ({ relid, attno }: ColumnMemory): ColumnKey => columnKey(relid, attno)
const sameName = (a: PlaceName, b: PlaceName): boolean =>
  a.schema === b.schema && a.table === b.table && a.column === b.column
const nameKey = ({ schema, table, column }: PlaceName): string => JSON.stringify([schema, table, column])

/**
 * The memory after a catalog was seen.
 * @param isTelling whether a name gives a tag: only such columns' names are kept
 */
export function remember(
  memory: PlanMemory,
  catalog: CatalogSnapshot,
  isTelling: (place: PlaceName, column: CatalogColumn) => boolean,
): PlanMemory {
  const sameDatabase = memory.databaseId === catalog.databaseId
  const there = new Set(catalog.relations.map(({ relid }) => relid))
  const isGone = (kept: ColumnMemory): boolean => !sameDatabase || !there.has(kept.relid)
  const byId = new Map(memory.columns.filter((kept) => !isGone(kept)).map((kept) => [keyOf(kept), kept]))
  const byName = new Map(memory.columns.filter(isGone).map((kept) => [nameKey(kept.place), kept]))
  const now: ColumnMemory[] = []
  const seen = new Set<string>()
  for (const relation of catalog.relations) {
    for (const column of relation.columns) {
      const place = placeOf(relation, column)
      const key = columnKey(relation.relid, column.attno)
      seen.add(key)
      // A table that was made anew under the same name holds the same.
      const kept = byId.get(key) ?? byName.get(nameKey(place))
      const noted = unite(kept?.noted ?? [], notedIn(column, relation))
      const names = formerNames(kept, place)
      if (noted.length === 0 && names.length === 0 && !isTelling(place, column)) continue
      now.push({ relid: relation.relid, attno: column.attno, place, names, noted })
    }
  }
  // Ids of another database mean nothing here; of this one, what is gone may come back with the next catalog.
  const gone = sameDatabase ? memory.columns.filter((kept) => !seen.has(keyOf(kept))) : []
  const room = Math.max(0, MAX_REMEMBERED_COLUMNS - now.length)
  return { databaseId: catalog.databaseId, columns: [...(room === 0 ? [] : gone.slice(-room)), ...now] }
}

/** The memory after a finding said what a column holds. */
export function withFinding(memory: PlanMemory, at: Omit<ColumnMemory, 'names' | 'noted'>, tag: Tag): PlanMemory {
  const { relid, attno, place } = at
  const key = columnKey(relid, attno)
  const noted: readonly Noted[] = [{ tag, by: 'finding' }]
  const isKnown = memory.columns.some((kept) => keyOf(kept) === key)
  const columns = memory.columns.map((kept) =>
    keyOf(kept) === key ? { ...kept, noted: unite(kept.noted, noted) } : kept,
  )
  return { ...memory, columns: isKnown ? columns : [...columns, { relid, attno, place, names: [], noted }] }
}

export function placeOf({ schema, name }: Pick<CatalogRelation, 'schema' | 'name'>, column: CatalogColumn): PlaceName {
  return { schema, table: name, column: column.name }
}

/** A comment on a table speaks of all its columns. */
export function notedIn(column: CatalogColumn, relation: CatalogRelation): readonly Noted[] {
  const comments = [...tagsInText(relation.comment), ...tagsInText(column.comment)]
  const labels = column.labels.flatMap(tagsInText)
  return [
    ...comments.map((tag) => ({ tag, by: 'comment' as const })),
    ...labels.map((tag) => ({ tag, by: 'label' as const })),
  ]
}

function unite(before: readonly Noted[], more: readonly Noted[]): readonly Noted[] {
  const added = more.filter(({ tag, by }) => !before.some((kept) => kept.tag === tag && kept.by === by))
  return [...before, ...added].slice(0, MAX_NOTED)
}

function formerNames(kept: ColumnMemory | undefined, place: PlaceName): readonly PlaceName[] {
  if (kept === undefined) return []
  if (sameName(kept.place, place)) return kept.names
  return [...kept.names.filter((name) => !sameName(name, kept.place)), kept.place].slice(-MAX_NAMES)
}

const placeSchema = z.strictObject({ schema: z.string(), table: z.string(), column: z.string() })

const memorySchema: z.ZodType<PlanMemory> = z.strictObject({
  databaseId: z.int().min(0),
  columns: z
    .array(
      z.strictObject({
        relid: z.int().min(1),
        attno: z.int().min(1),
        place: placeSchema,
        names: z.array(placeSchema).max(MAX_NAMES),
        noted: z.array(z.strictObject({ tag: tagSchema, by: z.enum(['comment', 'label', 'finding']) })).max(MAX_NOTED),
      }),
    )
    .max(MAX_REMEMBERED_COLUMNS),
})

export function packMemory(memory: PlanMemory): Buffer {
  return zstdCompressSync(JSON.stringify(memory))
}

/** Throws PeerInvalid `record_malformed`. */
export function unpackMemory(bytes: Buffer): PlanMemory {
  return unpack(memorySchema, bytes, MAX_UNPACKED_BYTES, 'what a plan remembers')
}

// A catalog and what people, the database and findings say of it become a plan: every column has a verdict, and says why.

import { createHash } from 'node:crypto'
import type { KnownFunctions } from '../functions/known-functions.ts'
import { FIRST_USER_ID } from '../functions/object-ids.ts'
import {
  type CatalogColumn,
  type CatalogRelation,
  type CatalogSnapshot,
  canonicalCatalog,
  catalogHash,
} from './catalog.ts'
import { type ColumnState, closeTags } from './close-tags.ts'
import { columnKey } from './column-key.ts'
import { LocalVerdicts } from './local-verdict.ts'
import { madeColumns } from './made-columns.ts'
import { type MaskingRules, tagRuleOf } from './masking-rules.ts'
import { type MaskPlan, type PlannedRelation, type Tag, type TagRule, UNKNOWN_TAG } from './plan.ts'
import { type PlanMemory, remember } from './plan-memory.ts'
import { reachableFrom } from './reachable.ts'
import { RunningCode } from './running-code.ts'
import { isCleanOwn, isDerived, valueFlows } from './value-flows.ts'
import { writersOf } from './written-along.ts'

export type PlanMaking = {
  readonly catalog: CatalogSnapshot
  /** Of the newest catalog, where it was united of several: by it nodes know that the plan is about what they see. */
  readonly hash?: string
  readonly rules: MaskingRules
  /** Of the plan before; what the catalog says is added to it. */
  readonly memory: PlanMemory
  /** Of the catalog's version and standard objects. */
  readonly functions: KnownFunctions
  /** Microseconds since the epoch, UTC. */
  readonly madeAt: number
}

/** Deterministic: the same facts make a plan of the same version, in whatever order they come. */
export function makePlan(making: PlanMaking): { readonly plan: MaskPlan; readonly memory: PlanMemory } {
  const { rules, functions, madeAt } = making
  const catalog = canonicalCatalog(making.catalog)
  const local = new LocalVerdicts(catalog, rules)
  const memory = remember(making.memory, catalog, (place, column) => local.isTelling(place, column))
  const states = verdictsOf(catalog, local, memory, functions)
  const code = new RunningCode(catalog, functions)
  const made = madeColumns(catalog)
  const relations = catalog.relations.map(
    (relation): PlannedRelation => ({
      relid: relation.relid,
      schema: relation.schema,
      name: relation.name,
      kind: relation.kind,
      readsRunCode: code.readsRunCode(relation),
      writesRunCode: code.writesRunCode(relation),
      placedByValue: isPlacedByValue(relation, states),
      ...(isOrderedByValue(relation, states) ? { orderedByValue: true as const } : {}),
      columns: relation.columns.map((column) => {
        const key = columnKey(relation.relid, column.attno)
        const { verdict, tags, why } = states.get(key) as ColumnState
        return {
          attno: column.attno,
          name: column.name,
          type: column.type,
          verdict,
          tags,
          why,
          ...(column.generatedFrom === null ? {} : { generated: true as const }),
          ...(made.has(key) ? { made: true as const } : {}),
        }
      }),
    }),
  )
  const content = {
    connection: catalog.connection,
    databaseId: catalog.databaseId,
    serverMajor: catalog.serverMajor,
    catalogHash: making.hash ?? catalogHash(catalog),
    relations: withWrittenAlong(withPlacesOfChildren(relations, catalog), catalog),
    types: catalog.types.map(({ typeId, kind, base, relid }) => ({
      typeId,
      kind,
      base,
      known: code.isKnownType(typeId),
      relid,
    })),
    standard: catalog.standard,
    tags: tagRules(rules, relations),
  }
  const version = createHash('sha256')
    .update(JSON.stringify(['sluice-plan-v1', content]))
    .digest('hex')
  return { plan: { ...content, version, madeAt }, memory }
}

function verdictsOf(
  catalog: CatalogSnapshot,
  local: LocalVerdicts,
  memory: PlanMemory,
  functions: KnownFunctions,
): ReadonlyMap<string, ColumnState> {
  const remembered = new Map(memory.columns.map((kept) => [columnKey(kept.relid, kept.attno), kept]))
  const states = new Map<string, ColumnState>()
  for (const relation of catalog.relations) {
    for (const column of relation.columns) {
      const key = columnKey(relation.relid, column.attno)
      const state =
        relation.relid < FIRST_USER_ID
          ? ownState(relation, column, functions)
          : local.of(relation, column, remembered.get(key), isDerived(relation, column))
      // A view is only a name for what it reads: no rule makes it cleaner than that.
      states.set(key, relation.kind === 'v' ? { ...state, final: false } : state)
    }
  }
  return closeTags(states, valueFlows(catalog, functions))
}

/** PostgreSQL's own: what the reviewed list says. Tables of information_schema have ids that differ by build. */
function ownState(relation: CatalogRelation, { attno }: CatalogColumn, functions: KnownFunctions): ColumnState {
  const { relid, kind, schema } = relation
  const clean = kind === 'v' || schema === 'information_schema' || isCleanOwn(relid, attno, functions)
  return clean
    ? { verdict: 'clean', tags: [], why: 'PostgreSQL’s own', final: false }
    : { verdict: 'tagged', tags: [UNKNOWN_TAG], why: 'PostgreSQL’s own, not for reading', final: false }
}

function isPlacedByValue(
  { relid, placedBy, columns }: CatalogRelation,
  states: ReadonlyMap<string, ColumnState>,
): boolean {
  const attnos = placedBy ?? columns.map(({ attno }) => attno)
  return attnos.some((attno) => states.get(columnKey(relid, attno))?.verdict !== 'clean')
}

/**
 * An index of one column alone is read where a statement asks for that column. One of several is also read for another
 * one, and one that has not all rows for its condition: then they come in the order of its columns.
 */
function isOrderedByValue(
  { relid, indexes, columns }: CatalogRelation,
  states: ReadonlyMap<string, ColumnState>,
): boolean {
  return indexes.some((index) => {
    const attnos = index.columns ?? columns.map(({ attno }) => attno)
    const mayBeRead = index.partial || index.columns === null || attnos.length > 1
    return mayBeRead && attnos.some((attno) => states.get(columnKey(relid, attno))?.verdict !== 'clean')
  })
}

function withWrittenAlong(relations: readonly PlannedRelation[], catalog: CatalogSnapshot): readonly PlannedRelation[] {
  const isClean = ({ columns }: PlannedRelation): boolean => columns.every(({ verdict }) => verdict === 'clean')
  const sensitive = relations.filter((each) => !isClean(each)).map(({ relid }) => relid)
  const writers = writersOf(sensitive, catalog)
  return relations.map((each) =>
    isClean(each) && writers.has(each.relid) ? { ...each, writesAlong: true as const } : each,
  )
}

/** Tables partitioned by a sensitive column, all of their parts, and what these are parts of. */
function splitByValue(
  relations: readonly PlannedRelation[],
  parents: ReadonlyMap<number, readonly number[]>,
): ReadonlySet<number> {
  const split = relations.flatMap(({ kind, placedByValue, relid }) => (kind === 'p' && placedByValue ? relid : []))
  const links = [...parents].flatMap(([child, above]) => above.map((parent) => ({ child, parent })))
  const children = Map.groupBy(links, ({ parent }) => parent)
  const roots = reachableFrom(split, (relid) => parents.get(relid))
  return reachableFrom(roots, (relid) => children.get(relid)?.map(({ child }) => child))
}

/** Rows of a child are seen through its parent. */
function withPlacesOfChildren(
  relations: readonly PlannedRelation[],
  catalog: CatalogSnapshot,
): readonly PlannedRelation[] {
  const parents = new Map(catalog.relations.map(({ relid, parents: above }) => [relid, above]))
  const withParents = (children: readonly PlannedRelation[]): ReadonlySet<number> =>
    reachableFrom(
      children.map(({ relid }) => relid),
      (relid) => parents.get(relid),
    )
  const placed = withParents(relations.filter(({ placedByValue }) => placedByValue))
  const ordered = withParents(relations.filter(({ orderedByValue }) => orderedByValue === true))
  const split = splitByValue(relations, parents)
  return relations.map((relation) => ({
    ...relation,
    placedByValue: placed.has(relation.relid),
    ...(ordered.has(relation.relid) ? { orderedByValue: true as const } : {}),
    ...(split.has(relation.relid) ? { splitByValue: true as const } : {}),
  }))
}

/** Also of tags that no column has: detectors find them in texts. */
function tagRules(rules: MaskingRules, relations: readonly PlannedRelation[]): Readonly<Record<Tag, TagRule>> {
  const occurring = relations.flatMap(({ columns }) => columns.flatMap(({ tags }) => tags))
  const detected = rules.detectors.map(({ tag }) => tag)
  const tags = [...new Set([...Object.keys(rules.tags), ...detected, ...occurring, UNKNOWN_TAG])].sort()
  return Object.fromEntries(tags.map((tag) => [tag, tagRuleOf(rules, tag)]))
}

// What is found while a tree is read, each once.

import { columnKey } from '../plan/column-key.ts'
import { UNKNOWN_TAG } from '../plan/plan.ts'
import type { PlanView } from '../plan/plan-view.ts'
import type { TreeNode } from '../tree/node.ts'
import type { ColumnRef, LineageObjection, SensitiveValue, Sink, Source, Touch, TouchHow } from './lineage.ts'
import { numberAt } from './node-access.ts'

/** As an operation. */
export const FULL_JOIN = 'FULL JOIN'

/** Who reads a refusal reads one; the rest is for reports. */
const MAX_OBJECTIONS = 50

const idOf = ({ relid, attno }: ColumnRef): string => columnKey(relid, attno)

export class Facts {
  readonly #view: PlanView
  readonly touches = new Map<string, Touch>()
  readonly sinks = new Map<string, Sink>()
  readonly values = new Map<string, SensitiveValue>()
  readonly relations = new Set<number>()
  readonly unplanned = new Set<number>()
  countsDistinct = false
  /** Inside of so many conditions of FULL JOIN. */
  fullJoins = 0
  readonly unknown = new Map<string, LineageObjection>()
  /** Columns that the statement writes. */
  readonly #written = new Set<string>()
  readonly #sources: Map<string, Source>
  /** Inside of what the owner of a table wrote: row policies. */
  #owners = 0

  /** `sources`: the same for all passes over a tree. */
  constructor(view: PlanView, sources: Map<string, Source>) {
    this.#view = view
    this.#sources = sources
  }

  /** The same object for the same column, so that sets of them are sets. */
  source(column: Source): Source {
    const id = idOf(column)
    const known = this.#sources.get(id)
    if (known !== undefined) return known
    this.#sources.set(id, column)
    return column
  }

  /** A column that the plan doesn't know, or knows as another one. */
  unknownColumn(column: ColumnRef, name: string): Source {
    return this.source({ ...column, name, verdict: 'tagged', tags: [UNKNOWN_TAG] })
  }

  /** A sensitive column of the plan; null where it is clean. `called`: what the tree says of it, as far as it does. */
  column(column: ColumnRef, called: { readonly name: string | null; readonly type: number | null }): Source | null {
    const relation = this.#view.relation(column.relid)
    const planned = this.#view.column(column.relid, column.attno)
    const table = relation === undefined ? `relation ${column.relid}` : `${relation.schema}.${relation.name}`
    const other =
      planned === undefined ||
      (called.name !== null && called.name !== planned.name) ||
      (called.type !== null && called.type !== planned.type)
    if (other) return this.unknownColumn(column, `${table}.${called.name ?? planned?.name ?? column.attno}`)
    const { verdict, tags, name } = planned
    if (verdict === 'clean') return null
    const known = verdict === 'tagged' && tags.length === 0 ? [UNKNOWN_TAG] : tags
    return this.source({ ...column, name: `${table}.${name}`, verdict, tags: known })
  }

  /** A use that shows nothing by itself, but tells of the value. */
  touch(sources: readonly Source[], how: TouchHow, operation: string): void {
    this.equality(sources, 'other', operation, { how, values: null, literals: [], parameters: [] })
  }

  equality(
    sources: readonly Source[],
    kind: Touch['kind'],
    operation: string,
    { how = 'compare', ...constants }: Pick<Touch, 'values' | 'literals' | 'parameters'> & { how?: TouchHow },
  ): void {
    if (this.#owners > 0 || sources.length === 0) return
    const isFull = kind === 'tags' && this.fullJoins > 0
    const touch: Touch = isFull
      ? { sources, how: 'sort', operation: FULL_JOIN, kind: 'other', ...constants }
      : { sources, how, operation, kind, ...constants }
    const key = [
      touch.kind,
      touch.how,
      touch.operation,
      sources.map(idOf).join(),
      constants.literals.join(),
      constants.parameters.join(),
    ]
    this.touches.set(key.join(' '), touch)
  }

  wrote(column: ColumnRef): void {
    this.#written.add(idOf(column))
  }

  hasWritten(column: ColumnRef): boolean {
    return this.#written.has(idOf(column))
  }

  sink(target: ColumnRef, targetName: string, sources: readonly Source[]): void {
    this.sinks.set(`${idOf(target)} ${sources.map(idOf).join()}`, { target, targetName, sources })
  }

  /** Literals and parameters that stand for values of such a column. */
  sensitiveLiterals(nodes: readonly TreeNode[], sources: readonly Source[]): void {
    if (this.#owners > 0) return
    const tags = new Set(sources.flatMap(({ tags }) => (tags.length === 0 ? [UNKNOWN_TAG] : tags)))
    for (const node of nodes) {
      const parameter = node.node === 'PARAM' ? numberAt(node, 'paramid') : null
      const location = parameter === null ? numberAt(node, 'location') : null
      // A literal of a view or a default is not in the statement's text.
      if (location !== null && location < 0) continue
      for (const tag of tags) this.values.set(`${location} ${parameter} ${tag}`, { location, parameter, tag })
    }
  }

  objection(code: string, what: string, hint: string | null = null): void {
    if (this.unknown.size < MAX_OBJECTIONS) this.unknown.set(`${code} ${what}`, { code, what, hint })
  }

  /** What the owner of a table wrote is no use by the client, but it is read for what is not understood. */
  asOwner(read: () => void): void {
    this.#owners += 1
    try {
      read()
    } finally {
      this.#owners -= 1
    }
  }
}

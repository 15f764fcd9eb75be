// What is known of a column by itself: rules, comments, findings, name, type. Where its values come from is not looked at.

import type { CatalogColumn, CatalogRelation, CatalogSnapshot, CatalogType } from './catalog.ts'
import type { ColumnState } from './close-tags.ts'
import { type ColumnPattern, isExact, matchesColumn, namePartsOf, readColumnPattern } from './column-pattern.ts'
import type { ColumnRule, MaskingRules } from './masking-rules.ts'
import { isOrdinaryName, tagByName } from './name-tags.ts'
import { type Tag, UNKNOWN_TAG, type Verdict } from './plan.ts'
import { type ColumnMemory, type Noted, notedIn, type PlaceName, placeOf } from './plan-memory.ts'
import { type TypeClass, typeClassOf, valueClassOf } from './type-verdict.ts'

/** No format of anything sensitive is as short. */
const SHORT_CHARACTERS = 8

type CompiledRule = ColumnRule & { readonly pattern: ColumnPattern; readonly index: number; readonly exact: boolean }

export class LocalVerdicts {
  readonly #connection: string
  readonly #rules: readonly CompiledRule[]
  readonly #types: ReadonlyMap<number, CatalogType>

  constructor(catalog: Pick<CatalogSnapshot, 'connection' | 'types'>, rules: MaskingRules) {
    this.#connection = catalog.connection
    this.#rules = rules.columns.map((rule, index) => {
      const pattern = readColumnPattern(rule.match)
      if (pattern === null) throw new TypeError(`${rule.match} is no pattern: rules are parsed before they are used`)
      return { ...rule, pattern, index, exact: isExact(pattern) }
    })
    this.#types = new Map(catalog.types.map((type) => [type.typeId, type]))
  }

  /** Whether a name gives a tag, by a rule or as it is. */
  isTelling(place: PlaceName, column: CatalogColumn): boolean {
    return this.#tagOf(place, column) !== null
  }

  /**
   * @param kept what was said of it before, if anything
   * @param derived its values are computed from other columns: then its type says nothing more of them
   */
  of(relation: CatalogRelation, column: CatalogColumn, kept: ColumnMemory | undefined, derived: boolean): ColumnState {
    const place = placeOf(relation, column)
    const rule = this.#ruleOf(place)
    if (rule?.exact === true) return this.#byExactRule(rule, relation, column)
    const tags = new Map<Tag, string>()
    const add = (tag: Tag, why: string): void => {
      if (!tags.has(tag)) tags.set(tag, why)
    }
    if (rule?.tag !== undefined) add(rule.tag, ruleWhy(rule))
    for (const { tag, by } of allNoted(kept, relation, column)) add(tag, by)
    for (const former of kept?.names ?? []) {
      const tag = this.#tagOf(former, column)
      if (tag !== null) add(tag, `was ${shown(former)} before`)
    }
    if (rule === null) {
      const tag = this.#tagByName(column.name, column)
      if (tag !== null) add(tag, 'name')
    }
    if (relation.kind === 'f' && rule === null) add(UNKNOWN_TAG, 'foreign table')
    if (tags.size > 0) return tagged(tags)
    if (rule?.verdict !== undefined) return { verdict: rule.verdict, tags: [], why: ruleWhy(rule), final: false }
    return derived
      ? { verdict: 'clean', tags: [], why: 'computed from clean columns', final: false }
      : byType(column.name, typeClassOf(column, this.#types))
  }

  /** Only this takes tags away; comments still add to a tag, and nothing adds to `clean`. */
  #byExactRule(rule: CompiledRule, relation: CatalogRelation, column: CatalogColumn): ColumnState {
    const why = ruleWhy(rule)
    if (rule.tag === undefined) return { verdict: rule.verdict ?? 'scanned', tags: [], why, final: true }
    const tags = new Map([[rule.tag, why]])
    for (const { tag, by } of notedIn(column, relation)) if (!tags.has(tag)) tags.set(tag, by)
    return { ...tagged(tags), final: true }
  }

  #tagOf(place: PlaceName, column: CatalogColumn): Tag | null {
    const rule = this.#ruleOf(place)
    return rule === null ? this.#tagByName(place.column, column) : (rule.tag ?? null)
  }

  #tagByName(name: string, column: CatalogColumn): Tag | null {
    return tagByName(name, valueClassOf(typeClassOf(column, this.#types)))
  }

  #ruleOf({ schema, table, column }: PlaceName): CompiledRule | null {
    if (this.#rules.length === 0) return null
    const name = namePartsOf({ connection: this.#connection, schema, table, column })
    // `SSN` must not escape a tag of `ssn`; what is said to be harmless has to be called exactly so.
    return this.#rules.find(({ pattern, verdict }) => matchesColumn(pattern, name, verdict !== undefined)) ?? null
  }
}

function allNoted(kept: ColumnMemory | undefined, relation: CatalogRelation, column: CatalogColumn): readonly Noted[] {
  return [...notedIn(column, relation), ...(kept?.noted ?? [])]
}

function tagged(tags: ReadonlyMap<Tag, string>): ColumnState {
  const why = [...new Set(tags.values())].slice(0, 4).join(', ')
  return { verdict: 'tagged', tags: [...tags.keys()].sort(), why, final: false }
}

function byType(name: string, type: TypeClass): ColumnState {
  const of = (verdict: Verdict, why: string, tags: readonly Tag[] = []): ColumnState => ({
    verdict,
    tags,
    why,
    final: false,
  })
  switch (type.kind) {
    case 'plain':
      return of('clean', 'type')
    case 'free':
      return of('scanned', 'type')
    case 'characters':
      if (type.width !== null && type.width <= SHORT_CHARACTERS) return of('clean', 'short')
      return isOrdinaryName(name) ? of('clean', 'name') : of('scanned', 'free text')
    // What its fields are is added where sources are followed.
    case 'row':
      return of('clean', 'fields')
    case 'unknown':
      return of('tagged', 'type not known', [UNKNOWN_TAG])
    default:
      return type satisfies never
  }
}

function ruleWhy({ index, match }: CompiledRule): string {
  return `sluice.yaml rule ${index + 1} (${match.length > 120 ? `${match.slice(0, 119)}…` : match})`
}

function shown({ schema, table, column }: PlaceName): string {
  return `${schema}.${table}.${column}`
}

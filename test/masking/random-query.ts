// Random statements over the schema, the same for the same seed. About half of them keep to what the default rules let
// pass; the others use sensitive values where they may not be used.

import { RELATIONS } from './random-query-schema.ts'
import { RandomSelects } from './random-query-selects.ts'
import { Choices, seedOf } from './random-query-source.ts'
import { RandomWrites } from './random-query-writes.ts'

/** How a client sends it. */
export const WAYS = [
  'simple',
  'extended',
  'binary',
  'prepared twice',
  'cursor',
  'copy text',
  'copy csv',
  'copy binary',
  'explain',
] as const

export type Way = (typeof WAYS)[number]

export type RandomQuery = {
  /** `seed:index` gives the same query again. */
  readonly name: string
  readonly way: Way
  readonly writes: boolean
  /** With `⟦3⟧` for the third value of the tag pii.ssn, whatever that is. */
  readonly template: string
}

/** EXPLAIN repeats the constants that a query has. */
const WITHOUT_CONSTANTS: Way = 'explain'
const CONSTANT = /⟦(\d+)⟧/g
const READING_WAYS: readonly Way[] = [...WAYS, 'simple', 'simple', 'simple', 'extended', 'extended', 'binary']
const WRITING_WAYS: readonly Way[] = ['simple', 'simple', 'extended', 'binary']

export function randomQuery(seed: number, index: number): RandomQuery {
  const choices = new Choices(seedOf(seed, index))
  const writes = choices.chance(0.15)
  const daring = choices.chance(0.6) ? 0 : choices.of([0.15, 0.3, 0.6])
  const selects = new RandomSelects(choices, daring)
  const way = choices.of(writes ? WRITING_WAYS : READING_WAYS)
  const template = writes ? new RandomWrites(choices, selects).statement() : selects.statement()
  return {
    name: `${seed}:${index}`,
    way,
    writes,
    template: way === WITHOUT_CONSTANTS ? template.replaceAll(CONSTANT, "'nobody'") : template,
  }
}

/** What depends on the order of rows though it does not show it. */
const FROM_ORDER = /\blimit\b|\bfetch\b|_agg\(|over \(|\[\d|distinct on|array\(|recursive/
/** Whole rows, or columns that are named once. */
const JOINED_BY_NAME = /natural join|using \(|\bc = d\b/
const COMPARED = /\b\w+\.(\w+)(?:::text)? (?:= (?:any \(array\(select )?|(?:not )?in \(select )\(?\w+\.(\w+)/g
/** Names that sensitive columns have somewhere; names that sub-selects and aliases give may stand for any. */
const SENSITIVE_NAMES = new Set(
  RELATIONS.flatMap(({ columns }) => columns.filter(({ tag }) => tag !== null).map(({ name }) => name)),
)
const mayBeSensitive = (name = ''): boolean => SENSITIVE_NAMES.has(name) || /^[oc]\d+$/.test(name)

/**
 * Equality of two columns of a tag is allowed, and the server may then join in their order or in that of their hashes.
 * `rows`: so the order of the rows may tell of values. `all`: by it everything may.
 */
export function toldByOrder({ template }: RandomQuery): 'nothing' | 'rows' | 'all' {
  const compared = [...template.matchAll(COMPARED)].some(([, a, b]) => mayBeSensitive(a) && mayBeSensitive(b))
  if (!compared && !JOINED_BY_NAME.test(template)) return 'nothing'
  return FROM_ORDER.test(template) ? 'all' : 'rows'
}

/** The text for one of the databases. */
export const rendered = (template: string, constant: (index: number) => string): string =>
  template.replaceAll(CONSTANT, (_match, index: string) => `'${constant(Number(index))}'`)

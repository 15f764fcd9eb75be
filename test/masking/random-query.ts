// Random statements over the schema, the same for the same seed. About half of them keep to what the default rules let
// pass; the others use sensitive values where they may not be used.

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

/** The text for one of the databases. */
export const rendered = (template: string, constant: (index: number) => string): string =>
  template.replaceAll(CONSTANT, (_match, index: string) => `'${constant(Number(index))}'`)

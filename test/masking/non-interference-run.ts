// One run: which queries, and what came of them. A run can be repeated: SLUICE_QUERY_SEED=7 gives the seed,
// SLUICE_QUERY_SEED=7:42 one query of it, SLUICE_QUERY_COUNT more queries than the suite has time for.

import { type RandomQuery, randomQuery } from './random-query.ts'

export type Outcome = {
  readonly refused: boolean
  readonly failed: boolean
  /** What the two clients saw; null where it was the same. */
  readonly difference: readonly [left: string, right: string] | null
}

export type Run = {
  readonly seed: number
  readonly queries: number
  readonly shown: number
  readonly failed: number
  readonly refused: number
  readonly differences: readonly string[]
}

const MAX_SHOWN = 5
const [givenSeed, givenIndex] = (process.env['SLUICE_QUERY_SEED'] ?? '').split(':')
const givenCount = process.env['SLUICE_QUERY_COUNT']

export type RunBounds = {
  readonly count: number
  /** No query begins later. */
  readonly withinMs: number
  /** How many are asked at a time. */
  readonly lanes: number
  readonly accepts: (query: RandomQuery) => boolean
}

export const newSeed = (): number => (givenSeed ? Number(givenSeed) : Date.now() % 1_000_000)

/** Asks `count` queries, or as many as there is time for. */
export async function runQueries(
  seed: number,
  bounds: RunBounds,
  ask: (query: RandomQuery, lane: number) => Promise<Outcome>,
): Promise<Run> {
  const run = { seed, queries: 0, shown: 0, failed: 0, refused: 0, differences: [] as string[] }
  const until = performance.now() + (givenCount === undefined ? bounds.withinMs : Number.POSITIVE_INFINITY)
  const count = givenCount === undefined ? bounds.count : Number(givenCount)
  let index = givenIndex === undefined ? 0 : Number(givenIndex)
  const lane = async (number: number): Promise<void> => {
    while (run.queries < (givenIndex === undefined ? count : 1) && performance.now() < until) {
      const query = randomQuery(seed, index++)
      if (!bounds.accepts(query)) {
        if (givenIndex !== undefined) return
        continue
      }
      run.queries += 1
      const { refused, failed, difference } = await ask(query, number)
      if (refused) run.refused += 1
      else if (failed) run.failed += 1
      else run.shown += 1
      if (difference !== null) run.differences.push(described(query, difference))
    }
  }
  await Promise.all(Array.from({ length: bounds.lanes }, (_, number) => lane(number)))
  return run
}

const described = ({ name, way, template }: RandomQuery, [left, right]: readonly [string, string]): string =>
  `${name} (${way}): ${template}\n  left  ${left.slice(0, 300)}\n  right ${right.slice(0, 300)}`

/** For people: how much of it was permitted. */
export const summary = (what: string, { seed, queries, shown, failed, refused }: Run): string =>
  `${what}: seed ${seed}, ${queries} queries, ${shown} shown, ${failed} failed, ${refused} refused`

export const firstOf = (differences: readonly string[]): readonly string[] => differences.slice(0, MAX_SHOWN)

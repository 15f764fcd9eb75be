// The same proof without a gateway: what is decided of a statement's tree, carried out to the letter, hides every
// difference between two databases that differ in nothing but sensitive values.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTwins, type Twins } from './non-interference-databases.ts'
import { DecidedSession } from './non-interference-lineage.ts'
import { firstOf, newSeed, runQueries, summary } from './non-interference-run.ts'
import { type Side, ssnOf } from './non-interference-values.ts'
import { type RandomQuery, rendered } from './random-query.ts'

const firstDifference = (left: string, right: string): readonly [string, string] => {
  const [lines, others] = [left.split('\n'), right.split('\n')]
  const at = lines.findIndex((line, index) => line !== others[index])
  return [`${at}: ${lines[at]}`, `${at}: ${others[at]}`]
}

describe.each([15, 16] as const)('by its lineage on PostgreSQL %i', (major) => {
  let twins: Twins
  let sessions: Readonly<Record<Side, DecidedSession>>

  beforeAll(async () => {
    twins = await startTwins(major)
    sessions = { left: await DecidedSession.open(twins, 'left'), right: await DecidedSession.open(twins, 'right') }
  }, 60_000)
  afterAll(async () => {
    await sessions?.left.end()
    await sessions?.right.end()
    await twins?.stop()
  })

  it('no statement tells of the values', { timeout: 600_000 }, async () => {
    const see = (side: Side, { template }: RandomQuery) =>
      sessions[side].see(rendered(template, (index) => ssnOf(side, index)))
    const bounds = { count: 1000, withinMs: 6_000, lanes: 1, accepts: () => true }
    const run = await runQueries(newSeed(), bounds, async (query) => {
      const [left, right] = await Promise.all([see('left', query), see('right', query)])
      const same = left.text === right.text
      return {
        refused: !left.permitted,
        failed: /^(?:error|parse)/.test(left.text),
        difference: same ? null : firstDifference(left.text, right.text),
      }
    })
    console.info(summary(`random statements by lineage on PostgreSQL ${major}`, run))
    expect(firstOf(run.differences)).toEqual([])
    expect(run.shown / run.queries).toBeGreaterThan(1 / 3)
  })
})

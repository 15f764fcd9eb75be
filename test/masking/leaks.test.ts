// Attacks on masked values, each on two databases that differ in nothing else: what comes back must be the same, byte for
// byte, and no value may be found in it in any form.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Login } from '../stand/proxy.ts'
import { bindAs, execute, logIn, parse, seenIn, sync } from '../stand/wire-client.ts'
import { NO_CONSTANTS, SERIES } from './leaks-budgets.ts'
import { CHANGES } from './leaks-changes.ts'
import { type Attack, endOf, runSteps, type Step } from './leaks-client.ts'
import { type LeakMajor, type LeakStand, startLeakStand } from './leaks-database.ts'
import * as expressions from './leaks-expressions.ts'
import { MESSAGES } from './leaks-messages.ts'
import { NAMES } from './leaks-names.ts'
import * as oracles from './leaks-oracles.ts'
import { REFUSED_PLACES } from './leaks-places.ts'
import { SIDES, type Side, tracesOf } from './leaks-values.ts'
import * as writes from './leaks-writes.ts'

const ROWS = 40
const REFUSED = 'refused 42501'
/** The built-in budget. */
const PER_DAY = 50
/** Numbers of two digits from here on. */
const FIRST = 10

type Since = readonly (readonly [since: number, text: string])[]

/** Each text in a transaction that nobody ends. */
const attacks = (ends: string, major: LeakMajor, texts: readonly string[], since: Since = []): Attack[] =>
  [...texts, ...since.filter(([from]) => from <= major).map(([, text]) => text)].map((text) => ({
    name: text,
    steps: ['begin', text],
    ends,
  }))

const failing = (): Attack[] =>
  writes.FAILING_WRITES.map(([code, text]) => ({ name: text, steps: ['begin', text], ends: `fails ${code}` }))

const TRACES = SIDES.flatMap((side) => tracesOf(side, ROWS))

type Outcome = {
  /** Values, in whatever form. */
  readonly found: readonly string[]
  /** Where the two sides saw something else. */
  readonly differs: readonly string[]
  readonly ends: readonly string[]
}

const nothingTold = (ends: string): Outcome => ({ found: [], differs: [], ends: [ends, ends] })

const SHOWN_CHARACTERS = 60

function firstDifference(left: string, right: string): readonly string[] {
  if (left === right) return []
  let at = 0
  while (left[at] === right[at]) at++
  return [left, right].map((seen) => seen.slice(Math.max(0, at - SHOWN_CHARACTERS), at + SHOWN_CHARACTERS))
}

const SHOWS = /^(?:select|table|values|with)\b(?!.*for share)/

/** The same query in the other ways that rows have of reaching a client. */
const ways = (text: string): readonly Step[] => [
  [parse('', text), bindAs('', '', [1]), execute(), sync],
  `declare c cursor for ${text}`,
  'fetch all from c',
  `copy (${text}) to stdout`,
  `copy (${text}) to stdout (format csv, force_quote *)`,
  `copy (${text}) to stdout (format binary)`,
]

describe.each([13, 15, 16, 18] as const)('of PostgreSQL %i', (major) => {
  let stand: LeakStand
  let logins: Record<Side, Login>

  beforeAll(async () => {
    stand = await startLeakStand(major)
    logins = { left: await stand.newcomer('left'), right: await stand.newcomer('right') }
  })
  afterAll(() => stand?.stop())

  /** What both sides saw of an attack, compared. */
  async function outcome(steps: readonly Step[]): Promise<Outcome> {
    const seenBy = async (side: Side): Promise<{ readonly seen: string; readonly ends: string }> => {
      const client = await logIn(stand.proxies[side], logins[side])
      const replies = await runSteps(client, steps, (sql) => stand.owner(side, sql))
      client.end()
      return { seen: replies.flat().map(seenIn).join('\n'), ends: endOf(replies) }
    }
    const [left, right] = await Promise.all([seenBy('left'), seenBy('right')])
    const found = TRACES.filter((trace) => left.seen.includes(trace) || right.seen.includes(trace))
    return { found, differs: firstDifference(left.seen, right.seen), ends: [left.ends, right.ends] }
  }

  describe('an output', () => {
    const shown = attacks('answered', major, expressions.SHOWN, expressions.SHOWN_SINCE)
    it.each(shown)('$name is masked', async ({ steps, ends }) => {
      expect(await outcome(steps)).toEqual(nothingTold(ends))
    })

    it.each(shown.filter(({ name }) => SHOWS.test(name)))('$name is masked in cursors and COPY', async ({ name }) => {
      expect(await outcome(['begin', ...ways(name)])).toEqual(nothingTold('answered'))
    })

    it.each(attacks(REFUSED, major, expressions.TELLING_OUTPUTS, expressions.TELLING_OUTPUTS_SINCE))(
      '$name is refused',
      async ({ steps, ends }) => {
        expect(await outcome(steps)).toEqual(nothingTold(ends))
      },
    )
  })

  it.each(attacks(REFUSED, major, oracles.REFUSED_QUESTIONS, oracles.REFUSED_QUESTIONS_SINCE))(
    'the question $name is refused',
    async ({ steps, ends }) => {
      expect(await outcome(steps)).toEqual(nothingTold(ends))
    },
  )

  it.each(attacks('answered', major, oracles.ANSWERED_QUESTIONS))(
    'the question $name is answered',
    async ({ steps, ends }) => {
      expect(await outcome(steps)).toEqual(nothingTold(ends))
    },
  )

  it.each([
    ...attacks(REFUSED, major, writes.REFUSED_WRITES, writes.REFUSED_WRITES_SINCE),
    ...attacks('answered', major, writes.ANSWERED_WRITES, writes.ANSWERED_WRITES_SINCE),
    ...failing(),
  ])('$name ends so: $ends', async ({ steps, ends }) => {
    expect(await outcome(steps)).toEqual(nothingTold(ends))
  })

  it.each(attacks(REFUSED, major, REFUSED_PLACES))(
    '$name, a place of the server, is refused',
    async ({ steps, ends }) => {
      expect(await outcome(steps)).toEqual(nothingTold(ends))
    },
  )

  it.each([...NAMES, ...MESSAGES, ...CHANGES])('$name', async ({ steps, ends }) => {
    expect(await outcome(steps)).toEqual(nothingTold(ends))
  })

  it.each(attacks(REFUSED, major, NO_CONSTANTS))('$name compares with no constant', async ({ steps, ends }) => {
    expect(await outcome(steps)).toEqual(nothingTold(ends))
  })

  it.each(SERIES)('$name count each against the budget of a day', async ({ first, step }) => {
    const client = await logIn(stand.proxies.left, await stand.newcomer('left'))
    const steps = Array.from({ length: PER_DAY - 1 }, (_, i) => step(i + FIRST))
    const within = await runSteps(client, ['begin', ...(first === undefined ? [] : [first]), ...steps])
    // Where one more constant stands in all of them, the first of these is too many, and the second in what failed.
    const beyond = await runSteps(client, [step(FIRST + PER_DAY), step(FIRST + PER_DAY + 1)])
    client.end()
    expect(endOf(within)).toBe('answered')
    expect(endOf(beyond)).toMatch(/^(?:refused 42501|fails 25P02)$/)
  })
})

// Rows about Sluice alone, which has nothing to be compared with there: decisions, approvals, and what others notice.

import { fileURLToPath } from 'node:url'
import { measureRoundtrips, type RoundtripFigures } from './approval-roundtrip.ts'
import type { DetectorFigures } from './detectors.ts'
import { ASKING_SECONDS, HELD, type HeldFigures, LOAD_PER_SECOND, LOAD_SESSIONS, measureHeld } from './held-sessions.ts'
import { type FirstSights, measureFirstSights } from './masked-rows-first-sight.ts'
import type { RowResult, TargetResult } from './measure.ts'
import type { LoadFigures } from './paced-load.ts'
import type { DecisionFigures } from './policy-decisions.ts'
import { nextMessage, start } from './processes.ts'
import type { Described } from './report.ts'
import { type Spread, spread } from './statistics.ts'
import type { Upstream } from './upstream.ts'

type Plan = {
  readonly upstream: Upstream
  readonly rounds: number
  readonly seconds: number
  readonly say: (text: string) => void
}

type Figures = Pick<RowResult, 'tls' | 'rounds' | 'seconds' | 'targets'>

/** One measurement gives the figures of all its rows. */
type Measurement = {
  readonly rows: readonly Described[]
  readonly measure: (plan: Plan) => Promise<ReadonlyMap<string, Figures>>
}

const DECISIONS = fileURLToPath(new URL('policy-decisions.ts', import.meta.url))
const DETECTORS = fileURLToPath(new URL('detectors.ts', import.meta.url))
const FIGURES_TIMEOUT_MS = 120_000

/** The first is the one that the bound is for. */
const figuresOf = (
  titles: readonly (readonly [title: string, value: Spread, ratioToBefore?: Spread])[],
): readonly TargetResult[] =>
  titles.map(([title, value, ratioToBefore = null], index) => ({
    name: index === 0 ? 'sluice' : `part ${title}`,
    title,
    value,
    ratioToBefore,
    ratioToDirect: null,
    ratioToPgbouncer: null,
    cpuMicros: null,
    cpuToPgbouncer: null,
    peakBytes: null,
  }))

const over = <Round>(rounds: readonly Round[], of: (round: Round) => number): Spread => spread(rounds.map(of))

/** What a program of ours measures in a process of its own. */
const figuresBy = async <All>(program: string): Promise<All> => {
  const running = start(process.execPath, [program], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  try {
    return await nextMessage<All>(running, FIGURES_TIMEOUT_MS)
  } finally {
    await running.stop()
  }
}

const decisions: Measurement = {
  rows: [
    {
      id: 'decision-cached',
      title: 'decision on a text that was seen before',
      unit: 'µs',
      bound: { of: 'value', atMost: 2 },
      figures: true,
    },
    {
      id: 'decision-first',
      title: 'decision at first sight, without lineage',
      unit: 'µs',
      bound: { of: 'value', atMost: 1000 },
      figures: true,
    },
  ],
  measure: async ({ rounds, say }) => {
    const all: DecisionFigures[] = []
    while (all.length < rounds) {
      const figures = await figuresBy<DecisionFigures>(DECISIONS)
      all.push(figures)
      const { known, unseen } = figures
      say(`decisions round ${all.length}: seen ${known.p50.toFixed(3)} µs, unseen ${unseen.p50.toFixed(0)} µs`)
    }
    const targets = {
      cached: figuresOf([
        ['p50, with finding what the text accesses', over(all, ({ known }) => known.p50)],
        ['p99 of batches of 200', over(all, ({ known }) => known.p99)],
        ['p50, the decision alone', over(all, ({ knownDecision }) => knownDecision.p50)],
        ['p50, for a new text with the same facts, the decision alone', over(all, ({ sameFacts }) => sameFacts.p50)],
      ]),
      first: figuresOf([
        ['p50, one table, with reading the text', over(all, ({ unseen }) => unseen.p50)],
        ['p99, one table, with reading the text', over(all, ({ unseen }) => unseen.p99)],
        ['p50, one table, the decision alone', over(all, ({ unseenDecision }) => unseenDecision.p50)],
        ['p50, a join of two tables, with reading the text', over(all, ({ unseenJoin }) => unseenJoin.p50)],
        ['p99, a join of two tables, with reading the text', over(all, ({ unseenJoin }) => unseenJoin.p99)],
      ]),
    }
    const common = { tls: null, rounds, seconds: 0 }
    return new Map([
      ['decision-cached', { ...common, targets: targets.cached }],
      ['decision-first', { ...common, targets: targets.first }],
    ])
  },
}

const detecting: Measurement = {
  rows: [
    {
      id: 'detectors',
      title: 'detectors on free text, one core',
      unit: 'MB/s',
      bound: { of: 'value', atLeast: 60 },
      figures: true,
    },
    {
      id: 'detectors-found',
      title: 'what the detectors find of a labelled set',
      unit: '%',
      bound: null,
      figures: true,
    },
  ],
  measure: async ({ rounds, say }) => {
    const all: DetectorFigures[] = []
    while (all.length < rounds) {
      const figures = await figuresBy<DetectorFigures>(DETECTORS)
      all.push(figures)
      say(
        `detectors round ${all.length}: ${figures.notes.toFixed(0)} MB/s, nothing found ${figures.plain.toFixed(0)} MB/s`,
      )
    }
    const speed = figuresOf([
      ['notes of some 300 characters, a twelfth with something in it, masked', over(all, ({ notes }) => notes)],
      ['the same within JSON documents', over(all, ({ json }) => json)],
      ['the same without the look at bytes before', over(all, ({ every }) => every)],
      ['text in which nothing could be', over(all, ({ plain }) => plain)],
    ])
    const kinds = Object.keys(all[0]?.found ?? {}) as (keyof DetectorFigures['found'])[]
    const found = figuresOf(
      kinds.flatMap((kind) => [
        [`${kind}: precision`, over(all, (round) => round.found[kind].precision)] as const,
        [`${kind}: recall`, over(all, (round) => round.found[kind].recall)] as const,
      ]),
    )
    const common = { tls: null, rounds, seconds: 0 }
    return new Map([
      ['detectors', { ...common, targets: speed }],
      ['detectors-found', { ...common, targets: found }],
    ])
  },
}

const roundtrip: Measurement = {
  rows: [
    {
      id: 'approval-roundtrip',
      title: 'approval without the person: request published → at the approver, and vote published → used',
      unit: 'ms',
      bound: { of: 'value', atMost: 15 },
      figures: true,
    },
  ],
  measure: async ({ upstream, rounds, say }) => {
    const all = await measureRoundtrips(upstream, rounds, ({ untilUsed, untilReply }) =>
      say(`approval-roundtrip: p50 ${untilUsed.p50.toFixed(2)} ms, to the answer ${untilReply.p50.toFixed(2)} ms`),
    )
    const both = (title: string, of: (round: RoundtripFigures) => RoundtripFigures['untilUsed']) =>
      [
        [`p50, ${title}`, over(all, (round) => of(round).p50)],
        [`p99, ${title}`, over(all, (round) => of(round).p99)],
      ] as const
    const targets = figuresOf([
      ...both('both ways, until the approval is recorded as used', ({ untilUsed }) => untilUsed),
      ...both('both ways, until the command has run and is answered', ({ untilReply }) => untilReply),
      ...both('request published → waits at the approver', ({ requestToApprover }) => requestToApprover),
      ...both('vote published → decision published', ({ voteToDecision }) => voteToDecision),
      ...both('vote published → recorded as used', ({ voteToUsed }) => voteToUsed),
      ...both('vote published → run and answered', ({ voteToReply }) => voteToReply),
    ])
    return new Map([['approval-roundtrip', { tls: 'on', rounds, seconds: 0, targets }]])
  },
}

const held: Measurement = {
  rows: [
    {
      id: `holds-${HELD}`,
      title: `${LOAD_PER_SECOND} reads a second over ${LOAD_SESSIONS} sessions, while ${HELD} other sessions wait for approvals`,
      unit: 'ms',
      bound: { of: 'ratioToBefore', atMost: 1.1 },
      figures: true,
    },
  ],
  measure: async ({ upstream, rounds, seconds, say }) => {
    const all = await measureHeld(upstream, rounds, seconds, ({ idle, asking, waiting }) => {
      const [before, first, then] = [idle, asking, waiting].map(({ latency }) => latency.p99.toFixed(2))
      say(`holds-${HELD}: p99 ${before} ms before, ${first} ms while they ask, ${then} ms while they wait`)
    })
    type Part = keyof HeldFigures
    const latency = (part: Part, of: (load: LoadFigures) => number): readonly [Spread, Spread] => [
      over(all, (round) => of(round[part])),
      over(all, (round) => of(round[part]) / of(round.idle)),
    ]
    const p50 = ({ latency: { p50: value } }: LoadFigures): number => value
    const p99 = ({ latency: { p99: value } }: LoadFigures): number => value
    const targets = figuresOf([
      [`p99 while ${HELD} wait`, ...latency('waiting', p99)],
      [`p50 while ${HELD} wait`, ...latency('waiting', p50)],
      [`p99 before: their sessions are idle`, latency('idle', p99)[0]],
      [`p50 before: their sessions are idle`, latency('idle', p50)[0]],
      [`p99 in ${ASKING_SECONDS} s in which all ${HELD} ask at once`, ...latency('asking', p99)],
      [`p50 in ${ASKING_SECONDS} s in which all ${HELD} ask at once`, ...latency('asking', p50)],
      ['p99 of how late the load was sent, before', over(all, ({ idle }) => idle.lateness.p99)],
      [`p99 of how late the load was sent, while ${HELD} wait`, over(all, ({ waiting }) => waiting.lateness.p99)],
    ])
    return new Map([[`holds-${HELD}`, { tls: 'on', rounds, seconds, targets }]])
  },
}

const firstSight: Measurement = {
  rows: [
    {
      id: 'first-sight',
      title: 'a statement at first sight in a masked session: what the gateway adds to it',
      unit: 'ms',
      bound: { of: 'value', atMost: 2 },
      figures: true,
    },
  ],
  measure: async ({ upstream, rounds, say }) => {
    const all = await measureFirstSights(upstream, rounds, ({ oneTable, join }) => {
      const [one, two] = [oneTable, join].map(({ masked, direct }) => (masked.p50 - direct.p50).toFixed(2))
      say(`first-sight: p50 ${one} ms more for one table, ${two} ms more for a join`)
    })
    const parts = (title: string, of: (round: (typeof all)[number]) => FirstSights) =>
      [
        [`p50 added, ${title}`, over(all, (round) => of(round).masked.p50 - of(round).direct.p50)],
        [`p99 added, ${title}`, over(all, (round) => of(round).masked.p99 - of(round).direct.p99)],
        [`p50 in all, ${title}`, over(all, (round) => of(round).masked.p50)],
        [`p50 in all without masking, ${title}`, over(all, (round) => of(round).transparent.p50)],
        [`p50 without a gateway, ${title}`, over(all, (round) => of(round).direct.p50)],
      ] as const
    const targets = figuresOf([
      ...parts('one table', ({ oneTable }) => oneTable),
      ...parts('a join of two tables', ({ join }) => join),
    ])
    return new Map([['first-sight', { tls: 'off', rounds, seconds: 0, targets }]])
  },
}

const MEASUREMENTS: readonly Measurement[] = [decisions, detecting, roundtrip, held, firstSight]

export const OWN_ROWS: readonly Described[] = MEASUREMENTS.flatMap(({ rows }) => rows)

/** A row that fails is left out, and said so; the others go on. */
export const measureOwn = async (ids: readonly string[], plan: Plan): Promise<readonly RowResult[]> => {
  const results: RowResult[] = []
  for (const { rows, measure } of MEASUREMENTS) {
    const wanted = rows.filter(({ id }) => ids.includes(id))
    if (wanted.length === 0) continue
    try {
      const measured = await measure(plan)
      for (const { id } of wanted) {
        const figures = measured.get(id)
        if (figures !== undefined) results.push({ row: id, ...figures })
      }
    } catch (error) {
      plan.say(`${wanted.map(({ id }) => id).join(', ')}: failed: ${(error as Error).stack}`)
    }
  }
  return results
}

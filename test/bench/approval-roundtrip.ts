// How long Sluice itself needs for an approval: from the request in the log until it waits at the approver, and from a
// vote in the log until the approval is used, and until the client has its answer. What the person needs between is not
// counted.

import { type ContentOf, controlCodec, nowMicros, TOPICS } from '@sluice/events'
import type { RunningProxy } from '../stand/proxy.ts'
import { storedRecords } from '../stand/stored-records.ts'
import type { WireClient } from '../stand/wire-client.ts'
import { type ApprovalBench, startApprovalBench, update } from './approval-bench.ts'
import { type Percentiles, percentiles } from './statistics.ts'
import { ORDER_ROWS, type Upstream } from './upstream.ts'

/** In a round. */
const TRIPS = 100
const WARM_UP_TRIPS = 30
const MICROS_PER_MS = 1000

/** Milliseconds. */
export type RoundtripFigures = {
  /** Both ways together, for each command: up to where the approval is used, and to the answer. */
  readonly untilUsed: Percentiles
  readonly untilReply: Percentiles
  readonly requestToApprover: Percentiles
  readonly voteToReply: Percentiles
  readonly voteToDecision: Percentiles
  /** To the record that says that the approval was used, which stands before the command is sent. */
  readonly voteToUsed: Percentiles
}

/** Microseconds since the epoch. */
type Trip = { readonly approvalId: string; readonly visibleAt: number; readonly repliedAt: number }
type Published = { readonly requested: number; readonly voted: number; readonly decided: number; readonly used: number }

const reply = async (client: WireClient): Promise<number> => {
  for (;;) {
    const next = await client.next()
    if (next?.type === 'C') return nowMicros()
    if (next?.type !== 'N' && next?.type !== 'Z')
      throw new Error(`${next?.type ?? 'the end'} came instead of an answer`)
  }
}

const makeTrip = async ({ stand, untilHeld }: ApprovalBench, client: WireClient, number: number): Promise<Trip> => {
  client.send(update(1 + (number % ORDER_ROWS), `turn ${number}`))
  await untilHeld(1)
  const visibleAt = nowMicros()
  const [asked] = await stand.pending(1)
  if (asked === undefined) throw new Error('nothing waits')
  const replied = reply(client)
  await stand.vote({ code: asked.requested.code, as: { id: 'owner' }, vote: 'approve' })
  return { approvalId: asked.approvalId, visibleAt, repliedAt: await replied }
}

type ApprovalTopic = typeof TOPICS.approvalRequests | typeof TOPICS.approvalReviews | typeof TOPICS.decisions

/** By approval, when the log took the first record that `wanted` holds for. */
const publishedAt = async <Topic extends ApprovalTopic>(
  { control: { log, registry } }: RunningProxy,
  topic: Topic,
  wanted: (content: ContentOf<Topic>) => boolean,
): Promise<ReadonlyMap<string, number>> => {
  const codec = await controlCodec(registry, topic)
  const times = new Map<string, number>()
  for await (const { value, time } of storedRecords(log, topic)) {
    const content = codec.decode(value)
    if (wanted(content) && !times.has(content.approvalId)) times.set(content.approvalId, time)
  }
  return times
}

const usedAt = async (proxy: RunningProxy): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (await proxy.frames())
      .filter(({ header }) => header.kind === 'approval_used')
      .map(({ header: { decision, time } }) => [decision?.approvalId ?? '', time]),
  )

const publishedBy = async (proxy: RunningProxy): Promise<(approvalId: string) => Published> => {
  const requests = await publishedAt(proxy, TOPICS.approvalRequests, ({ kind }) => kind === 'requested')
  const reviews = await publishedAt(proxy, TOPICS.approvalReviews, () => true)
  const decisions = await publishedAt(proxy, TOPICS.decisions, ({ kind }) => kind === 'approved')
  const uses = await usedAt(proxy)
  const known = (what: string, times: ReadonlyMap<string, number>, approvalId: string): number => {
    const time = times.get(approvalId)
    if (time === undefined) throw new Error(`the log has no ${what} of approval ${approvalId}`)
    return time
  }
  return (id) => ({
    requested: known('request', requests, id),
    voted: known('review', reviews, id),
    decided: known('decision', decisions, id),
    used: known('use', uses, id),
  })
}

const summarise = (trips: readonly Trip[], publishedOf: (approvalId: string) => Published): RoundtripFigures => {
  const parts = trips.map(({ approvalId, visibleAt, repliedAt }) => {
    const { requested, voted, decided, used } = publishedOf(approvalId)
    const [toDecision, toUsed, toReply] = [decided - voted, used - voted, repliedAt - voted]
    return { toApprover: visibleAt - requested, toDecision, toUsed, toReply }
  })
  const millis = (of: (part: (typeof parts)[number]) => number): Percentiles =>
    percentiles(parts.map((part) => of(part) / MICROS_PER_MS))
  return {
    untilUsed: millis(({ toApprover, toUsed }) => toApprover + toUsed),
    untilReply: millis(({ toApprover, toReply }) => toApprover + toReply),
    requestToApprover: millis(({ toApprover }) => toApprover),
    voteToReply: millis(({ toReply }) => toReply),
    voteToDecision: millis(({ toDecision }) => toDecision),
    voteToUsed: millis(({ toUsed }) => toUsed),
  }
}

export const measureRoundtrips = async (
  upstream: Upstream,
  rounds: number,
  onRound: (figures: RoundtripFigures) => void,
): Promise<readonly RoundtripFigures[]> => {
  const bench = await startApprovalBench(upstream)
  try {
    const [client] = await bench.openSessions(1)
    if (client === undefined) throw new Error('no session')
    let made = 0
    const makeTrips = async (count: number): Promise<readonly Trip[]> => {
      const trips: Trip[] = []
      while (trips.length < count) trips.push(await makeTrip(bench, client, made++))
      return trips
    }
    await makeTrips(WARM_UP_TRIPS)
    const all: RoundtripFigures[] = []
    while (all.length < rounds) {
      const figures = summarise(await makeTrips(TRIPS), await publishedBy(bench.stand.proxy))
      onRound(figures)
      all.push(figures)
    }
    client.end()
    return all
  } finally {
    await bench.stop()
  }
}

import { generateSigningKey, importSigningKey, TOPICS, uuidv7 } from '@sluice/events'
import { approvalRulesSchema, contentHashOf } from '@sluice/policy'
import type { EventLog } from '@sluice/stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NODE, person, rules } from './approvals.fixture.ts'
import { metric, type Running, tokenOf, WAIT_MS, World, withoutNews } from './approver.fixture.ts'

const olga = person('olga')
const pete = person('pete')

let world: World

beforeEach(async () => {
  world = await World.create()
})

afterEach(async () => world.stop())

const soon = { timeout: WAIT_MS, interval: 10 }
const held = ({ metrics }: Running) => metric(metrics, 'sluice_approver_held')
const incidents = ({ metrics }: Running, code: string) =>
  metric(metrics, `sluice_approver_incidents_total{code="${code}"}`)

describe('the approver', () => {
  it('approves to the partition of the node what people of the group approve', async () => {
    const running = await world.start()
    const asked = await world.ask()
    await expect.poll(() => held(running), soon).toBe(1)
    const reviewId = await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
    const [decision] = await world.decisions()
    expect(decision).toMatchObject({
      partition: 3,
      nodeId: NODE,
      reviewId,
      commandDigest: asked.requested.commandDigest,
    })
    expect(running.approver.readiness()).toEqual({ ready: true })
    await expect.poll(() => held(running), soon).toBe(0)
  })

  it('is ready when policies are known, and follows them', async () => {
    const empty = await World.create(null)
    try {
      const running = await empty.start()
      expect(running.approver.readiness().ready).toBe(false)
      const policyVersion = await empty.applyPolicies(rules)
      const asked = await empty.ask({ policyVersion })
      await expect.poll(() => held(running), soon).toBe(1)
      expect(running.approver.readiness()).toEqual({ ready: true })
      const later = await empty.applyPolicies({ later: { reviewers: ['group:data-owners'] } })
      await empty.vote(await empty.ask({ approvalRules: ['later'], policyVersion: later }), olga)
      await empty.vote(asked, olga)
      await expect
        .poll(async () => (await empty.decisions()).map(({ kind }) => kind), soon)
        .toEqual(['approved', 'approved'])
    } finally {
      await empty.stop()
    }
  })

  it('does not take up a policy set that is not what its hash says', async () => {
    const running = await world.start()
    const hash = contentHashOf({ files: [], approvalRules: approvalRulesSchema.parse(rules) })
    await world.applyPolicies({ ...rules, 'data-owner': { reviewers: ['group:anybody'] } }, hash)
    await expect.poll(() => incidents(running, 'policy_content'), soon).toBe(1)
    const asked = await world.ask()
    await world.vote(asked, person('eve', ['anybody']))
    await expect.poll(() => world.decided(asked), soon).toEqual(['vote_refused not_in_group'])
  })

  it('lets expire what nobody decides, at its time', async () => {
    await world.start()
    const expiresAt = Date.now() * 1000 + 300_000
    const asked = await world.ask({ expiresAt })
    await expect.poll(() => world.decided(asked), soon).toEqual(['expired expired'])
    const [decision] = await world.decisions()
    expect(decision?.time).toBeGreaterThanOrEqual(expiresAt)
  })

  it('answers a vote on a request that it never heard of, and one that came before its request was read', async () => {
    await world.start()
    const unknown = { approvalId: uuidv7(), requested: (await world.ask()).requested }
    await world.vote(unknown, olga)
    await expect.poll(() => world.decided(unknown), soon).toEqual(['vote_refused unknown_request'])
    const asked = await world.ask()
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })

  it('takes a token only with the vote that it was sealed for, and only one that is good', async () => {
    await world.start()
    const asked = await world.ask()
    await world.vote(asked, olga, { sealedFor: uuidv7() })
    await world.vote(asked, olga, { token: 'expired' })
    await world.vote(asked, olga, { token: tokenOf(olga, Date.now() / 1000 - 601) })
    await expect
      .poll(() => world.decided(asked), soon)
      .toEqual(['vote_refused token_invalid', 'vote_refused token_invalid', 'vote_refused stale_login'])
  })

  it('decides two hundred requests that come at once', async () => {
    const running = await world.start()
    const asked = await Promise.all(Array.from({ length: 200 }, () => world.ask()))
    await expect.poll(() => held(running), soon).toBe(200)
    await Promise.all(asked.map((each) => world.vote(each, olga)))
    await expect.poll(async () => (await world.decisions()).length, soon).toBe(200)
    expect(new Set((await world.decisions()).map(({ kind }) => kind))).toEqual(new Set(['approved']))
    await expect.poll(() => held(running), soon).toBe(0)
  })
})

describe('forged records', () => {
  it('of a foreign key, of the wrong role and of another node change nothing', async () => {
    const running = await world.start()
    const foreign = importSigningKey(generateSigningKey())
    const second = importSigningKey(generateSigningKey())
    await world.certify(second, 'node', 'node-2')
    const asked = await world.ask()
    const forged = [
      await world.ask({}, {}, foreign),
      await world.ask({}, {}, world.console),
      await world.ask({}, { nodeId: NODE }, second),
    ]
    await world.say(
      { approvalId: asked.approvalId, kind: 'withdrawn', nodeId: 'node-2', withdrawn: { reason: 'changed' } },
      second,
    )
    await world.say({ approvalId: NODE, kind: 'node_started', time: Date.now() * 1000 + 1_000_000 }, second)
    await world.vote(asked, olga, {}, foreign)
    await world.vote(asked, olga, {}, world.node)
    await expect.poll(() => incidents(running, 'foreign_key'), soon).toBe(2)
    await expect.poll(() => incidents(running, 'wrong_role'), soon).toBe(2)
    await expect.poll(() => incidents(running, 'node_mismatch'), soon).toBe(2)
    await expect.poll(() => held(running), soon).toBe(1)
    for (const each of forged) await world.vote(each, olga)
    for (const each of forged)
      await expect.poll(() => world.decided(each), soon).toEqual(['vote_refused unknown_request'])
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })

  it('that make no sense change nothing', async () => {
    const running = await world.start()
    await world.ask({ code: 'short' })
    await world.ask({}, { replyPartition: -1 })
    await world.ask({}, { requested: null })
    await expect.poll(() => incidents(running, 'malformed'), soon).toBe(3)
    await expect.poll(() => held(running), soon).toBe(0)
  })
})

describe('after a restart', () => {
  it('what waited still waits, with the votes that were counted, also when their tokens are no longer good', async () => {
    const first = await world.start()
    const asked = await world.ask({ approvalRules: ['two'] })
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve'])
    await first.stop()
    const second = await world.start({ settings: { reviewerAgeMs: 60_000 } })
    await expect.poll(() => held(second), soon).toBe(1)
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve', 'vote_refused already_voted'])
    await world.vote(asked, pete)
    await expect
      .poll(() => world.decided(asked), soon)
      .toEqual(['vote_counted approve', 'vote_refused already_voted', 'approved'])
    const [, , approved] = await world.decisions()
    expect(approved?.reviewers.map((reviewer) => reviewer.person)).toEqual(['Olga', 'https://issuer.test|pete'])
  })

  it('what was asked, withdrawn and voted meanwhile is taken up', async () => {
    const first = await world.start()
    const before = await world.ask()
    await expect.poll(() => held(first), soon).toBe(1)
    await first.stop()
    const meanwhile = await world.ask()
    const gone = await world.ask()
    await world.say({ approvalId: gone.approvalId, kind: 'withdrawn', withdrawn: { reason: 'cancelled' } })
    await world.vote(before, olga)
    await world.vote(meanwhile, olga, { vote: 'deny' })
    await world.start()
    await expect.poll(() => world.decided(before), soon).toEqual(['approved'])
    await expect.poll(() => world.decided(meanwhile), soon).toEqual(['denied denied'])
    await expect.poll(() => world.decided(gone), soon).toEqual(['withdrawn cancelled'])
  })

  it('nothing is decided twice, however often it is started', async () => {
    const first = await world.start()
    const asked = [await world.ask(), await world.ask(), await world.ask({ policyVersion: 'unknown' })] as const
    await world.vote(asked[0], olga)
    await world.vote(asked[1], person('ada'))
    await world.vote(asked[1], olga, { vote: 'deny' })
    await expect.poll(async () => (await world.decisions()).length, soon).toBe(4)
    const once = await world.decisions()
    await first.stop()
    for (let start = 0; start < 3; start++) {
      const again = await world.start()
      const marker = await world.ask()
      await world.vote(marker, olga)
      await expect.poll(() => world.decided(marker), soon).toEqual(['approved'])
      await again.stop()
    }
    const kept = (await world.decisions()).filter(({ approvalId }) =>
      asked.some((each) => each.approvalId === approvalId),
    )
    expect(kept).toEqual(once)
  })

  it('the same review in a new record is answered once', async () => {
    const first = await world.start()
    const asked = await world.ask({ approvalRules: ['two'] })
    const reviewId = await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve'])
    await world.vote(asked, olga, { reviewId })
    await first.stop()
    await world.start()
    await world.vote(asked, olga, { reviewId })
    await world.vote(asked, pete)
    await expect.poll(() => world.decided(asked), soon).toEqual(['vote_counted approve', 'approved'])
  })

  it('what waits under an older policy set is decided by that set', async () => {
    const first = await world.start()
    const asked = await world.ask()
    await expect.poll(() => held(first), soon).toBe(1)
    const later = await world.applyPolicies({ 'data-owner': { reviewers: ['group:nobody'] } })
    await world.ask({ policyVersion: later })
    await expect.poll(() => held(first), soon).toBe(2)
    await first.stop()
    const second = await world.start()
    await expect.poll(() => held(second), soon).toBe(2)
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })

  it('a pause goes on, and what was denied before is not opened', async () => {
    const first = await world.start({ settings: { denialsBeforePause: 2 } })
    for (const asked of [await world.ask(), await world.ask()]) {
      await world.vote(asked, olga, { vote: 'deny' })
      await expect.poll(() => world.decided(asked), soon).toEqual(['denied denied'])
    }
    await first.stop()
    const second = await world.start({ settings: { denialsBeforePause: 2 } })
    const paused = await world.ask()
    await expect.poll(() => world.decided(paused), soon).toEqual(['denied paused'])
    await expect.poll(() => held(second), soon).toBe(0)
  })

  it('of a node, what it held is withdrawn', async () => {
    await world.start()
    const asked = await world.ask()
    await world.say({ approvalId: NODE, kind: 'node_started' })
    await expect.poll(() => world.decided(asked), soon).toEqual(['withdrawn node_started'])
    const later = await world.ask()
    await world.vote(later, olga)
    await expect.poll(() => world.decided(later), soon).toEqual(['approved'])
  })
})

describe('what comes by another topic', () => {
  it('is looked for: a policy set that the node followed before the approver', async () => {
    const running = await world.start({ interpose: withoutNews(TOPICS.policies) })
    await world.applyPolicies({ ...rules, later: { reviewers: ['group:data-owners'] } })
    await world.ask({ approvalRules: ['later'] })
    await expect.poll(() => held(running), soon).toBe(1)
  })

  it('is looked for: a request that the console knew before the approver', async () => {
    await world.start({ interpose: withoutNews(TOPICS.approvalRequests) })
    const asked = await world.ask()
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })
})

describe('two approvers', () => {
  it('never decide on one log: the second does not start, and takes over when the first has gone', async () => {
    const first = await world.start()
    const asked = await world.ask()
    await expect.poll(() => held(first), soon).toBe(1)
    await expect(world.start()).rejects.toMatchObject({ code: 'writer_taken' })
    await first.stop()
    await world.start()
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })
})

describe('a key without a certificate', () => {
  it('decides nothing, until it gets one', async () => {
    const signingKey = importSigningKey(generateSigningKey())
    await expect(world.start({ signingKey, certificateMs: 100 })).rejects.toMatchObject({ code: 'key_uncertified' })
    const asked = await world.ask()
    const starting = world.start({ signingKey })
    await world.certify(signingKey, 'approver', 'approver')
    await starting
    await world.vote(asked, olga)
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
  })
})

describe('a log that takes nothing', () => {
  it('delays decisions, and loses none', async () => {
    let refuse = true
    const interpose = (log: EventLog): EventLog => ({
      consumer: (options) => log.consumer(options),
      close: () => log.close(),
      producer: async (topic, options) => {
        const producer = await log.producer(topic, options)
        return {
          close: () => producer.close(),
          append: (records) =>
            refuse && topic === TOPICS.decisions
              ? Promise.reject(new Error('the disk is full'))
              : producer.append(records),
        }
      },
    })
    const running = await world.start({ interpose })
    const asked = [await world.ask(), await world.ask()]
    for (const each of asked) await world.vote(each, olga)
    await expect.poll(() => running.approver.readiness().ready, soon).toBe(false)
    expect(await world.decisions()).toEqual([])
    refuse = false
    for (const each of asked) await expect.poll(() => world.decided(each), soon).toEqual(['approved'])
    await expect.poll(() => running.approver.readiness().ready, soon).toBe(true)
  })
})

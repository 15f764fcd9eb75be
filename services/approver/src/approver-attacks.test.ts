// What somebody tries who holds the key of one node, or the console's, but not the approver's.

import {
  type ContentOf,
  type ControlTopic,
  generateSigningKey,
  importSigningKey,
  type KeyRole,
  nowMicros,
  type SigningKey,
  TOPICS,
  uuidv7,
} from '@sluice/events'
import { shownDigest } from '@sluice/policy'
import { ControlWriter, TrustedKeys } from '@sluice/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NODE, person, requestedOf } from './approvals.fixture.ts'
import { metric, type Running, WAIT_MS, World } from './approver.fixture.ts'
import { MAX_POLICY_VERSION_CHARACTERS, MAX_REQUEST_BYTES } from './request-command.ts'

const soon = { timeout: WAIT_MS, interval: 10 }
const held = ({ metrics }: Running) => metric(metrics, 'sluice_approver_held')

let world: World
let closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  world = await World.create()
  closing = []
})

afterEach(async () => {
  for (const close of closing) await close()
  await world.stop()
})

/** Goes on where anybody's records of this key ended, as who reads the log can. */
async function intruder<Topic extends ControlTopic>(topic: Topic, role: KeyRole, key: SigningKey, partition = 0) {
  const { log, registry, root } = world
  const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident: () => undefined })
  closing.push(() => keys.close())
  return async (recordKey: string, content: ContentOf<Topic>): Promise<void> => {
    const writer = await ControlWriter.open({
      log,
      registry,
      topic,
      key,
      nowMicros,
      partition,
      earlier: { keys, role },
    })
    await writer.publish(recordKey, content)
    await writer.close()
  }
}

describe('a node that lies', () => {
  it("can't keep another node from withdrawing what it asked", async () => {
    const running = await world.start()
    const other = importSigningKey(generateSigningKey())
    await world.certify(other, 'node', 'node-2')
    const say = await intruder(TOPICS.approvalRequests, 'node', other)
    const asked = await world.ask()
    await expect.poll(() => held(running), soon).toBe(1)
    await say(asked.approvalId, {
      approvalId: asked.approvalId,
      kind: 'withdrawn',
      nodeId: 'node-2',
      replyPartition: 0,
      time: nowMicros(),
      requested: null,
      withdrawn: { reason: 'cancelled' },
      executed: null,
    })
    await world.say({ approvalId: asked.approvalId, kind: 'withdrawn', withdrawn: { reason: 'client_left' } })
    await expect.poll(() => world.decided(asked), soon).toEqual(['withdrawn client_left'])
  })

  it("can't keep another node from saying that it began anew", async () => {
    const running = await world.start()
    const other = importSigningKey(generateSigningKey())
    await world.certify(other, 'node', 'node-2')
    const say = await intruder(TOPICS.approvalRequests, 'node', other)
    await world.say({ approvalId: NODE, kind: 'node_started' })
    const asked = await world.ask()
    await expect.poll(() => held(running), soon).toBe(1)
    await say(NODE, {
      approvalId: NODE,
      kind: 'node_started',
      nodeId: 'node-2',
      replyPartition: 0,
      time: nowMicros(),
      requested: null,
      withdrawn: null,
      executed: null,
    })
    await world.say({ approvalId: NODE, kind: 'node_started' })
    await expect.poll(() => world.decided(asked), soon).toEqual(['withdrawn node_started'])
  })
})

describe('a node that asks for too much', () => {
  it('delays no other, and no decision grows with it', async () => {
    const running = await world.start()
    const policyVersion = 'p'.repeat(MAX_POLICY_VERSION_CHARACTERS + 1)
    const [version, command] = [
      await world.ask({ policyVersion }),
      await world.ask({ command: 'x'.repeat(MAX_REQUEST_BYTES) }),
    ]
    const asked = await world.ask()
    await expect.poll(() => held(running), soon).toBe(1)
    await world.vote(asked, person('olga'))
    await expect.poll(() => world.decided(asked), soon).toEqual(['approved'])
    expect([await world.decided(version), await world.decided(command)]).toEqual([[], []])
    expect(await metric(running.metrics, 'sluice_approver_incidents_total{code="malformed"}')).toBe(2)
  })
})

describe("a node that takes the id of another's request", () => {
  it('gets none of the votes that the other has, nor does a restart give them', async () => {
    const first = await world.start()
    const other = importSigningKey(generateSigningKey())
    await world.certify(other, 'node', 'node-2')
    // The log is read partition after partition.
    const ask = await intruder(TOPICS.approvalRequests, 'node', world.node, 1)
    const lie = await intruder(TOPICS.approvalRequests, 'node', other, 0)
    const { policyVersion } = world
    const expiresAt = nowMicros() + 1_800_000_000
    const approvalId = uuidv7()
    const record = { approvalId, kind: 'requested', time: nowMicros(), withdrawn: null, executed: null } as const
    const requested = { ...requestedOf(1), approvalRules: ['two'], policyVersion, expiresAt }
    const forged = { ...requestedOf(2), approvalRules: ['two'], policyVersion, expiresAt, summary: 'DROP TABLE' }
    await ask(approvalId, { ...record, nodeId: NODE, replyPartition: 1, requested })
    await expect.poll(() => held(first), soon).toBe(1)
    await world.vote({ approvalId, requested }, person('olga'))
    await expect.poll(() => world.decided({ approvalId }), soon).toEqual(['vote_counted approve'])
    await first.stop()
    await lie(approvalId, { ...record, nodeId: 'node-2', replyPartition: 0, requested: forged })
    const second = await world.start()
    await expect.poll(() => held(second), soon).toBe(1)
    await world.vote({ approvalId, requested: forged }, person('pete'))
    await world.vote({ approvalId, requested }, person('quentin'))
    await expect.poll(async () => (await world.decided({ approvalId })).length, soon).toBe(3)
    expect((await world.decisions()).toSorted((a, b) => a.time - b.time)).toMatchObject([
      { kind: 'vote_counted', nodeId: NODE },
      { kind: 'vote_refused', reasonCode: 'shown_differs' },
      { kind: 'approved', nodeId: NODE, partition: 1, commandDigest: requested.commandDigest },
    ])
  })
})

describe('a console that lies', () => {
  it('gets an answer to odd reviews, and others vote on', async () => {
    const running = await world.start()
    const asked = await world.ask()
    await expect.poll(() => held(running), soon).toBe(1)
    const review = await intruder(TOPICS.approvalReviews, 'console', world.console)
    const digest = shownDigest(asked.approvalId, asked.requested)
    const seals = [
      { encapsulated: Buffer.alloc(0), ciphertext: Buffer.alloc(0) },
      { encapsulated: Buffer.alloc(32), ciphertext: Buffer.alloc(40) },
      { encapsulated: Buffer.alloc(32, 0xff), ciphertext: Buffer.alloc(40) },
      { encapsulated: Buffer.alloc(31), ciphertext: Buffer.alloc(5) },
      { encapsulated: Buffer.alloc(1_000_000, 1), ciphertext: Buffer.alloc(10_000_000) },
    ]
    for (const seal of seals) {
      for (const shown of [Buffer.alloc(0), digest, Buffer.alloc(1_000_000)]) {
        await review(asked.approvalId, {
          approvalId: asked.approvalId,
          reviewId: uuidv7(),
          vote: 'approve',
          reason: 'x'.repeat(1_000_000),
          shownDigest: shown,
          token: { recipientKeyId: '', ...seal },
          time: nowMicros(),
        })
      }
    }
    await world.vote(asked, person('olga'))
    const refused = Array.from({ length: 15 }, () => 'vote_refused token_invalid')
    await expect.poll(() => world.decided(asked), soon).toEqual([...refused, 'approved'])
  })
})

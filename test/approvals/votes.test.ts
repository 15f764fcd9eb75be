// A held command from the client to the person and back: the real proxy, the real approver, a real database.

import { generateSigningKey, importSigningKey, nowMicros, TOPICS } from '@sluice/events'
import { ControlWriter } from '@sluice/trust'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { logIn, query, transcript, type WireClient } from '../stand/wire-client.ts'
import { type ApprovalStand, type AskedRequest, startApprovalStand, type Vote } from './stand.ts'

let database: Database
let stand: ApprovalStand

beforeAll(async () => {
  database = await startDatabase(18)
  stand = await startApprovalStand(database, { limits: { denialsBeforePause: 1_000 } })
}, 60_000)
afterAll(async () => {
  await stand?.stop()
  await database?.stop()
})

const OLIVIA = { id: 'olivia' } as const

async function held(id: number): Promise<{ readonly client: WireClient; readonly asked: AskedRequest }> {
  const client = await logIn(stand.proxy, await stand.proxy.ticket())
  client.send(query(`update orders set status = 'shipped' where id = ${id}`))
  const [asked] = await stand.pending(1)
  return { client, asked: asked as AskedRequest }
}

async function statusOf(id: number): Promise<unknown> {
  return (await database.query(`select status from orders where id = ${id}`)).rows[0]?.status
}

describe('a vote', { timeout: 60_000 }, () => {
  it('lets the command run, and the reviewer learns what it did', async () => {
    const { client, asked } = await held(1)
    await stand.vote({ code: asked.requested.code, as: OLIVIA, vote: 'approve' })
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    expect(await statusOf(1)).toBe('shipped')
    expect(await stand.decisionOn(asked.approvalId)).toMatchObject({
      kind: 'approved',
      reviewers: [{ id: 'olivia', reason: 'as discussed' }],
    })
    client.end()
  })

  it('ends it where it is a denial, and the session goes on', async () => {
    const { client, asked } = await held(2)
    await stand.vote({ code: asked.requested.code, as: OLIVIA, vote: 'deny', reason: 'not today' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await statusOf(2)).toBe('new')
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })

  it.each<[string, Partial<Vote>]>([
    ['requester', { as: { id: 'agent', kind: 'human' } }],
    ['not_human', { as: { id: 'bot', kind: 'service' } }],
    ['not_in_group', { as: { id: 'stranger', groups: ['interns'] } }],
    ['stale_login', { tamper: { token: { loggedInSecondsAgo: 3_600 } } }],
    ['token_invalid', { tamper: { token: { audience: 'sluice:proxy' } } }],
    ['shown_differs', { tamper: { review: { shownDigest: Buffer.alloc(32) } } }],
  ])('is refused: %s', async (reasonCode, change) => {
    const { client, asked } = await held(3)
    const reviewId = await stand.vote({ code: asked.requested.code, as: OLIVIA, vote: 'approve', ...change })
    expect(await stand.answerTo(reviewId)).toMatchObject({ kind: 'vote_refused', reasonCode })
    expect(await statusOf(3)).toBe('new')
    client.end()
    expect(await stand.decisionOn(asked.approvalId)).toMatchObject({ kind: 'withdrawn' })
  })

  it('is none where nobody of ours signed it', async () => {
    const { client, asked } = await held(4)
    const signedBy = importSigningKey(generateSigningKey())
    const { code } = asked.requested
    const forged = await stand.vote({ code, as: OLIVIA, vote: 'approve', tamper: { signedBy } })
    const denied = await stand.vote({ code, as: OLIVIA, vote: 'deny' })
    await stand.answerTo(denied)
    expect((await stand.decisions()).filter(({ reviewId }) => reviewId === forged)).toEqual([])
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    client.end()
  })
})

describe('what operators see', { timeout: 60_000 }, () => {
  const metrics = async () => (await fetch(`${stand.proxy.healthUrl}/metrics`)).text()

  it('is how many wait, which policies hold, and what was not accepted', async () => {
    const { client, asked } = await held(7)
    const { policyVersion, code } = asked.requested
    expect(await metrics()).toContain('sluice_held 1\n')
    expect(await metrics()).toContain(`sluice_policy_info{version="${policyVersion}"} 1`)
    expect(await metrics()).toMatch(/sluice_requests_total\{effect="pending"\} [1-9]/)
    expect(await metrics()).not.toContain('sluice_incidents_total{')
    await stand.vote({ code, as: OLIVIA, vote: 'deny' })
    await client.until()
    expect(await metrics()).toContain('sluice_held 0\n')
    const { control } = stand.proxy
    const { log, registry } = control
    const key = importSigningKey(generateSigningKey())
    const topic = TOPICS.policies
    const forger = await ControlWriter.open({ log, registry, topic, key, nowMicros, everyKeyOnce: true })
    const subject = { issuer: stand.proxy.issuer.url, id: 'x', kind: 'human', groups: [], onBehalfOf: null } as const
    const set = { contentHash: '', files: [], approvalRules: '{}', masking: '{}', appliedBy: subject }
    await forger.publish('current', set)
    await forger.close()
    await expect.poll(metrics, { timeout: 5_000 }).toContain('sluice_incidents_total{code="foreign_key"} 1')
    expect(await metrics()).toContain(`sluice_policy_info{version="${policyVersion}"} 1`)
    client.end()
  })
})

describe('a restart in the middle of a hold', { timeout: 60_000 }, () => {
  it('of the approver loses nothing', async () => {
    const { client, asked } = await held(5)
    await stand.restartApprover('SIGKILL')
    await stand.vote({ code: asked.requested.code, as: OLIVIA, vote: 'approve' })
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    client.end()
  })

  it('of the proxy withdraws what it held, and nothing runs unapproved', async () => {
    const { asked } = await held(6)
    const proxy = await stand.restartProxy('SIGKILL')
    expect(await stand.decisionOn(asked.approvalId)).toMatchObject({ kind: 'withdrawn' })
    const late = await stand.vote({ code: asked.requested.code, as: OLIVIA, vote: 'approve' })
    expect(await stand.answerTo(late)).toMatchObject({ kind: 'vote_refused', reasonCode: 'ended' })
    const client = await logIn(proxy, await proxy.ticket())
    expect(await client.ask(query('select status from orders where id = 6'))).toBe('T D C(SELECT 1) Z(I)')
    expect(await statusOf(6)).toBe('new')
    client.end()
  })
})

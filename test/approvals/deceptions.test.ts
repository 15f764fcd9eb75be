// What should make a reviewer see something else than what runs, or see nothing for all the noise.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { logIn, query, transcript, type WireClient } from '../stand/wire-client.ts'
import { type ApprovalStand, type AskedRequest, startApprovalStand } from './stand.ts'

const MAX_HELD = 3
const PADDING_BYTES = 900_000
/** An escape sequence that clears the screen, text from right to left, an invisible character. */
const DECEIVING = ['\u001b[2J', '\u202e', '\u200b'] as const

let database: Database
let stand: ApprovalStand

beforeAll(async () => {
  database = await startDatabase(18)
  stand = await startApprovalStand(database, { limits: { heldPerSubject: MAX_HELD, denialsBeforePause: 1_000 } })
}, 60_000)
afterAll(async () => {
  await stand?.stop()
  await database?.stop()
})

async function connected(applicationName = 'test'): Promise<WireClient> {
  return logIn(stand.proxy, await stand.proxy.ticket(), { parameters: { application_name: applicationName } })
}

/** What is asked for by this text; the client has left afterwards. */
async function shown(text: string, applicationName?: string): Promise<AskedRequest['requested']> {
  const client = await connected(applicationName)
  client.send(query(text))
  const [asked] = await stand.pending(1)
  client.end()
  const { approvalId, requested } = asked as AskedRequest
  await stand.decisionOn(approvalId)
  return requested
}

describe('what a reviewer sees', { timeout: 60_000 }, () => {
  it('is the statement, however much comment stands around it', async () => {
    const comment = `/* ${'nothing to see '.repeat(PADDING_BYTES / 15)} */`
    const requested = await shown(`${comment} update orders ${comment.slice(0, 1_000)}*/ set status = 'x' where id = 1`)
    expect(requested).toMatchObject({
      command: "update orders set status = 'x' where id = 1",
      summary: 'UPDATE orders',
      commentsRemoved: 2,
    })
  })

  it('has nothing in it that moves, hides or paints', async () => {
    const deceiving = DECEIVING.join('')
    const alias = `"o${DECEIVING[1]}${DECEIVING[2]}"`
    const requested = await shown(
      `update orders as ${alias} set status = 'a${deceiving}b' where ${alias}.id = 1`,
      `psql${deceiving}`,
    )
    const everything = JSON.stringify(requested)
    for (const character of ['\u001b', ...DECEIVING.slice(1)]) {
      expect(everything).not.toContain(JSON.stringify(character).slice(1, -1))
    }
  })
})

describe('a flood of requests from one subject', { timeout: 60_000 }, () => {
  it('is held up to a bound, and keeps no other subject from asking', async () => {
    const clients = await Promise.all(Array.from({ length: MAX_HELD }, () => connected()))
    for (const [index, client] of clients.entries())
      client.send(query(`update orders set status = 'f' where id = ${index}`))
    await stand.pending(MAX_HELD)
    const flooding = await connected()
    const answer = await flooding.ask(query("update orders set status = 'f' where id = 9"))
    expect(answer).toBe('N E(42501) Z(I)')
    expect(await flooding.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')

    const other = await logIn(stand.proxy, await stand.proxy.ticket({ agent: 'other' }))
    other.send(query("update orders set status = 'ok' where id = 10"))
    const pending = await stand.pending(MAX_HELD + 1)
    const code = pending.find(({ requested }) => requested.subject.id === 'other')?.requested.code ?? ''
    await stand.vote({ code, as: { id: 'olivia' }, vote: 'approve' })
    expect(transcript(await other.until())).toBe('N C(UPDATE 1) Z(I)')
    for (const client of [...clients, flooding, other]) client.end()
  })
})

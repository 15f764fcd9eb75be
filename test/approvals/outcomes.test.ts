// What the people who approved learn of what they approved: that it ran only where it stays, and why it did not.

import type { Executed } from '@sluice/events'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { bind, execute, flush, logIn, parse, query, sync, transcript, type WireClient } from '../stand/wire-client.ts'
import { type ApprovalStand, type AskedRequest, startApprovalStand } from './stand.ts'

const SETUP = `
  create table parents (id int primary key);
  create table children (id int primary key, parent int references parents deferrable initially deferred);
  grant select, insert on parents, children to sluice_gateway;
`
/** Long enough for a busy machine, and no longer than a test may wait until it is over. */
const USE_MS = 3_000
const WAIT = { timeout: 15_000, interval: 20 }
const OK = { status: 'ok', code: null, rows: 1 }

let database: Database
let stand: ApprovalStand
let client: WireClient

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(SETUP)
  stand = await startApprovalStand(database, { limits: { approvalUseMs: USE_MS } })
})
afterAll(async () => {
  await stand?.stop()
  await database?.stop()
})
beforeEach(async () => {
  client = await logIn(stand.proxy, await stand.proxy.ticket())
})
afterEach(() => client.end())

const run = (text: string): Buffer => Buffer.concat([parse('', text), bind('', ''), execute()])
const update = (id: number): string => `update orders set status = 'done' where id = ${id}`

async function approved(): Promise<AskedRequest> {
  const [asked] = (await stand.pending(1)) as [AskedRequest]
  await stand.vote({ code: asked.requested.code, as: { id: 'olivia' }, vote: 'approve' })
  return asked
}

/** How the node said that it ended. */
async function endOf({ approvalId }: AskedRequest): Promise<Partial<Executed> | string> {
  const ends = async () =>
    (await stand.requests()).filter((request) => request.approvalId === approvalId && request.kind !== 'requested')
  await expect.poll(ends, WAIT).toHaveLength(1)
  const [end] = await ends()
  return end?.executed ?? end?.withdrawn?.reason ?? 'nothing'
}

async function statusOf(id: number): Promise<unknown> {
  return (await database.query(`select status from orders where id = ${id}`)).rows[0]?.status
}

describe('the end of an approval', () => {
  it.each([
    ['a simple query', query(update(1))],
    ['the extended protocol', Buffer.concat([run(update(2)), sync])],
  ])('is that it ran: %s', async (_name, sent) => {
    client.send(sent)
    expect(await endOf(await approved())).toMatchObject(OK)
  })

  it.each([
    ['a simple query', query('insert into children values (1, 99)')],
    ['the extended protocol', Buffer.concat([run('insert into children values (1, 99)'), sync])],
  ])('is the error of its commit: %s', async (_name, sent) => {
    client.send(sent)
    const asked = await approved()
    expect(await endOf(asked)).toMatchObject({ status: 'error', code: '23503', rows: 0 })
    expect(transcript(await client.until())).toMatch(/E\(23503\) Z\(I\)$/)
  })

  it('is the error of what stands behind it up to Sync, and took it along', async () => {
    client.send(run(update(3)), run('select 1/0'), sync)
    expect(await endOf(await approved())).toMatchObject({ status: 'error', code: '22012', rows: 0 })
    expect(await statusOf(3)).toBe('new')
  })

  it('is not known where the client left before its Sync', async () => {
    client.send(run(update(4)), flush)
    const asked = await approved()
    await expect.poll(async () => (await client.next())?.type, WAIT).toBe('C')
    client.end()
    expect(await endOf(asked)).toMatchObject({ status: 'interrupted', rows: 0 })
    expect(await statusOf(4)).toBe('new')
  })

  it('is that it ran where its transaction is the client’s to end', async () => {
    await client.ask(query('begin'))
    client.send(run(update(5)), sync)
    expect(await endOf(await approved())).toMatchObject(OK)
  })

  it('is told of each of several up to one Sync', async () => {
    client.send(run(update(6)), run(update(7)), sync)
    const first = await approved()
    await expect.poll(async () => (await client.next())?.type, WAIT).toBe('C')
    expect(
      (await stand.requests()).filter(({ kind, approvalId }) => kind === 'executed' && approvalId === first.approvalId),
    ).toEqual([])
    const second = await approved()
    expect(await endOf(first)).toMatchObject(OK)
    expect(await endOf(second)).toMatchObject(OK)
  })

  it('is that nothing ran where the approval came too late to be used', async () => {
    client.send(query(update(8)))
    const [asked] = (await stand.pending(1)) as [AskedRequest]
    // The proxy stands still, as it would on a machine that is suspended.
    stand.proxy.child.kill('SIGSTOP')
    try {
      await stand.vote({ code: asked.requested.code, as: { id: 'olivia' }, vote: 'approve' })
      const { usableUntil } = await stand.decisionOn(asked.approvalId)
      await expect.poll(() => Date.now() * 1_000 > Number(usableUntil), WAIT).toBe(true)
    } finally {
      stand.proxy.child.kill('SIGCONT')
    }
    const replies = await client.until()
    expect(transcript(replies)).toBe('N E(42501) Z(I)')
    const told = decodeReport(replies.find(({ type }) => type === 'E')?.bytes ?? Buffer.alloc(0))
    expect(told.get('M')).toMatch(/the approval came after it could be used; ask again$/)
    expect(told.get('H')).toBeUndefined()
    expect(await endOf(asked)).toBe('timed_out')
    expect(await statusOf(8)).toBe('new')
  })
})

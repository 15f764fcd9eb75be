// A command that waits inside of a live session, as the client sees it, and what reaches the database.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  bind,
  describe as describeMessage,
  execute,
  flush,
  logIn,
  parse,
  query,
  type Reply,
  sync,
  transcript,
  type WireClient,
} from '../stand/wire-client.ts'
import { WRITES_WITH_APPROVAL } from './policies.ts'
import { type SigningApprover, startSigningApprover } from './signing-approver.ts'

let database: Database
let proxy: RunningProxy
let approver: SigningApprover

beforeAll(async () => {
  database = await startDatabase(18)
  proxy = await startProxy(database, { policies: WRITES_WITH_APPROVAL })
  approver = await startSigningApprover(proxy.control)
})
afterAll(async () => {
  await approver?.close()
  await proxy?.stop()
  await database?.stop()
})

async function connected(): Promise<WireClient> {
  return logIn(proxy, await proxy.ticket())
}

async function statusOf(id: number): Promise<unknown> {
  const { rows } = await database.query(`select status from orders where id = ${id}`)
  return rows[0]?.status
}

const fieldsOf = (replies: readonly Reply[], type: 'E' | 'N') => {
  const found = replies.find((reply) => reply.type === type)
  return found === undefined ? new Map<string, string>() : decodeReport(found.bytes)
}

const update = (id: number, status: string): Buffer => query(`update orders set status = '${status}' where id = ${id}`)

describe('a simple query that needs an approval', () => {
  it('tells at once that it waits, runs when approved, and the session goes on', async () => {
    const client = await connected()
    client.send(update(1, 'shipped'))
    const notice = await client.next()
    expect(notice?.type).toBe('N')
    const fields = decodeReport(notice?.bytes as Buffer)
    const asked = await approver.nextAsked()
    expect(fields.get('M')).toMatch(/^sluice: held until a person of data-owners approves \(up to 10 minutes\)$/)
    expect(fields.get('D')).toContain(asked.requested.code.slice(0, 4))
    expect(await statusOf(1)).toBe('new')
    await approver.decide(asked)
    expect(transcript(await client.until())).toBe('C(UPDATE 1) Z(I)')
    expect(await statusOf(1)).toBe('shipped')
    expect((await approver.endOf(asked.approvalId)).executed).toMatchObject({ status: 'ok', rows: 1 })
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })

  it('is on the record: that it waited, that its approval was used, and how many rows it changed', async () => {
    const client = await connected()
    client.send(query("update orders set status = 'seen' where id in (20, 21) returning id"))
    const asked = await approver.nextAsked()
    await approver.decide(asked)
    await client.until()
    client.send(query("update orders set status = 'sold' where id in (20, 21)"))
    const second = await approver.nextAsked()
    await approver.decide(second)
    await client.until()
    client.end()
    const { sessionId } = asked.requested
    const recorded = async () => (await proxy.frames()).filter(({ header }) => header.sessionId === sessionId)
    await expect.poll(async () => (await recorded()).at(-1)?.header.kind, { timeout: 20_000 }).toBe('session_closed')
    const steps = (await recorded())
      .filter(({ header }) => ['request', 'approval_used', 'finished'].includes(header.kind))
      .map(({ header: { kind, decision, outcome } }) => [kind, decision?.effect, decision?.approvalId, outcome?.rows])
    const used = ({ approvalId }: typeof asked) => [
      ['request', 'pending', approvalId, undefined],
      ['approval_used', 'permit', approvalId, undefined],
      ['finished', 'permit', approvalId, 2],
    ]
    expect(steps).toEqual([...used(asked), ...used(second)])
  })

  it('shows the reviewer who, what, and what it touches', async () => {
    const client = await connected()
    client.send(query("update /* harmless */ orders set status = 'paid', amount = 123456789 where id = 2"))
    const { requested, approvalId } = await approver.nextAsked()
    expect(requested).toMatchObject({
      subject: { id: 'agent', kind: 'agent' },
      connection: 'shop',
      summary: 'UPDATE orders',
      commentsRemoved: 1,
      estimatedRows: 1,
      inTransaction: false,
      policyIds: ['agents-write-with-approval'],
      approvalRules: ['data-owner'],
    })
    expect(requested.command).toContain("status = 'paid'")
    expect(requested.command).not.toContain('123456789')
    expect(requested.touches).toContainEqual({ kind: 'table', name: 'public.orders' })
    client.end()
    expect((await approver.endOf(approvalId)).withdrawn).toEqual({ reason: 'client_left' })
  })

  it('is refused when it is denied, with who and why', async () => {
    const client = await connected()
    client.send(update(3, 'shipped'))
    await approver.decide(await approver.nextAsked(), { kind: 'denied', reason: 'not today', reasonCode: 'denied' })
    const replies = await client.until()
    expect(transcript(replies)).toBe('N E(42501) Z(I)')
    expect(fieldsOf(replies, 'E').get('M')).toContain('not today')
    expect(await statusOf(3)).toBe('new')
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })

  it('fails at once where it would fail anyway, and asks nobody', async () => {
    const client = await connected()
    const asked = approver.records.length
    client.send(query("update orders set nothing = 'x' where id = 1"))
    const replies = await client.until()
    expect(transcript(replies)).toBe('E(42703) Z(I)')
    expect(fieldsOf(replies, 'E').get('P')).toBe('19')
    expect(approver.records).toHaveLength(asked)
    client.end()
  })

  it('fails again where it failed before, and is asked for where it would not', async () => {
    const client = await connected()
    await database.query('create table closed (id int)')
    for (let turn = 0; turn < 2; turn++)
      expect(await client.ask(query('delete from closed where id = 1'))).toBe('E(42501) Z(I)')
    client.send(update(1, 'again'))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    client.end()
  })

  it('runs inside of a transaction, and is undone with it', async () => {
    const client = await connected()
    await client.ask(query('begin'))
    client.send(update(4, 'shipped'))
    const asked = await approver.nextAsked()
    expect(asked.requested.inTransaction).toBe(true)
    await approver.decide(asked)
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(T)')
    expect(await client.ask(query('rollback'))).toBe('C(ROLLBACK) Z(I)')
    expect(await statusOf(4)).toBe('new')
    client.end()
  })

  it('aborts its transaction when it is denied inside of one', async () => {
    const client = await connected()
    await client.ask(query('begin'))
    client.send(update(4, 'shipped'))
    await approver.decide(await approver.nextAsked(), { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(E)')
    expect(await client.ask(query('rollback'))).toBe('C(ROLLBACK) Z(I)')
    client.end()
  })

  it('is not held in a failed transaction', async () => {
    const client = await connected()
    await client.ask(query('begin'))
    await client.ask(query('select 1/0'))
    expect(await client.ask(update(4, 'shipped'))).toBe('E(25P02) Z(E)')
    client.end()
  })

  it('tells an error of its commit, and changes nothing then', async () => {
    await database.query(`create table parents (id int primary key);
      create table children (id int primary key, parent int references parents deferrable initially deferred);
      grant select, insert, update on parents, children to sluice_gateway`)
    const client = await connected()
    client.send(query('insert into children values (1, 99)'))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N E(23503) Z(I)')
    expect((await database.query('select * from children')).rows).toEqual([])
    client.end()
  })

  it('returns rows', async () => {
    const client = await connected()
    client.send(query("update orders set status = 'x' where id in (5, 6) returning id"))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N T D D C(UPDATE 2) Z(I)')
    client.end()
  })

  it('keeps what was sent behind it in order', async () => {
    const client = await connected()
    client.send(update(7, 'a'), query('select 1'), update(7, 'b'))
    await approver.decide(await approver.nextAsked())
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until(3))).toBe('N C(UPDATE 1) Z(I) T D C(SELECT 1) Z(I) N C(UPDATE 1) Z(I)')
    expect(await statusOf(7)).toBe('b')
    client.end()
  })
})

describe('an execution of the extended protocol that needs an approval', () => {
  const prepared = 'update orders set status = $1 where id = $2'

  it('is held as a whole, and its results are as without', async () => {
    const client = await connected()
    client.send(parse('', prepared), bind('', '', ['ready', '8']), describeMessage('P'), execute(), sync)
    const asked = await approver.nextAsked()
    expect(asked.requested.parameters).toEqual(["'ready'", '8'])
    expect(asked.requested.inTransaction).toBe(false)
    await approver.decide(asked)
    expect(transcript(await client.until())).toBe('N 1 2 n C(UPDATE 1) Z(I)')
    expect(await statusOf(8)).toBe('ready')
    client.end()
  })

  it('waits at each execution of a prepared statement, not at its preparation', async () => {
    const client = await connected()
    expect(await client.ask(parse('mark', prepared), describeMessage('S', 'mark'), sync)).toBe('1 t n Z(I)')
    for (const status of ['one', 'two']) {
      client.send(bind('', 'mark', [status, '9']), execute(), sync)
      await approver.decide(await approver.nextAsked())
      expect(transcript(await client.until())).toBe('N 2 C(UPDATE 1) Z(I)')
      expect(await statusOf(9)).toBe(status)
    }
    client.end()
  })

  it('is refused up to Sync, and the session lives', async () => {
    const client = await connected()
    client.send(parse('', prepared), bind('', '', ['no', '8']), execute(), parse('', 'select 1'), sync)
    await approver.decide(await approver.nextAsked(), { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })

  it('is one transaction with what stands before it and behind it up to Sync', async () => {
    const client = await connected()
    const other = 'update orders set status = $1 where id = $2'
    client.send(
      parse('', prepared),
      bind('', '', ['first', '10']),
      execute(),
      parse('', other),
      bind('', '', ['second', '11']),
      execute(),
      sync,
    )
    await approver.decide(await approver.nextAsked())
    const second = await approver.nextAsked()
    expect(second.requested.inTransaction).toBe(true)
    await approver.decide(second, { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N 1 2 C(UPDATE 1) N E(42501) Z(I)')
    expect([await statusOf(10), await statusOf(11)]).toEqual(['new', 'new'])
    client.end()
  })

  it('is held too where its Bind was sent and answered before', async () => {
    const client = await connected()
    client.send(parse('', prepared), bind('', '', ['late', '12']), flush)
    expect([(await client.next())?.type, (await client.next())?.type]).toEqual(['1', '2'])
    client.send(execute(), sync)
    const asked = await approver.nextAsked()
    expect(asked.requested).toMatchObject({ inTransaction: true, parameters: ["'late'", '12'] })
    await approver.decide(asked)
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    expect(await statusOf(12)).toBe('late')
    client.end()
  })

  it('fails as it would have failed', async () => {
    const client = await connected()
    client.send(parse('', prepared), bind('', '', ['x', 'not a number']), execute(), sync)
    expect(transcript(await client.until())).toBe('E(22P02) Z(I)')
    client.end()
  })

  it('is skipped where something before it failed', async () => {
    const client = await connected()
    client.send(
      parse('', 'select 1/0'),
      bind('', ''),
      execute(),
      parse('', prepared),
      bind('', '', ['x', '1']),
      execute(),
      sync,
    )
    expect(transcript(await client.until())).toBe('1 E(22012) Z(I)')
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })
})

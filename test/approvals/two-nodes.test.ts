// Two proxies on one event log: what is decided for one is nothing to the other.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { logIn, query, transcript, type WireClient } from '../stand/wire-client.ts'
import { WRITES_WITH_APPROVAL } from './policies.ts'
import { type SecondNode, startSecondNode } from './second-node.ts'
import { type SigningApprover, startSigningApprover } from './signing-approver.ts'
import { type ApprovalStand, type AskedRequest, startApprovalStand } from './stand.ts'

const LEDGER = `
  create table ledger (id int primary key, runs int not null);
  insert into ledger values (1, 0);
  grant select, update on ledger to sluice_gateway;
`
const COUNT = query('update ledger set runs = runs + 1 where id = 1')
const DONE = 'N C(UPDATE 1) Z(I)'
const REFUSED = 'N E(42501) Z(I)'

let database: Database

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(LEDGER)
})
afterAll(() => database?.stop())
beforeEach(() => database.query('update ledger set runs = 0'))

const runs = async (): Promise<unknown> => (await database.query('select runs from ledger')).rows[0].runs

describe('two nodes with an approver', () => {
  let stand: ApprovalStand
  let second: SecondNode

  beforeAll(async () => {
    stand = await startApprovalStand(database)
    second = await startSecondNode(stand.proxy)
  })
  afterAll(async () => {
    await second?.stop()
    await stand?.stop()
  })

  it('run only what was approved at each', async () => {
    const ticket = await stand.proxy.ticket()
    const clients = [await logIn(stand.proxy, ticket), await logIn(second.proxy, ticket)]
    for (const client of clients) client.send(COUNT)
    const asked = await stand.pending(2)
    const [here, there] = ['node-1', 'node-2'].map((id) => asked.find(({ nodeId }) => nodeId === id)) as AskedRequest[]
    await stand.vote({ code: there?.requested.code ?? '', as: { id: 'olivia' }, vote: 'approve' })
    expect(transcript((await clients[1]?.until()) ?? [])).toBe(DONE)
    expect((await stand.pendingRequests()).map(({ approvalId }) => approvalId)).toEqual([here?.approvalId])
    expect(await runs()).toBe(1)
    await stand.vote({ code: here?.requested.code ?? '', as: { id: 'olivia' }, vote: 'deny' })
    expect(transcript((await clients[0]?.until()) ?? [])).toBe(REFUSED)
    expect(await runs()).toBe(1)
    for (const client of clients) client.end()
  })

  it('withdraw only their own when one is killed', async () => {
    const ticket = await stand.proxy.ticket()
    const clients = [await logIn(stand.proxy, ticket), await logIn(second.proxy, ticket)]
    for (const client of clients) client.send(COUNT)
    const asked = await stand.pending(2)
    await second.stop('SIGKILL')
    second = await startSecondNode(stand.proxy)
    const here = asked.find(({ nodeId }) => nodeId === 'node-1')
    const there = asked.find(({ nodeId }) => nodeId === 'node-2')
    expect(await stand.decisionOn(there?.approvalId ?? '')).toMatchObject({ kind: 'withdrawn' })
    await stand.vote({ code: here?.requested.code ?? '', as: { id: 'olivia' }, vote: 'approve' })
    expect(transcript((await clients[0]?.until()) ?? [])).toBe(DONE)
    expect(await runs()).toBe(1)
    clients[0]?.end()
  })
})

describe('a decision for one node', () => {
  let proxy: RunningProxy
  let second: SecondNode
  let approver: SigningApprover
  let here: WireClient
  let there: WireClient

  beforeAll(async () => {
    proxy = await startProxy(database, { policies: WRITES_WITH_APPROVAL })
    second = await startSecondNode(proxy)
    approver = await startSigningApprover(proxy.control)
  })
  afterAll(async () => {
    await approver?.close()
    await second?.stop()
    await proxy?.stop()
  })
  beforeEach(async () => {
    const ticket = await proxy.ticket()
    here = await logIn(proxy, ticket)
    there = await logIn(second.proxy, ticket)
  })

  async function bothAsked(): Promise<readonly [AskedRequest, AskedRequest]> {
    here.send(COUNT)
    const first = await approver.nextAsked()
    there.send(COUNT)
    return [first, await approver.nextAsked()]
  }

  it('changes nothing where it reaches the other, and counts where it belongs', async () => {
    const [first, other] = await bothAsked()
    await approver.decide({ ...first, replyPartition: other.replyPartition })
    // Behind it, so that it was read when this was.
    await approver.decide(other, { kind: 'denied' })
    expect(transcript(await there.until())).toBe(REFUSED)
    expect(await runs()).toBe(0)
    await approver.decide(first)
    expect(transcript(await here.until())).toBe(DONE)
    expect(await runs()).toBe(1)
    for (const client of [here, there]) client.end()
  })

  it('is a denial where it is put under the other’s approval', async () => {
    const [first, other] = await bothAsked()
    const { nodeId, requested } = first
    const { sessionId, execution, commandDigest } = requested
    await approver.decide(other, { nodeId, sessionId, execution, commandDigest })
    expect(transcript(await there.until())).toBe(REFUSED)
    await approver.decide(first, { kind: 'denied' })
    expect(transcript(await here.until())).toBe(REFUSED)
    expect(await runs()).toBe(0)
    for (const client of [here, there]) client.end()
  })
})

// Ways to run what nobody approved. Each ends with the command refused, and the database as it was.

import { type ApprovalDecision, generateSigningKey, importSigningKey } from '@sluice/events'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelRequest } from '../../services/proxy/src/postgres/wire/encode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { bind, execute, logIn, openTcp, parse, query, sync, transcript, type WireClient } from '../stand/wire-client.ts'
import { logInWithKey } from './cancel-key.ts'
import { WRITES_WITH_APPROVAL } from './policies.ts'
import { type SigningApprover, startSigningApprover } from './signing-approver.ts'
import type { AskedRequest } from './stand.ts'

const SETUP = `
  create function note() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger noted before update on orders for each row execute function note();
  create function double(numeric) returns numeric language sql as 'select $1 * 2';
  create table restless (id int, v int);
  insert into restless values (1, 0);
  create function move() returns trigger language plpgsql security definer as $$
    begin execute 'create or replace function double(numeric) returns numeric language sql as ''select $1 * 3'''; return new; end $$;
  create trigger moving before update on restless for each row execute function move();
  grant select, update on restless to sluice_gateway;
  create schema elsewhere;
  create table elsewhere.orders as select * from orders;
  create function redirect() returns trigger language plpgsql as $$
    begin perform set_config('search_path', 'elsewhere, public', false); return new; end $$;
  create table redirecting (id int);
  insert into redirecting values (1);
  create trigger redirecting before update on redirecting for each row execute function redirect();
  grant usage on schema elsewhere to sluice_gateway;
  grant all on redirecting, elsewhere.orders to sluice_gateway;
  create table ledger (id int primary key, runs int not null);
  insert into ledger values (1, 0);
  grant select, update on ledger to sluice_gateway;
`

let database: Database
let proxy: RunningProxy
let approver: SigningApprover
let client: WireClient

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(SETUP)
  proxy = await startProxy(database, { policies: WRITES_WITH_APPROVAL })
  approver = await startSigningApprover(proxy.control)
})
afterAll(async () => {
  await approver?.close()
  await proxy?.stop()
  await database?.stop()
})
beforeEach(async () => {
  client = await logIn(proxy, await proxy.ticket())
  await database.query("update orders set status = 'new'")
  await database.query('update ledger set runs = 0')
})
afterEach(() => client.end())

const command = query("update orders set status = 'mine' where id = 1")
const count = query('update ledger set runs = runs + 1 where id = 1')

async function changed(): Promise<unknown> {
  const { rows } = await database.query("select count(*)::int as n from orders where status = 'mine'")
  return rows[0].n
}

async function runs(): Promise<unknown> {
  return (await database.query('select runs from ledger')).rows[0].runs
}

async function asked(): Promise<AskedRequest> {
  client.send(command)
  return approver.nextAsked()
}

describe('a change between asking and running', () => {
  it.each([
    [
      'a trigger function is replaced by another session',
      'create or replace function note() returns trigger language plpgsql as $$ begin new.amount := 0; return new; end $$',
    ],
    [
      'a function is replaced and put back',
      `create or replace function double(numeric) returns numeric language sql as 'select 0'; create or replace function double(numeric) returns numeric language sql as 'select $1 * 2'`,
    ],
    ['a trigger is added', 'create trigger other after update on orders for each statement execute function note()'],
    ['a rule is added', 'create rule quiet as on update to orders do also select 1'],
    ['a column changes its default', "alter table orders alter status set default 'x'"],
    [
      'another table takes the name',
      'alter table orders rename to orders_was; create table orders as select * from orders_was; grant select, update on orders to sluice_gateway',
    ],
    [
      'a table appears that is found first',
      'create schema if not exists sluice_gateway; create table sluice_gateway.orders as select * from public.orders; grant usage on schema sluice_gateway to sluice_gateway; grant all on sluice_gateway.orders to sluice_gateway',
    ],
  ])('refuses the command where %s', async (_name, change) => {
    const request = await asked()
    await database.query(change)
    await approver.decide(request)
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await changed()).toBe(0)
    expect((await approver.endOf(request.approvalId)).withdrawn).toEqual({ reason: 'changed' })
    await database.query('drop schema if exists sluice_gateway cascade')
  })

  it('undoes the command where the change happens while it runs', async () => {
    client.send(query('update restless set v = 1 where id = 1'))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect((await database.query('select v from restless')).rows).toEqual([{ v: 0 }])
  })

  it('undoes it in the extended protocol too, with all up to Sync', async () => {
    client.send(parse('', 'update restless set v = 2 where id = $1'), bind('', '', ['1']), execute(), sync)
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N 1 2 E(42501) Z(I)')
    expect((await database.query('select v from restless')).rows).toEqual([{ v: 0 }])
  })

  it('runs what was asked, whatever is prepared and bound under the same names behind it', async () => {
    const other = "update orders set status = 'other' where id = 2"
    client.send(parse('', "update orders set status = 'mine' where id = $1"), bind('', '', ['1']), execute())
    client.send(parse('', other), bind('', ''), sync)
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N 1 2 C(UPDATE 1) 1 2 Z(I)')
    const { rows } = await database.query("select id, status from orders where status <> 'new'")
    expect(rows).toEqual([{ id: 1, status: 'mine' }])
  })

  it('undoes the command where it makes names mean other tables', async () => {
    client.send(query('update redirecting set id = 1 where id = 1'))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toMatch(/E\(42501\) Z\(I\)$/)
    client.send(command)
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    expect(
      (await database.query("select count(*)::int as n from elsewhere.orders where status = 'mine'")).rows,
    ).toEqual([{ n: 0 }])
  })

  it('aborts the transaction around it', async () => {
    await client.ask(query('begin'))
    client.send(query('update restless set v = 3 where id = 1'))
    await approver.decide(await approver.nextAsked())
    expect(transcript(await client.until())).toBe('N E(42501) Z(E)')
    expect(await client.ask(query('commit'))).toBe('C(ROLLBACK) Z(I)')
    expect((await database.query('select v from restless')).rows).toEqual([{ v: 0 }])
  })

  it('refuses the command where the policies no longer permit it', async () => {
    const request = await asked()
    const stricter = WRITES_WITH_APPROVAL.map(({ name, text }) => ({
      name,
      text: `${text}\n@id("freeze") @reason("no writes today") forbid (principal, action == Action::"sql:write", resource);\n`,
    }))
    await proxy.control.publishPolicies(stricter)
    await applied('freeze')
    await approver.decide(request)
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await changed()).toBe(0)
    await proxy.control.publishPolicies(WRITES_WITH_APPROVAL)
    await applied(null)
  })
})

/** Waits until another session sees the policies that forbid writes, or sees that they are gone. */
async function applied(policy: string | null): Promise<void> {
  const other = await logIn(proxy, await proxy.ticket())
  const until = performance.now() + 5_000
  while (performance.now() < until) {
    other.send(query('update orders set nothing = 1 where id = 1'))
    const replies = await other.until()
    const refused = replies.some(({ bytes }) => policy !== null && bytes.includes(policy))
    const failedByItself = transcript(replies) === 'E(42703) Z(I)'
    if (policy === null ? failedByItself : refused) return other.end()
  }
  throw new Error('the policies did not arrive in time')
}

describe('a decision that is not for this execution', () => {
  const other = '0199c2f2-0000-7000-8000-000000000009'

  it.each<[string, Partial<ApprovalDecision>]>([
    ['another session', { sessionId: other }],
    ['another node', { nodeId: 'node-9' }],
    ['another execution', { execution: 7 }],
    ['another command', { commandDigest: Buffer.alloc(32, 7) }],
    ['another policy set', { policyVersion: '000000000000' }],
    ['a moment that is over', { usableUntil: 1 }],
  ])('counts as a denial where it is for %s', async (_name, difference) => {
    await approver.decide(await asked(), difference)
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await changed()).toBe(0)
  })

  it('changes nothing where a foreign key signed it', async () => {
    const request = await asked()
    await approver.decide(request, {}, importSigningKey(generateSigningKey()))
    await approver.decide(request, { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await changed()).toBe(0)
  })

  it('changes nothing where another service signed it', async () => {
    const request = await asked()
    await approver.decide(request, {}, proxy.control.signing.console)
    await approver.decide(request, { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await changed()).toBe(0)
  })

  it('serves once, however often it is repeated', async () => {
    client.send(count)
    const first = await approver.nextAsked()
    await approver.decide(first)
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    client.send(count)
    const second = await approver.nextAsked()
    await approver.decide(first)
    await approver.decide(first, { approvalId: first.approvalId, execution: second.requested.execution })
    await approver.decide(second, { kind: 'denied' })
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect(await runs()).toBe(1)
  })

  it('serves one of two sessions that ask for the same', async () => {
    const twin = await logIn(proxy, await proxy.ticket())
    client.send(count)
    const first = await approver.nextAsked()
    twin.send(count)
    const second = await approver.nextAsked()
    await approver.decide(first)
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    await approver.decide(second, {
      commandDigest: first.requested.commandDigest,
      sessionId: first.requested.sessionId,
    })
    expect(transcript(await twin.until())).toBe('N E(42501) Z(I)')
    expect(await runs()).toBe(1)
    twin.end()
  })

  it('runs nothing when it comes after the client has left', async () => {
    const request = await asked()
    client.end()
    expect((await approver.endOf(request.approvalId)).withdrawn).toEqual({ reason: 'client_left' })
    await approver.decide(request)
    client = await logIn(proxy, await proxy.ticket())
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    expect(await changed()).toBe(0)
  })
})

describe('the end of a wait', () => {
  it('by a cancel request: the error of a cancelled statement, the request withdrawn, the session alive', async () => {
    client.end()
    const session = await logInWithKey(proxy)
    client = session.client
    const request = await asked()
    expect((await client.next())?.type).toBe('N')
    const canceller = await openTcp(proxy)
    canceller.write(cancelRequest(session.key))
    expect(transcript(await client.until())).toBe('E(57014) Z(I)')
    expect((await approver.endOf(request.approvalId)).withdrawn).toEqual({ reason: 'cancelled' })
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
  })

  it('by the end of the upstream session', async () => {
    const request = await asked()
    expect((await client.next())?.type).toBe('N')
    await database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sluice_gateway'")
    expect((await approver.endOf(request.approvalId)).withdrawn).toEqual({ reason: 'upstream_lost' })
  })

  it('leaves other sessions alone while it lasts', async () => {
    await asked()
    const other = await logIn(proxy, await proxy.ticket())
    for (let turn = 0; turn < 20; turn++) expect(await other.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    other.end()
  })

  it('keeps what is sent behind it, up to a bound, and answers it in order', async () => {
    const request = await asked()
    const many = Array.from({ length: 2_000 }, () => query('select 1'))
    client.send(...many)
    await approver.decide(request)
    const replies = await client.until(2_001)
    expect(replies.filter(({ type }) => type === 'C')).toHaveLength(2_001)
  })

  it('is asked again for each command: one approval serves one execution', async () => {
    client.send(count, count)
    await approver.decide(await approver.nextAsked())
    await approver.decide(await approver.nextAsked(), { kind: 'denied' })
    expect(transcript(await client.until(2))).toBe('N C(UPDATE 1) Z(I) N E(42501) Z(I)')
    expect(await runs()).toBe(1)
  })
})

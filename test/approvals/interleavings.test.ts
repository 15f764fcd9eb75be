// Ways in which cancels, failures and messages meet a held command: each once ended in a wrong state, or ran another text.

import type { ApprovalRulesInput } from '@sluice/policy'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelRequest } from '../../services/proxy/src/postgres/wire/encode.ts'
import { ONE_DATA_OWNER } from '../stand/control-plane.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  bind,
  close,
  execute,
  flush,
  logIn,
  openTcp,
  parse,
  query,
  sync,
  transcript,
  type WireClient,
} from '../stand/wire-client.ts'
import { type CancelKey, logInWithKey } from './cancel-key.ts'
import { WRITES_WITH_APPROVAL } from './policies.ts'
import { type SigningApprover, startSigningApprover } from './signing-approver.ts'
import type { AskedRequest } from './stand.ts'

const SETUP = `
  create table "Orders" (id int primary key, status text);
  insert into "Orders" values (1, 'new');
  create table "Lines" (id int references "Orders" on delete cascade);
  create function quietly() returns trigger language plpgsql as $$
    begin perform set_config('standard_conforming_strings', 'off', false); return new; end $$;
  create table loud (id int, v int);
  insert into loud values (1, 0);
  create trigger quiet before update on loud for each row execute function quietly();
  create table later (id int, v int);
  insert into later values (1, 0);
  create constraint trigger quiet after update on later deferrable initially deferred
    for each row execute function quietly();
  create function hastily() returns trigger language plpgsql as $$
    begin perform set_config('statement_timeout', '1', false); return new; end $$;
  create table hasty (id int, v int);
  insert into hasty values (1, 0);
  create trigger hasty before update on hasty for each row execute function hastily();
  create function hastily_made() returns event_trigger language plpgsql as $$
    begin perform set_config('statement_timeout', '1', false); end $$;
  create event trigger hasty on ddl_command_end when tag in ('CREATE SEQUENCE') execute function hastily_made();
  grant create on schema public to sluice_gateway;
  grant select, insert, update, delete on all tables in schema public to sluice_gateway;
`

const READ_OTHERWISE = "select '\\', ' as it is read'"
const UPDATES_OF_LOUD = {
  name: 'loud.cedar',
  text: `@id("loud") permit (principal, action == Action::"sql:write", resource)
    when { resource is Table && ["loud", "later"].contains(resource.table) };`,
}
const POLICIES = [...WRITES_WITH_APPROVAL, UPDATES_OF_LOUD]

const WAIT = { timeout: 15_000, interval: 20 }

let database: Database
let proxy: RunningProxy
let approver: SigningApprover
let client: WireClient
let key: CancelKey

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(SETUP)
  proxy = await startProxy(database, { policies: POLICIES })
  approver = await startSigningApprover(proxy.control)
})
afterAll(async () => {
  await approver?.close()
  await proxy?.stop()
  await database?.stop()
})
beforeEach(async () => {
  const session = await logInWithKey(proxy)
  client = session.client
  key = session.key
})
afterEach(() => client.end())

/** Nobody can look at the table until `unlock`. */
async function lockOrders(): Promise<{
  readonly lookWaits: () => Promise<void>
  readonly unlock: () => Promise<void>
}> {
  const holder = await database.connect()
  await holder.query('begin; lock table orders in access exclusive mode')
  const waiting = "select from pg_stat_activity where usename = 'sluice_gateway' and wait_event_type = 'Lock'"
  return {
    lookWaits: () => expect.poll(async () => (await holder.query(waiting)).rows, WAIT).not.toEqual([]),
    unlock: () => holder.end(),
  }
}

describe('what the reviewer is shown', () => {
  it('is about the table that is named, where its name has capital letters', async () => {
    client.send(query('delete from "Orders" where id = 1'))
    const { requested } = await approver.nextAsked()
    expect(requested.touches).toEqual([
      { kind: 'cascade', name: 'public.Lines' },
      { kind: 'table', name: 'public.Orders' },
    ])
  })
})

describe('a text behind a statement that changed how texts are read', () => {
  it('is not sent, although the answers came before it', async () => {
    client.send(parse('', 'update loud set v = 1 where id = 1'), bind('', ''), execute(), flush)
    for (let type = ''; type !== 'C'; ) type = (await client.next())?.type ?? 'C'
    client.send(parse('', READ_OTHERWISE), bind('', ''), execute(), sync)
    expect(transcript(await client.until())).toBe('E(08P01)')
  })

  it('is not sent where a trigger waited for COMMIT to change it, although it was asked before', async () => {
    const run = (text: string): Buffer[] => [parse('', text), bind('', ''), execute()]
    const texts = ['begin', 'update later set v = 1 where id = 1', 'select 1', 'commit', READ_OTHERWISE]
    client.send(...texts.flatMap(run), sync)
    expect(transcript(await client.until())).toBe(
      '1 2 C(BEGIN) 1 2 C(UPDATE 1) 1 2 D C(SELECT 1) 1 2 C(COMMIT) E(08P01)',
    )
  })

  it('is not asked about in a failed transaction, which nothing runs in: its own error comes, and ROLLBACK works', async () => {
    await client.ask(query('begin'))
    await client.ask(query('update later set v = 2 where id = 1'))
    await client.ask(query('select nothing'))
    const [run, roll] = ['select 1', 'rollback'].map((text) => [parse('', text), bind('', ''), execute(), sync])
    expect(await client.ask(close('S', 'x'), ...(run ?? []))).toBe('3 E(25P02) Z(E)')
    expect(await client.ask(close('S', 'x'), ...(roll ?? []))).toBe('3 1 2 C(ROLLBACK) Z(I)')
  })
})

describe('a text behind a statement that the server ignores up to Sync', () => {
  it('is ignored with it, and waits for nothing', async () => {
    const ignored = query('update loud set v = 1 where id = 1')
    expect(await client.ask(parse('', 'select nothing'), ignored, query('select 1'), sync)).toBe('E(42703) Z(I)')
    client.send(parse('', 'select nothing'))
    expect(await client.ask(ignored, query('select 1'), parse('', 'select 1'), sync)).toBe('E(42703) Z(I)')
  })

  it('is not looked at by the gateway, whose own Sync would end the ignoring', async () => {
    const update = parse('', "update orders set status = 'x' where id = 1")
    client.send(parse('', 'select nothing'), query('select 1'), update, bind('', ''), execute(), sync)
    expect(transcript(await client.until())).toBe('E(42703) Z(I)')
  })
})

describe('a cancel request', () => {
  it('ends the look at a table that another session has locked', async () => {
    const orders = await lockOrders()
    client.send(query("update orders set status = 'x' where id = 1"))
    await orders.lookWaits()
    const canceller = await openTcp(proxy)
    canceller.write(cancelRequest(key))
    expect(transcript(await client.until())).toBe('E(57014) Z(I)')
    await orders.unlock()
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
  })
})

describe('the look behind an approved command, where it fails', () => {
  async function ran(...messages: readonly Buffer[]): Promise<string> {
    client.send(...messages)
    await approver.decide(await approver.nextAsked())
    return transcript(await client.until())
  }
  const update = 'update hasty set v = v + 1 where id = 1'

  async function expectAliveAndUndone(): Promise<void> {
    expect(await client.ask(query('select 1'))).toMatch(/^T D C\(SELECT 1\) Z/)
    expect((await database.query('select v from hasty')).rows).toEqual([{ v: 0 }])
  }

  it('undoes a simple query, and no transaction is left open', async () => {
    expect(await ran(query(update))).toBe('N E(57014) Z(I)')
    await expectAliveAndUndone()
  })

  it('is an error to an execution, which would have no answer', async () => {
    expect(await ran(parse('', update), bind('', ''), execute(), sync)).toBe('N 1 2 E(57014) Z(I)')
    await expectAliveAndUndone()
  })

  it('fails the transaction around it', async () => {
    await client.ask(query('begin'))
    expect(await ran(query(update))).toBe('N E(57014) Z(E)')
    expect(await client.ask(query('rollback'))).toBe('C(ROLLBACK) Z(I)')
    await expectAliveAndUndone()
  })

  it('is not taken for success where definitions change', async () => {
    expect(await ran(query('create sequence fresh'))).toBe('N E(57014) Z(I)')
    expect((await database.query("select to_regclass('fresh') as made")).rows).toEqual([{ made: null }])
    await expectAliveAndUndone()
  })
})

describe('an approval by a rule that says something else meanwhile', () => {
  const stricter = (expires: string) => ({
    'data-owner': { ...ONE_DATA_OWNER['data-owner'], reviewers: ['group:data-owners'], count: 2, expires },
  })

  /** Publishes the rules; resolves when the gateway goes by them. */
  async function follows(rules: ApprovalRulesInput, notice: string): Promise<void> {
    await proxy.control.publishPolicies(POLICIES, rules)
    const told = async (): Promise<string> => {
      const other = await logIn(proxy, await proxy.ticket())
      other.send(query('delete from "Lines" where id = 2'))
      const first = await other.next()
      other.end()
      return String(first?.bytes)
    }
    await expect.poll(told, WAIT).toContain(notice)
  }

  async function askedFor(command: string): Promise<AskedRequest> {
    for (;;) {
      const asked = await approver.nextAsked()
      if (asked.requested.command.includes(command)) return asked
    }
  }

  afterEach(() => follows(ONE_DATA_OWNER, 'up to 10 minutes'))

  it('is of no use: its name is not what people agreed to', async () => {
    client.send(query("update orders set status = 'x' where id = 1"))
    const asked = await askedFor('update orders')
    await follows(stricter('9m'), 'up to 9 minutes')
    await approver.decide(asked)
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect((await database.query("select from orders where status = 'x'")).rowCount).toBe(0)
  })

  it('is of no use either where it said so before anybody was asked, while the command was looked at', async () => {
    const orders = await lockOrders()
    client.send(query("update orders set status = 'z' where id = 1"))
    await orders.lookWaits()
    await follows(stricter('8m'), 'up to 8 minutes')
    await orders.unlock()
    await approver.decide(await askedFor('update orders'))
    expect(transcript(await client.until())).toBe('N E(42501) Z(I)')
    expect((await database.query("select from orders where status = 'z'")).rowCount).toBe(0)
  })
})

// Plans as they come about and are followed: from a database's catalog over the masker to what a session sees.

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { READS_FOR_AGENTS } from '../stand/control-plane.ts'
import { type Database, GATEWAY_ROLE, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'

const PLANNED_MS = 20_000

let database: Database
let proxy: RunningProxy
const serverLog: string[] = []

async function connect(to: RunningProxy): Promise<pg.Client> {
  const { user, password } = await to.ticket()
  const client = new pg.Client({ connectionString: to.url({ user, password }) })
  await client.connect()
  return client
}

async function ask(sql: string, to = proxy): Promise<Record<string, unknown>[]> {
  const client = await connect(to)
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Asks until the answer is as it should be: plans follow within a moment. */
async function eventually(sql: string, expected: Record<string, unknown>): Promise<void> {
  await expect.poll(async () => (await ask(sql))[0], { timeout: PLANNED_MS, interval: 50 }).toEqual(expected)
}

beforeAll(async () => {
  database = await startDatabase(18, { onLog: (line) => serverLog.push(line) })
  proxy = await startProxy(database, {
    masking: { columns: [{ match: '*/*.*.pass_phrase', tag: 'secret.password' }] },
    maskingSettings: { catalogMs: 200 },
  })
})
afterAll(async () => {
  await proxy?.stop()
  await database?.stop()
})

describe('what is sensitive', () => {
  it('is known before the proxy is ready', async () => {
    expect(await ask('select name, ssn from customers where id = 7')).toEqual([
      { name: 'Customer 7', ssn: '[pii.ssn]' },
    ])
  })

  it('is a column of a table that is made while sessions go on, at its first use', async () => {
    const client = await connect(proxy)
    await database.query(`create table people (id int, ssn text, pass_phrase text, title text);
      insert into people values (1, '123-45-6789', 'open sesame', 'Dr');
      grant select on people to ${GATEWAY_ROLE}`)
    const { rows } = await client.query('select * from people')
    expect(rows).toEqual([{ id: 1, ssn: '[pii.ssn]', pass_phrase: '[secret.password]', title: 'Dr' }])
    await client.end()
  })

  it('is a column that is added while a statement is prepared', async () => {
    const client = await connect(proxy)
    const statement = { name: 'all', text: 'select to_jsonb(o) as o from orders o where id = 1' }
    const before = await client.query(statement)
    expect(JSON.stringify(before.rows)).toContain('new')
    await database.query("alter table orders add column ssn2 text default '123-45-6789'")
    const after = await client.query(statement).catch((error: unknown) => ({ rows: [], error }))
    expect(JSON.stringify(after)).not.toContain('6789')
    await client.end()
    await expect
      .poll(async () => (await ask('select ssn2 from orders where id = 1').catch(() => []))[0], { timeout: PLANNED_MS })
      .toBeDefined()
    expect(JSON.stringify(await ask('select * from orders'))).not.toContain('6789')
  })

  it('is what a comment says from now on, and stays so when the comment is gone', async () => {
    await database.query('create table plain (id int, title text)')
    await database.query(`insert into plain values (1, 'Dr'); grant select on plain to ${GATEWAY_ROLE}`)
    expect(await ask('select title from plain')).toEqual([{ title: 'Dr' }])
    await database.query("comment on column plain.title is 'sluice:pii.title'")
    await eventually('select title from plain', { title: '[pii.title]' })
    await database.query('comment on column plain.title is null; alter table plain rename column title to label')
    await eventually('select label from plain', { label: '[pii.title]' })
  })

  it('is what a signed rule says, while sessions go on', async () => {
    const client = await connect(proxy)
    expect((await client.query('select status from orders where id = 2')).rows).toEqual([{ status: 'new' }])
    await proxy.control.publishPolicies(READS_FOR_AGENTS, undefined, {
      columns: [{ match: 'shop/public.orders.status', tag: 'internal.status' }],
    })
    await expect
      .poll(async () => (await client.query('select status from orders where id = 2')).rows[0] as unknown, {
        timeout: PLANNED_MS,
      })
      .toEqual({ status: '[internal.status]' })
    await client.end()
  })
})

describe('without a plan', () => {
  it('a connection has no sessions, and says why', async () => {
    const bare = await startProxy(database, { connection: { masking: 'on' } })
    await expect(connect(bare)).rejects.toThrow(/it is not known yet what is sensitive in shop/)
    await bare.stop()
  })
})

describe('trees and the constants in them', () => {
  it('stay out of the log of a server that lets the gateway say so', async () => {
    const isLogged = () => serverLog.some((line) => line.includes('rewritten parse tree'))
    await ask('select 1 from customers where id = 1')
    expect(isLogged()).toBe(true)
    await database.query(`grant set on parameter log_min_messages to ${GATEWAY_ROLE}`)
    const quiet = await startProxy(database, { masking: {}, plannedBy: 'test' })
    serverLog.length = 0
    await ask('select 1 from customers where id = 1', quiet)
    await database.query('select 1')
    expect(isLogged()).toBe(false)
    await quiet.stop()
  })
})

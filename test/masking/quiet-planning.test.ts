// What the gateway changes of a session while the server plans a statement is as it was behind that, however it ends.

import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ALL_BUT_REVEAL } from '../stand/control-plane.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'

const SCHEMA = `
  create table visits (id int primary key, customer_id int, ssn text);
  insert into visits select n, n, lpad(n::text, 9, '9') from generate_series(100, 400) n;
  create table parts (id int primary key, status text, code text);
  insert into parts select n, 's' || n % 2000, md5(n::text) from generate_series(1, 20000) n;
  create index on parts (status, code);
  analyze;
  grant select, insert, update, delete on visits, parts to public;
`
const JOINED = 'select c.id, v.id as visit from customers c left join visits v using (ssn)'
const CLEAN = 'select c.id from customers c join visits v on v.customer_id = c.id'
/** Fails when it is executed. */
const FAILS = `${JOINED.replace('c.id', '1 / (c.id - 7)')} where c.id < 20`
const DISORDERLY = /Hash|Merge|Sort/

describe.each([13, 18] as const)('on PostgreSQL %i', (major) => {
  let database: Database
  let proxy: RunningProxy
  let client: pg.Client

  beforeAll(async () => {
    database = await startDatabase(major)
    await database.query(SCHEMA)
    proxy = await startProxy(database, { policies: ALL_BUT_REVEAL, masking: {}, plannedBy: 'test' })
  }, 60_000)
  beforeEach(async () => {
    const login = { database: database.name, ...(await proxy.ticket()), ssl: { ca: proxy.authority } }
    client = new pg.Client({ host: 'localhost', port: proxy.port, ...login })
    await client.connect()
  })
  afterEach(() => client.end())
  afterAll(async () => {
    await proxy?.stop()
    await database?.stop()
  })

  const planOf = async (text: string, values?: readonly unknown[]): Promise<string> => {
    const asked = `explain (costs off) ${text}`
    const { rows } = await (values === undefined ? client.query(asked) : client.query(asked, [...values]))
    return rows.map((row: Record<string, unknown>) => String(row['QUERY PLAN'])).join('\n')
  }
  const expectAsUsual = async (): Promise<void> => expect(await planOf(CLEAN)).toMatch(DISORDERLY)

  it('only what joins by a tag is planned otherwise', async () => {
    await expectAsUsual()
    for (const values of [undefined, []]) {
      expect(await planOf(JOINED, values)).not.toMatch(DISORDERLY)
      await expectAsUsual()
    }
    expect((await client.query(JOINED)).rows).toHaveLength(1000)
    await expectAsUsual()
    const prepared = { name: 'joined', text: `${JOINED} where c.id > $1` }
    for (let times = 0; times < 8; times++) {
      expect((await client.query({ ...prepared, values: [times] })).rows).toHaveLength(1000 - times)
    }
    await expectAsUsual()
  })

  it('in a transaction it holds for one statement', async () => {
    await client.query('begin')
    await client.query(JOINED)
    await expectAsUsual()
    await client.query(JOINED, [])
    await expectAsUsual()
    await client.query(`declare c cursor for ${JOINED}`)
    await expectAsUsual()
    expect((await client.query('fetch 3 from c')).rows).toHaveLength(3)
    await client.query('commit')
    await expectAsUsual()
  })

  it('a statement that fails leaves nothing of it', async () => {
    for (const values of [undefined, []]) {
      const failing = () => (values === undefined ? client.query(FAILS) : client.query(FAILS, values))
      await expect(failing()).rejects.toMatchObject({ code: '22012' })
      await expectAsUsual()
      await client.query('begin')
      await client.query('savepoint s')
      await expect(failing()).rejects.toMatchObject({ code: '22012' })
      await client.query('rollback to s')
      await expectAsUsual()
      expect((await client.query(JOINED)).rows).toHaveLength(1000)
      await client.query('commit')
      await expectAsUsual()
    }
  })

  it('in a transaction that failed the client is told so', async () => {
    const prepared = { name: 'joined', text: JOINED }
    await client.query(prepared)
    await client.query('begin')
    await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
    await expect(client.query(prepared)).rejects.toMatchObject({ code: '25P02' })
    await expect(client.query(JOINED)).rejects.toMatchObject({ code: '25P02' })
    await client.query('rollback')
    expect((await client.query(prepared)).rows).toHaveLength(1000)
  })

  it('plans that were made before a column got a tag are not used any more', async () => {
    const prepared = { name: 'parts', text: "select id from parts where status = 's7' limit 2" }
    const ids = async (): Promise<number[]> => (await client.query<{ id: number }>(prepared)).rows.map(({ id }) => id)
    // In the order of the code.
    expect(await ids()).not.toEqual([7, 2007])
    await database.query("comment on column parts.code is 'sluice:pii.code'")
    await proxy.publishPlan()
    await expect
      .poll(async () => (await client.query('select code from parts limit 1')).rows)
      .toEqual([{ code: '[pii.code]' }])
    expect(await ids()).toEqual([7, 2007])
  })
})

// What goes on while no masker runs: plans that are there hold, and without one nothing is answered.

import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, reachedAt, startProxy } from '../stand/proxy.ts'
import { startService } from '../stand/service-process.ts'

const PLANNED_MS = 20_000

let database: Database

beforeAll(async () => {
  database = await startDatabase(18)
})
afterAll(() => database?.stop())

async function ask(to: Pick<RunningProxy, 'url'>, proxy: RunningProxy, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: to.url(await proxy.ticket()) })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const SSN = 'select ssn from customers where id = 7'
const MASKED = [{ ssn: '[pii.ssn]' }]

describe('where the masker was killed', () => {
  it('sessions go on, new ones too, by the plan that is there, and so does a proxy that starts anew', async () => {
    const proxy = await startProxy(database, { masking: {} })
    const { user, password } = await proxy.ticket()
    const client = new pg.Client({ connectionString: proxy.url({ user, password }) })
    await client.connect()
    await proxy.masker?.stop('SIGKILL')
    expect((await client.query(SSN)).rows).toEqual(MASKED)
    expect(await ask(proxy, proxy, SSN)).toEqual(MASKED)
    await client.end()
    await proxy.stopProcess('SIGKILL')
    const next = await startService('proxy', join(proxy.dir, 'sluice.yaml'))
    const reached = reachedAt(next, proxy.authorityFile)
    await expect.poll(() => ask(reached, proxy, SSN).catch(String), { timeout: PLANNED_MS }).toEqual(MASKED)
    await next.stop()
    await proxy.stop()
  })
})

describe('a column that came after the masker was killed', () => {
  it('is masked, and decides nothing', async () => {
    const proxy = await startProxy(database, { masking: {}, limits: { planWaitMs: 100 } })
    await proxy.masker?.stop('SIGKILL')
    await database.query(
      "alter table customers add column code int default 536228123, add column extra text default 'x'",
    )
    const rows = await ask(proxy, proxy, 'select id, code, extra, to_jsonb(c) as whole from customers c where id = 7')
    expect(rows).toEqual([{ id: 7, code: 0, extra: '[unknown]', whole: '[redacted]' }])
    const asked = ask(proxy, proxy, 'select id from customers where code > 5')
    await expect(asked).rejects.toMatchObject({ code: '42501' })
    await proxy.stop()
  })
})

describe('where there never was a masker', () => {
  it('a connection is refused in words that say why, until there is a plan', async () => {
    const proxy = await startProxy(database, { connection: { masking: 'on' } })
    await expect(ask(proxy, proxy, SSN)).rejects.toThrow('it is not known yet what is sensitive in shop')
    const masker = await startService('masker', join(proxy.dir, 'sluice.yaml'))
    await expect.poll(() => ask(proxy, proxy, SSN).catch(String), { timeout: PLANNED_MS }).toEqual(MASKED)
    await masker.stop()
    await proxy.stop()
  })
})

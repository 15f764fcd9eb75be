// What the audit stream holds of masked sessions, and what is found in it: from the proxy over the masker to the plan.

import { auditCodec, TOPICS } from '@sluice/events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { maskerContents, storedRecords } from '../stand/stored-records.ts'

const SOON_MS = 20_000

let database: Database
let proxy: RunningProxy
let client: pg.Client

beforeAll(async () => {
  database = await startDatabase(18)
  proxy = await startProxy(database, { masking: { raise: { minCount: 3 } } })
  const { user, password } = await proxy.ticket()
  client = new pg.Client({ connectionString: proxy.url({ user, password }) })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await proxy?.stop()
  await database?.stop()
})

type Finished = {
  readonly text: string | null
  /** Kind, disclosure, reason and what may be read of each segment. */
  readonly segments: readonly (readonly [string, string, string | null, string])[]
}

async function finished(): Promise<readonly Finished[]> {
  const codec = await auditCodec(proxy.control.registry)
  const found: Finished[] = []
  for await (const { value } of storedRecords(proxy.control.log, TOPICS.audit)) {
    const { header, text, segments } = codec.decode(value)
    if (header.kind !== 'finished') continue
    found.push({
      text,
      segments: segments.map(({ kind, disclosure, reason, bytes }) => [
        kind,
        disclosure,
        reason,
        bytes?.toString('utf8') ?? '',
      ]),
    })
  }
  return found
}

/** The audit of the statement whose text has a mark in it. */
async function auditOf(mark: string): Promise<Finished> {
  const look = async () => (await finished()).find(({ text }) => text?.includes(mark))
  await expect.poll(look, { timeout: SOON_MS, interval: 50 }).toBeDefined()
  return (await look()) as Finished
}

describe('a masked statement', () => {
  it('is in the audit stream with its values and what was delivered, but for what is sensitive', async () => {
    const [person] = (await database.query('select name, email, ssn from customers where id = 7')).rows as [
      { name: string; email: string; ssn: string },
    ]
    await client.query(`select name as first, email, ssn from customers where ssn = '${person.ssn}' and id < 100000`)
    const { text, segments } = await auditOf('first')
    expect(text).toBe('select name as first, email, ssn from customers where ssn = [pii.ssn] and id < 100000')
    expect(segments.map(([kind, disclosure, reason]) => [kind, disclosure, reason])).toEqual([
      ['text', 'shown', null],
      ['literal', 'altered', 'tag'],
      ['literal', 'shown', null],
      ['result', 'shown', null],
    ])
    expect(segments[3]?.[3]).toContain(person.name)
    expect(segments[3]?.[3]).toContain('[pii.ssn]')
    const all = JSON.stringify(await finished())
    for (const secret of [person.ssn, person.email]) expect(all).not.toContain(secret)
  })

  it('is there without the parameters that stand for sensitive columns', async () => {
    const ssn = '078-05-1120'
    await client.query('select name as second from customers where ssn = $1 and name <> $2', [ssn, 'Bob'])
    const { text } = await auditOf('second')
    expect(text).toContain('ssn = $1')
    expect(JSON.stringify(await finished())).not.toContain(ssn)
  })
})

describe('sensitive data that the plan does not know', () => {
  it('is found, told, and masked from then on', async () => {
    await database.query("update customers set name = 'ask ann' || id || '@example.com' where id < 10")
    const ask = async () => (await client.query('select name as third from customers where id = 8')).rows
    expect(await ask()).toEqual([{ third: 'ask ann8@example.com' }])
    const { segments } = await auditOf('third')
    expect(segments.at(-1)?.slice(0, 3)).toEqual(['result', 'withheld', 'detected'])
    await ask()
    await ask()
    await expect.poll(async () => JSON.stringify(await ask()), { timeout: SOON_MS }).not.toContain('ann8')
    const [first, ...more] = await maskerContents(proxy.control, TOPICS.findings)
    expect(first).toMatchObject({
      connection: 'shop',
      place: { kind: 'column', name: 'public.customers.name' },
      tag: 'pii.email',
      example: 'aaa9@aaaaaaa.aaa',
      raised: false,
    })
    expect(more.some(({ raised }) => raised)).toBe(true)
  })
})

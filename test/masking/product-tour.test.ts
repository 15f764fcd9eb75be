// The minutes of a person with masking: the whole product as `sluice up` runs it, by drivers, psql and the command line.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { eventually, Place, type Run } from '../up/running.ts'

/** From a statement over the masker and the indexer, which run at low priority, to an answer; and to a plan in force. */
const SOON_MS = 30_000
const SECRET = '536-22-8123'

const place = new Place()
let run: Run
let owner: pg.Client
let agent: pg.Client

beforeAll(async () => {
  run = await place.up()
  owner = new pg.Client(superuser())
  await owner.connect()
  agent = new pg.Client({ connectionString: run.ready.postgres.url, application_name: 'tour' })
  await agent.connect()
}, 150_000)
afterAll(async () => {
  await agent?.end()
  await owner?.end()
  await place.remove()
}, 30_000)

function superuser(): pg.ClientConfig {
  const text = readFileSync(join(place.state, 'sluice.yaml'), 'utf8')
  const { port } = (parse(text) as { connections: { shop: { port: number } } }).connections.shop
  const password = readFileSync(join(place.state, 'secrets/postgres-superuser'), 'utf8').trim()
  const ca = readFileSync(run.ready.caFile, 'utf8')
  return { host: '127.0.0.1', port, database: 'shop', user: 'postgres', password, ssl: { ca } }
}

const ask = async (sql: string): Promise<unknown[]> => (await agent.query<Record<string, unknown>>(sql)).rows
const psql = (...commands: string[]): string =>
  execFileSync('psql', [run.ready.postgres.url, '-AXt', ...commands.flatMap((each) => ['-c', each])], {
    encoding: 'utf8',
  })
const said = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await place.sluice(...words)
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout
}
async function list(key: string, ...words: string[]): Promise<readonly Record<string, unknown>[]> {
  return (JSON.parse(await said(...words, '--json')) as Record<string, Record<string, unknown>[]>)[key] ?? []
}
const planOf = async (like: string): Promise<readonly Record<string, string>[]> =>
  JSON.parse(await said('mask', 'plan', 'shop', '--like', like, '--json'))

function changeConfig(change: (text: string) => string): void {
  const file = join(place.state, 'sluice.yaml')
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

async function approve(): Promise<string> {
  const [open] = await eventually(
    () => list('approvals', 'approvals', '--as', 'owner'),
    (found) => found.length > 0,
    SOON_MS,
  )
  return said('approve', String(open?.['code']), '--reason', 'ticket 4711', '--as', 'owner')
}

describe('the agent', { timeout: 60_000 }, () => {
  it('works with the data and does not see the value', async () => {
    expect(await ask('select name, email, ssn from customers where id = 1')).toEqual([
      { name: 'Customer 0001', email: 'c****@example.com', ssn: '[pii.ssn]' },
    ])
    const joined = 'select count(*)::int as n from customers a join customers b using (ssn) where a.id <= 100'
    expect(await ask(joined)).toEqual([{ n: 100 }])
    expect(await ask('select count(distinct ssn)::int as n from customers')).toEqual([{ n: 10_000 }])
    expect(psql('copy (select id, reverse(ssn), card from customers order by id limit 1) to stdout')).toBe(
      '1\t[pii.ssn]\t**** **** **** 9452\n',
    )
    const fetched = psql('begin', 'declare k cursor for select ssn from customers', 'fetch 1 from k', 'commit')
    expect(fetched).toBe('BEGIN\nDECLARE CURSOR\n[pii.ssn]\nCOMMIT\n')
  })

  it('is told what it could do instead, by what, and under which event', async () => {
    await expect(ask("select max(ssn) from customers where ssn like '1%'")).rejects.toMatchObject({
      code: '42501',
      message: 'sluice: customers.ssn (pii.ssn) may not be compared with LIKE here',
      detail: expect.stringMatching(/^policy tag-touch · event [0-9a-f-]{36}$/),
      hint: expect.stringContaining('Use = or IN with up to 5 values'),
    })
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('waits for a person in a masked session too, and gets back nothing that is not masked', async () => {
    const updated = ask("update customers set notes = 'called' where id = 3 returning id, ssn")
    expect(await approve()).toMatch(/Approved.*1 row/s)
    expect(await updated).toEqual([{ id: 3, ssn: '[pii.ssn]' }])
  })
})

describe('the analyst', { timeout: 60_000 }, () => {
  it('finds who used a column, how, and what was masked', async () => {
    const access = await eventually(
      () => list('access', 'who', 'customers.ssn', '--since', '1h'),
      (rows) => rows.some(({ policy }) => policy === 'tag-touch'),
      SOON_MS,
    )
    expect(access).toContainEqual(expect.objectContaining({ how: 'compare', decision: 'deny', policy: 'tag-touch' }))
    expect(access).toContainEqual(expect.objectContaining({ how: 'output', decision: 'permit', tag: 'pii.ssn' }))
  })

  it('sees in a replay what was asked and masked, and no value', async () => {
    const ssn = String((await owner.query('select ssn from customers where id = 5')).rows[0].ssn)
    await ask(`select id as found from customers where ssn = '${ssn}'`)
    const session = String(
      (await list('sessions', 'sessions')).find((row) => row['application'] === 'tour')?.['sessionId'],
    )
    const shown = await eventually(
      () => said('replay', session),
      (text) => text.includes('as found from customers where ssn = [pii.ssn]'),
      SOON_MS,
    )
    expect(shown).toMatch(/ok, 1 row in [\d.]+ ms; masked 1 × pii.email, 1 × pii.ssn/)
    expect(shown).toContain('as found from customers where ssn = [pii.ssn]')
    expect(shown).toMatch(/Customer 0001 +c\*{4}@example.com +\[pii.ssn\]/)
    expect(shown).toContain('deny tag-touch')
    expect(shown).not.toContain(ssn)
  })
})

describe('the security engineer', { timeout: 120_000 }, () => {
  it('sees each column of the plan and why, and what becomes of a statement', async () => {
    expect(await planOf('customers.email')).toEqual([
      { table: 'public.customers', column: 'email', verdict: 'tagged', tags: 'pii.email: partial', why: 'comment' },
    ])
    expect(await said('mask', 'plan', 'shop')).not.toContain('pg_catalog')
    expect(await said('mask', 'explain', 'select name, ssn from customers')).toMatch(
      /ssn +public.customers.ssn.*redact/,
    )
    const refused = await said('mask', 'explain', "select 1 from customers where ssn like '1%'")
    expect(refused).toMatch(/may not be compared with LIKE here.*refused[\s\S]*Use = or IN/)
  })

  it('sees a finding in a clean column, has it masked within seconds, and undoes it by a signed rule alone', async () => {
    await owner.query(`update customers set name = 'Bob, SSN ${SECRET}' where id between 11 and 14`)
    const look = async () => (await ask('select name from customers where id between 11 and 14'))[0]
    await expect.poll(look, { timeout: SOON_MS }).toEqual({ name: '[pii.ssn]' })
    expect(await list('findings', 'findings')).toContainEqual(
      expect.objectContaining({ place: 'public.customers.name', tag: 'pii.ssn', example: '999-99-9999', raised: true }),
    )
    expect(await planOf('customers.name')).toMatchObject([{ verdict: 'tagged', why: 'finding' }])
    await owner.query("update customers set name = 'Bob' where id between 11 and 14")
    expect(await look()).toEqual({ name: '[pii.ssn]' })
    changeConfig((text) =>
      text.replace(/^ {2}columns:$/m, '$&\n    - { match: "shop/public.customers.name", verdict: clean }'),
    )
    await said('policy', 'apply')
    await expect.poll(look, { timeout: SOON_MS }).toEqual({ name: 'Bob' })
  })

  it('has new columns closed before they are known, and by their names and comments afterwards', async () => {
    const shown = async () => JSON.stringify(await ask('select * from customers where id < 3'))
    await owner.query(`alter table customers add column ssn2 text default '${SECRET}',
      add column reach text default '+49 30 901820'; comment on column customers.reach is 'sluice:pii.phone'`)
    for (let looks = 0; looks < 10; looks++) expect(await shown()).not.toMatch(/8123|901820/)
    await expect(ask(`select id from customers where ssn2 like '5%'`)).rejects.toMatchObject({ code: '42501' })
    // Known at the next look at the catalog; a table that nobody knows asks for one at once.
    await owner.query('create table visits (id int); grant select on visits to sluice_gateway')
    await expect.poll(() => ask('select * from visits').catch(String), { timeout: SOON_MS }).toEqual([])
    await expect.poll(shown, { timeout: SOON_MS }).toMatch(/\[pii.ssn\].*\[pii.phone\]/)
    expect(await planOf('customers.reach')).toMatchObject([{ tags: 'pii.phone: redact', why: 'comment' }])
  })
})

describe('whoever policy allows', { timeout: 120_000 }, () => {
  const SOME = `
    @id("owners-see-addresses")
    permit (principal in Group::"data-owners", action == Action::"reveal", resource)
    when { context.tag == "pii.email" };
    @id("agents-ask-for-addresses")
    @approval("data-owner")
    permit (principal in Group::"agents", action == Action::"reveal", resource)
    when { context.tag == "pii.email" };`
  const ALL = `
    @id("admins-see-all")
    permit (principal in Group::"admins", action == Action::"reveal", resource);
    @id("admins-read")
    permit (principal in Group::"admins", action == Action::"sql:read", resource);`
  const write = (policy: string) => writeFileSync(join(place.state, 'policies/40-reveal.cedar'), policy)

  it('is told by the cases of the policies when someone sees more than they say', async () => {
    write(SOME)
    expect(await place.sluice('policy', 'test')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('expected pii.email to be masked, is seen in clear'),
    })
  })

  it('reveals a token: at once, after an approval, or not at all', async () => {
    changeConfig((text) => text.replace('pii.email: { strategy: partial }', 'pii.email: { strategy: tokenize }'))
    await said('policy', 'apply', '--untested')
    const tokenOf = async () => String((await agent.query('select email from customers where id = 1')).rows[0].email)
    await expect.poll(tokenOf, { timeout: SOON_MS }).toMatch(/^tok_email_/)
    const token = await tokenOf()
    expect(await said('reveal', token, '--as', 'owner')).toBe('customer.0001@example.com\n')
    const waiting = said('reveal', token, '--as', 'agent')
    await approve()
    expect(await waiting).toBe('customer.0001@example.com\n')
    expect(await place.sluice('reveal', token, '--as', 'admin')).toMatchObject({ code: 4, stdout: '' })
    expect(await place.sluice('reveal', 'tok_email_made-up', '--as', 'owner')).toMatchObject({ code: 4 })
    const revealed = await eventually(
      () =>
        list('rows', 'sql', "select subject, decision from commands where text like 'sluice reveal%' order by time"),
      (rows) => rows.length >= 4,
      SOON_MS,
    )
    expect(revealed).toHaveLength(4)
  })

  it('sees all of a connection as it is, on the record, and the record does not show it', async () => {
    write(`${SOME}${ALL}`)
    await said('policy', 'apply', '--untested')
    const url = new URL(run.ready.postgres.url)
    url.username = 'admin'
    url.password = run.ready.proxyTokens.admin
    const admin = new pg.Client({ connectionString: url.href })
    await admin.connect()
    const text = "select id, ssn as seen from customers where ssn like '123-45-%' and id = 1"
    const look = async () => (await admin.query(text).catch(() => ({ rows: [] }))).rows[0] as unknown
    await expect.poll(look, { timeout: SOON_MS }).toEqual({ id: 1, seen: '123-45-6789' })
    await admin.end()
    const seen = await eventually(
      () => list('rows', 'sql', "select * from events where subject = 'admin' and kind = 'finished' and status = 'ok'"),
      (rows) => rows.length > 0,
      SOON_MS,
    )
    expect(JSON.stringify(seen)).toContain('as seen')
    expect(JSON.stringify(seen)).not.toContain('123-45-6789')
  })
})

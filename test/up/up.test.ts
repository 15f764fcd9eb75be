import { readFileSync, statSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, Place, type Run } from './running.ts'

/** Everything is down within this, and what is killed is noticed within this. */
const STOP_MS = 5_000
/** From a statement to the index; the masker and the indexer run at low priority. */
const INDEXED_MS = 30_000

const place = new Place()
let run: Run

beforeAll(async () => {
  run = await place.up()
}, 150_000)
afterAll(() => place.remove(), 20_000)

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'up-test' })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const json = async (...words: string[]): Promise<Record<string, Record<string, unknown>[]>> => {
  const { code, stdout, stderr } = await place.sluice(...words, '--json')
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return JSON.parse(stdout)
}

// The tests of one run follow each other: they are the minutes of one demo.
describe('sluice up', { timeout: 60_000 }, () => {
  it('shows each part and a block to copy from', () => {
    for (const part of ['Node', 'PostgreSQL', 'identity', 'approver', 'masker', 'indexer', 'console', 'proxy']) {
      expect(run.screen()).toMatch(new RegExp(`✔ ${part} `))
    }
    expect(run.screen()).toContain('sslmode=verify-full')
    // The supervisor, its seven children, PostgreSQL and ClickHouse: what is not seen here would not be missed at the end.
    expect(place.processes().length).toBeGreaterThanOrEqual(10)
    expect(run.screen()).not.toContain('\u001b')
  })

  it('writes the ready file for its user alone, with URLs and tokens that work', async () => {
    expect(statSync(place.readyFile).mode & 0o777).toBe(0o600)
    expect(Object.keys(run.ready.tokens)).toEqual(['agent', 'owner', 'admin'])
    expect(await ask(run.ready.postgres.url, 'select count(*)::int as n from customers')).toEqual([{ n: 10_000 }])
    for (const url of Object.values(run.ready.health)) expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('shows the agent names, and masks what the rules and a comment say', async () => {
    const sql = 'select name, email, ssn, card, notes from customers where id = 1'
    expect(await ask(run.ready.postgres.url, sql)).toEqual([
      {
        name: 'Customer 0001',
        email: 'c****@example.com',
        ssn: '[pii.ssn]',
        card: '**** **** **** 9452',
        notes: 'Wants invoices at [pii.email] instead.',
      },
    ])
    await expect(ask(run.ready.postgres.url, "select id from customers where ssn like '1%'")).rejects.toMatchObject({
      code: '42501',
    })
  })

  it('holds an update until the data owner approves, and refuses the agent as reviewer', async () => {
    const client = new pg.Client({ connectionString: run.ready.postgres.url })
    await client.connect()
    const updated = client.query("update orders set status = 'shipped' where id = 7")
    const { approvals = [] } = await eventually(
      () => json('approvals', '--as', 'owner'),
      ({ approvals: open = [] }) => open.length > 0,
      INDEXED_MS,
    )
    const code = String(approvals[0]?.['code'])
    expect(await place.sluice('approve', code, '--as', 'agent')).toMatchObject({ code: 4 })
    const approved = await place.sluice('approve', code, '--reason', 'ticket 4711', '--as', 'owner')
    expect(approved).toMatchObject({ code: 0, stdout: expect.stringMatching(/Approved.*1 row/s) })
    expect((await updated).rowCount).toBe(1)
    await client.end()
  })

  it('refuses what the policies forbid, and the session lives', async () => {
    const client = new pg.Client({ connectionString: run.ready.postgres.url })
    await client.connect()
    await expect(client.query("update orders set status = 'shipped'")).rejects.toMatchObject({ code: '42501' })
    await expect(client.query('drop table customers')).rejects.toMatchObject({
      message: expect.stringContaining('DROP TABLE is not allowed on connection shop'),
      detail: expect.stringContaining('prod-never-drop'),
    })
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  it('lets the data owner find it: sessions, who, replay, sql', async () => {
    const access = await eventually(
      () => json('who', 'customers', '--since', '1h'),
      ({ access = [] }) => access.some(({ decision }) => decision === 'deny'),
      INDEXED_MS,
    )
    // The newest first: what was refused, and before it what was read, and of what nothing was shown.
    expect(access['access']?.[0]).toMatchObject({ subject: 'agent', decision: 'deny' })
    expect(access['access']).toContainEqual(
      expect.objectContaining({ subject: 'agent', decision: 'permit', column: 'ssn', tag: 'pii.ssn' }),
    )
    const { sessions = [] } = await json('sessions')
    const session = sessions.find(({ application }) => application === 'up-test')
    expect(session).toMatchObject({ subject: 'agent', connection: 'shop' })
    const { events = [] } = await json('replay', String(session?.['sessionId']).slice(0, 13))
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['session_opened', 'request', 'finished']))
    const { stdout } = await place.sluice('sql', 'select subject, count() as n from commands group by subject')
    expect(stdout).toMatch(/^subject +n\nagent +\d+\n/)
    for (const words of [['sessions'], ['who', 'customers']]) {
      const shown = await place.sluice(...words)
      expect([shown.code, shown.stdout.includes('agent (agents)')]).toEqual([0, true])
    }
  })

  it('tells the security engineer what is masked, and why', async () => {
    const plan = await place.sluice('mask', 'plan', 'shop')
    expect(plan.stdout).toMatch(/public\.customers +email +tagged +pii\.email: partial +comment/)
    const explained = await place.sluice('mask', 'explain', 'select reverse(ssn) from customers')
    expect(explained.stdout).toMatch(/reverse +public\.customers\.ssn \(pii\.ssn\) +redact as a whole: it is computed/)
    expect(await place.sluice('findings')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing sensitive'),
    })
  })

  it('gives tickets, and tells the agent from who may ask', async () => {
    const ticket = await place.sluice('token', '--as', 'agent')
    const [, url = ''] = /psql "([^"]+)"/.exec(ticket.stdout) ?? []
    const [, password = ''] = /password: +(\S+)/.exec(ticket.stdout) ?? []
    const target = new URL(url)
    target.password = password
    target.searchParams.set('sslrootcert', run.ready.caFile)
    expect(await ask(target.href, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await place.sluice('sessions', '--as', 'agent')).toMatchObject({ code: 4 })
    expect(await place.sluice('sessions', '--as', 'nobody')).toMatchObject({ code: 2 })
    expect(await place.sluice('dance')).toMatchObject({ code: 2 })
  })

  it('refuses a second start on the same folder', async () => {
    const second = await place.sluice('up', '--free-ports')
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('already runs') })
  })

  it.each(['proxy', 'demo-postgres', 'masker', 'indexer'])('starts %s again when it is killed', async (name) => {
    process.kill(run.ready.pids[name] ?? 0, 'SIGKILL')
    await eventually(run.screen, (screen) => screen.includes(`${name} is back`), 30_000)
    expect(run.screen()).toContain(`! ${name} ended (SIGKILL)`)
    expect(run.screen()).toContain(`✔ ${name} is back`)
    const rows = await eventually(
      () => ask(run.ready.postgres.url, 'select 1 as one').catch((error: Error) => error.message),
      (answer) => typeof answer !== 'string',
      STOP_MS,
    )
    expect(rows).toEqual([{ one: 1 }])
  })

  it('stops within five seconds at Ctrl-C, with a client connected, and leaves no process and no ready file', async () => {
    const client = new pg.Client({ connectionString: run.ready.postgres.url })
    client.on('error', () => undefined)
    await client.connect()
    const began = performance.now()
    run.child.kill('SIGINT')
    expect(await run.ended).toEqual({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(STOP_MS)
    expect(place.processes()).toEqual([])
    expect(() => readFileSync(place.readyFile)).toThrow('ENOENT')
    await client.end().catch(() => undefined)
  })

  it('goes on where it was at the second start', async () => {
    run = await place.up()
    const { sessions = [] } = await json('sessions')
    expect(sessions.some(({ application }) => application === 'up-test')).toBe(true)
    expect(await ask(run.ready.postgres.url, 'select count(*)::int as n from orders')).toEqual([{ n: 20_000 }])
  })

  it('leaves no process when the supervisor itself is killed, and starts again at once', async () => {
    run.child.kill('SIGKILL')
    await run.ended
    run = await place.up()
    expect(await ask(run.ready.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    run.child.kill('SIGKILL')
    await run.ended
    expect(
      await eventually(
        () => place.processes(),
        (pids) => pids.length === 0,
        STOP_MS,
      ),
    ).toEqual([])
  })

  it('begins anew with --fresh', async () => {
    run = await place.up('--fresh')
    expect(await json('sessions')).toEqual({ sessions: [] })
    run.child.kill('SIGTERM')
    expect(await run.ended).toEqual({ code: 0, signal: null })
    expect(place.processes()).toEqual([])
  })
})

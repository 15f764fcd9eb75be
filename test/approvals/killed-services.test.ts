// `sluice up` with a command that waits, while the services around it are killed and start again by themselves.

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Place, type Run } from '../up/running.ts'

const WAIT = { timeout: 30_000, interval: 50 }
const TIMES_MS = 60_000
const place = new Place()
let run: Run

beforeAll(async () => {
  run = await place.up()
}, 150_000)
afterAll(() => place.remove(), 20_000)

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: run.ready.postgres.url })
  client.on('error', () => undefined)
  onTestFinished(() => client.end().catch(() => undefined))
  await client.connect()
  return client
}

/** Sends it, and resolves with the code of its approval as soon as the client was told. */
async function held(client: pg.Client, id: number): Promise<{ readonly code: string; readonly end: Promise<string> }> {
  const told = new Promise<string>((resolve) => client.once('notice', ({ detail = '' }) => resolve(detail)))
  const end = client.query(`update orders set status = 'shipped' where id = ${id}`).then(
    ({ rowCount }) => `${rowCount} row`,
    ({ code, message }: pg.DatabaseError) => `${code ?? 'no code'}: ${message}`,
  )
  const code = /^approval (\w{4}-\w{4}) /.exec(await told)?.[1]
  if (code === undefined) throw new Error(`no approval was named: ${await told}`)
  return { code, end }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Kills each; resolves when another process answers in its place. */
async function killAll(names: readonly string[]): Promise<void> {
  const pids = names.map((name) => run.ready.pids[name] as number)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await expect.poll(() => pids.filter(lives), WAIT).toEqual([])
  for (const name of names) {
    const status = () =>
      fetch(`${run.ready.health[name]}/readyz`).then(
        (response) => response.status,
        () => null,
      )
    await expect.poll(status, WAIT).toBe(200)
  }
}

const approve = (code: string) => place.sluice('approve', code, '--reason', 'as discussed', '--as', 'owner')

describe('a command that waits', { timeout: TIMES_MS }, () => {
  it('outlives the approver, the console and the masker', async () => {
    const client = await connect()
    const { code, end } = await held(client, 11)
    await killAll(['approver', 'console', 'masker'])
    expect(await approve(code)).toMatchObject({ code: 0, stdout: expect.stringMatching(/Approved.*1 row/s) })
    expect(await end).toBe('1 row')
  })

  it('ends with the proxy, is on no list any more, and can be sent again', async () => {
    const { code, end } = await held(await connect(), 12)
    await killAll(['proxy'])
    expect(await end).toMatch(/terminated/)
    expect(await approve(code)).not.toMatchObject({ code: 0 })
    const { stdout } = await place.sluice('approvals', '--as', 'owner', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ approvals: [] })
    const client = await connect()
    const { rows } = await client.query("select count(*)::int as n from orders where id = 12 and status = 'shipped'")
    expect(rows).toEqual([{ n: 0 }])
    const again = await held(client, 12)
    expect(await approve(again.code)).toMatchObject({ code: 0 })
    expect(await again.end).toBe('1 row')
  })
})

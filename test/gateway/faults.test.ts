// Whatever breaks: a clear error, nothing forwarded unrecorded, the process lives, memory stays bounded.

import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type ProxyOptions, type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  authenticateBy,
  bind,
  execute,
  logIn,
  openTls,
  parse,
  query,
  type Reply,
  sync,
  transcript,
  WireClient,
} from '../stand/wire-client.ts'

let database: Database
let proxies: RunningProxy[] = []

beforeAll(async () => {
  database = await startDatabase(18)
})

afterAll(() => database?.stop())

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  proxies = []
})

async function start(options: ProxyOptions = {}): Promise<RunningProxy> {
  const proxy = await startProxy(database, options)
  proxies.push(proxy)
  return proxy
}

const residentMb = (proxy: RunningProxy): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${proxy.child.pid}/status`, 'utf8'))?.[1]) / 1024

async function firstError(proxy: RunningProxy): Promise<ReadonlyMap<string, string>> {
  const client = new WireClient(await openTls(proxy))
  const replies = await authenticateBy(client, await proxy.ticket())
  client.end()
  return decodeReport((replies.find(({ type }) => type === 'E') as Reply).bytes)
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

describe('the upstream', () => {
  it('that is down is said to be so', async () => {
    const closed = createServer()
    const port = await listen(closed)
    await new Promise((resolve) => closed.close(resolve))
    const proxy = await start({ connection: { port } })
    const error = await firstError(proxy)
    expect([error.get('C'), error.get('M')]).toEqual(['08001', 'sluice: the upstream refuses connections'])
  })

  it('with a certificate of another authority is not trusted', async () => {
    const proxy = await start({ connection: { tls: { mode: 'verify-full', authority: 'ca.pem' } } })
    const error = await firstError(proxy)
    expect([error.get('C'), error.get('M')]).toEqual(['08001', "sluice: the upstream's certificate is not trusted"])
  })

  it('that does not speak TLS is not sent a password', async () => {
    const received: Buffer[] = []
    const plain = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        received.push(chunk)
        socket.write('N')
      })
    })
    const proxy = await start({ connection: { port: await listen(plain) } })
    expect((await firstError(proxy)).get('M')).toBe('sluice: the upstream does not offer TLS')
    expect(Buffer.concat(received)).toHaveLength(8)
    plain.close()
  })

  it('that never answers is given up in time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined))
    const proxy = await start({ connection: { port: await listen(silent) }, limits: { upstreamConnectMs: 500 } })
    expect((await firstError(proxy)).get('C')).toBe('08001')
    silent.close()
  })

  it('once logged in stays, longer than the login may take', async () => {
    const proxy = await start({ limits: { upstreamConnectMs: 400 } })
    const client = await logIn(proxy, await proxy.ticket())
    const until = performance.now() + 1_000
    while (performance.now() < until) expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.end()
  })

  it('that dies in mid-result ends the session with a clear error and an interrupted record', async () => {
    const proxy = await start()
    const client = await logIn(proxy, await proxy.ticket())
    client.send(query("select repeat('x', 100) from customers a, customers b, customers c"))
    expect((await client.next())?.type).toBe('T')
    // However long that takes: the result is no longer than what lies between the two.
    client.socket.pause()
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sluice_gateway' and state = 'active'`,
    )
    client.socket.resume()
    let last: Reply | null = null
    for (let reply = await client.next(); reply !== null; reply = await client.next()) last = reply
    expect(last?.type).toBe('E')
    await proxy.sessionsEnded(1)
    const frames = await proxy.frames()
    expect(frames.filter(({ header }) => header.kind === 'finished').at(-1)?.header.outcome?.status).toMatch(
      /interrupted|error/,
    )
  })
})

describe('a client', () => {
  it('that leaves in mid-statement has its statement cancelled', async () => {
    const proxy = await start()
    const client = await logIn(proxy, await proxy.ticket())
    client.send(query('select count(*) from generate_series(1, 1000000000)'))
    const running = async (): Promise<number> => {
      const sql = `select count(*)::int as n from pg_stat_activity where usename = 'sluice_gateway' and state = 'active'`
      return ((await database.query(sql)).rows[0] as { n: number }).n
    }
    await expect.poll(running, { timeout: 10_000 }).toBe(1)
    client.end()
    await expect.poll(running, { timeout: 10_000 }).toBe(0)
  })

  it('that stops reading makes nobody hold its result', async () => {
    const proxy = await start()
    const client = await logIn(proxy, await proxy.ticket())
    const before = residentMb(proxy)
    client.socket.pause()
    client.send(query("select repeat('x', 1000) from generate_series(1, 1000000)"))
    const journal = async (): Promise<number> =>
      Number(/sluice_journal_bytes (\d+)/.exec(await (await fetch(`${proxy.healthUrl}/metrics`)).text())?.[1])
    let last = -1
    await expect
      .poll(
        async () => {
          const now = await journal()
          const still = now === last
          last = now
          return still
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(true)
    expect(residentMb(proxy) - before).toBeLessThan(64)
    const other = await logIn(proxy, await proxy.ticket())
    expect(await other.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    other.end()
    client.end()
  })

  it('with 10,000 prepared statements has them all, and one more is refused', async () => {
    const proxy = await start({ limits: { preparedStatements: 10_000 } })
    const client = await logIn(proxy, await proxy.ticket())
    for (let batch = 0; batch < 10; batch++) {
      const statements = Array.from({ length: 1_000 }, (_, index) =>
        parse(`s${batch * 1_000 + index}`, `select ${batch * 1_000 + index}`),
      )
      expect(await client.ask(...statements, sync)).toMatch(/1 Z\(I\)$/)
    }
    expect(await client.ask(parse('over', 'select 1'), sync)).toBe('E(54000) Z(I)')
    expect(await client.ask(bind('', 's9999'), execute(), sync)).toBe('2 D C(SELECT 1) Z(I)')
    client.end()
  })

  it('beyond the bound of sessions is told so', async () => {
    const proxy = await start({ limits: { sessions: 1 } })
    const client = await logIn(proxy, await proxy.ticket())
    expect((await firstError(proxy)).get('C')).toBe('53300')
    client.end()
  })
})

describe('the journal', () => {
  it('at its bound refuses requests before the database sees them', async () => {
    const proxy = await start({ journalBytes: 1_500_000 })
    let client = await logIn(proxy, await proxy.ticket())
    let answer = ''
    let ready = 200
    for (let round = 0; round < 400 && !(answer.includes('58030') && ready === 503); round++) {
      if (client.closed) client = await logIn(proxy, await proxy.ticket()).catch(() => client)
      answer = await client.ask(query("select repeat('x', 20000) from generate_series(1, 3)"))
      ready = (await fetch(`${proxy.healthUrl}/readyz`)).status
    }
    expect([answer, ready]).toEqual([expect.stringContaining('58030'), 503])
  })
})

describe('the process', () => {
  it('killed in mid-statement leaves a journal that goes on where it was', async () => {
    const proxy = await start()
    const client = await logIn(proxy, await proxy.ticket())
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    client.send(query('select count(*) from generate_series(1, 1000000000)'))
    await expect
      .poll(async () => (await proxy.frames()).filter(({ header }) => header.kind === 'request').length, {
        timeout: 10_000,
      })
      .toBe(2)
    proxy.child.kill('SIGKILL')
    await client.until()
    const frames = await proxy.frames()
    expect(frames.map(({ header }) => header.kind)).toEqual(['session_opened', 'request', 'finished', 'request'])
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sluice_gateway'`)
  })

  it('asked to stop tells its clients, records their ends, and is gone', async () => {
    const proxy = await start({ limits: { drainMs: 500 } })
    const client = await logIn(proxy, await proxy.ticket())
    const ended = new Promise((resolve) => proxy.child.once('exit', resolve))
    proxy.child.kill('SIGTERM')
    expect(transcript(await client.until())).toBe('E(57P01)')
    expect(await ended).toBe(0)
    expect((await proxy.frames()).at(-1)?.header.kind).toBe('session_closed')
  })
})

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueServerCertificate } from '@sluice/identity'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPostgres, POSTGRES_MAJORS } from './binaries.ts'
import { removePlace } from './place.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from './server.ts'

const FAST = { fsync: 'off', full_page_writes: 'off' }

function stateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-pg-test-'))
  onTestFinished(() => {
    removePlace(join(dir, 'pg'))
    rmSync(dir, { recursive: true, force: true })
  })
  return join(dir, 'pg')
}

async function start(options: Partial<PostgresOptions> & { dir: string }): Promise<PostgresServer> {
  const server = await startPostgres({ binaries: findPostgres(18), password: 'secret', settings: FAST, ...options })
  onTestFinished(() => server.stop())
  return server
}

async function ask(server: PostgresServer, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

async function taken(): Promise<{ port: number }> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return server.address() as { port: number }
}

describe('a PostgreSQL server', { timeout: 60_000 }, () => {
  it('starts, keeps its data over a restart, and leaves nothing when removed', async () => {
    const dir = stateDir()
    const first = await start({ dir })
    expect(first).toMatchObject({ created: true, major: 18 })
    await ask(first, 'create table kept as select 42 as answer')
    await first.stop()
    const second = await start({ dir })
    expect(second.created).toBe(false)
    expect(await ask(second, 'select answer from kept')).toBe(42)
    await second.remove()
    expect([existsSync(dir), existsSync(second.place)]).toEqual([false, false])
  })

  it('stops a server that a killed parent left behind, and starts', async () => {
    const dir = stateDir()
    const orphan = await start({ dir })
    await ask(orphan, 'create table kept as select 42 as answer')
    const heir = await start({ dir })
    expect(await orphan.ended).toMatchObject({ code: 0 })
    expect(await ask(heir, 'select answer from kept')).toBe(42)
  })

  it('starts over a stale pid file that names a foreign process', async () => {
    const dir = stateDir()
    const first = await start({ dir })
    await first.stop()
    writeFileSync(join(first.place, 'data', 'postmaster.pid'), `${process.pid}\n/nowhere\n`)
    const second = await start({ dir })
    expect(await ask(second, 'select 1')).toBe(1)
  })

  it('writes nothing of what was asked to its log', async () => {
    const lines: string[] = []
    const server = await start({ dir: stateDir(), onLog: (line) => lines.push(line) })
    await expect(ask(server, `select "078-05-1120"`)).rejects.toThrow('078-05-1120')
    await expect(ask(server, "select 'ada@example.com'::int")).rejects.toThrow('ada@example.com')
    await server.stop()
    expect(lines.join('\n')).toContain('database system is shut down')
    expect(lines.join('\n')).not.toMatch(/078-05-1120|ada@example/)
  })

  it('begins again where making the cluster was cut off', async () => {
    const dir = stateDir()
    const first = await start({ dir })
    await first.stop()
    rmSync(join(first.place, 'data'), { recursive: true })
    writeFileSync(join(first.place, 'data.partial'), 'half')
    expect((await start({ dir })).created).toBe(true)
  })

  it('says which port is taken', async () => {
    const { port } = await taken()
    await expect(start({ dir: stateDir(), port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
  })

  it('refuses data of another version, and data that is none', async () => {
    const dir = stateDir()
    const first = await start({ dir })
    await first.stop()
    writeFileSync(join(first.place, 'data', 'PG_VERSION'), '9\n')
    await expect(start({ dir })).rejects.toMatchObject({
      code: 'postgres_data',
      message: expect.stringContaining('--fresh'),
    })
    rmSync(join(first.place, 'data', 'PG_VERSION'))
    await expect(start({ dir })).rejects.toMatchObject({ code: 'postgres_data' })
  })

  it('shows what the server said where it cannot start', async () => {
    const wrong = start({ dir: stateDir(), settings: { work_mem: 'plenty' } })
    await expect(wrong).rejects.toMatchObject({ code: 'postgres_failed', message: expect.stringContaining('work_mem') })
  })

  it.runIf(process.getuid?.() === 0)('as root clears away what nobody points to any more', async () => {
    const dir = stateDir()
    const first = await start({ dir })
    await first.stop()
    rmSync(dir, { recursive: true })
    const second = await start({ dir })
    expect(second.created).toBe(true)
    expect(existsSync(first.place)).toBe(false)
  })

  it('keeps the password and the key to its user', async () => {
    const server = await start({ dir: stateDir() })
    expect(readdirSync(server.place)).not.toContain('password')
  })
})

describe.each(POSTGRES_MAJORS)('PostgreSQL %i', { timeout: 60_000 }, (major) => {
  it('runs with TLS, so that it was built with OpenSSL, and takes no connection without', async () => {
    const authority = await createAuthority('test')
    const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
    const server = await start({ dir: stateDir(), binaries: findPostgres(major), tls })
    const client = new pg.Client({ connectionString: server.url(), ssl: { ca: authority.certificate } })
    await client.connect()
    onTestFinished(() => client.end())
    const { rows } = await client.query(
      `select ssl, version like 'TLSv1.%' as modern, current_setting('server_version_num')::int / 10000 as major
       from pg_stat_ssl where pid = pg_backend_pid()`,
    )
    expect(rows).toEqual([{ ssl: true, modern: true, major }])
    await expect(ask(server, 'select 1')).rejects.toThrow('no pg_hba.conf entry')
  })
})

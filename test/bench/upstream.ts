// A throwaway PostgreSQL with the benchmark's tables, plaintext and TLS on one port, gone when it is stopped.

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority, issueServerCertificate } from '@sluice/identity'
import { GATEWAY_PASSWORD, GATEWAY_ROLE } from '../stand/database.ts'
import { postgresBinaries, unprivileged } from './machine.ts'
import { accepts, freePort, start } from './processes.ts'

export const PGBENCH_SCALE = 10
export const WIDE_ROWS = 1_000_000
/** Rows of `orders`, which commands that wait for an approval would change. */
export const ORDER_ROWS = 1_000
/** Rows of `people`: what small queries with a masked column ask for. */
const PEOPLE = 100_000
/** One of so many notes has something in it that is masked. */
export const FOUND_EVERY = 50
/** 500 idle sessions of the memory row, and some more. */
const MAX_CONNECTIONS = 620
const READY_LOOKS = 300
const READY_PAUSE_MS = 50

export type Upstream = {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** A folder of the unprivileged user for what the targets need: configurations, logs. */
  readonly dir: string
  readonly authorityFile: string
  readonly authority: string
  readonly certificateFile: string
  readonly keyFile: string
  readonly stop: () => Promise<void>
}

const USER = 'bench'
const PASSWORD = 'bench-only'

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: String(MAX_CONNECTIONS),
  shared_buffers: '512MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  ssl: 'on',
  ssl_cert_file: 'server.pem',
  ssl_key_file: 'server.key',
}

const TABLES = `
  CREATE UNLOGGED TABLE wide AS
    SELECT g AS id, 'customer ' || g AS name, 'customer' || g || '@example.org' AS email,
           (g % 100000)::numeric / 100 AS amount, timestamptz '2026-01-01' + g * interval '1 minute' AS created
    FROM generate_series(1, ${WIDE_ROWS}) g;
  CREATE UNLOGGED TABLE noted AS
    SELECT id, name, amount, created, 'Wants order ' || id || ' at the door, not before noon; was friendly about the delay. '
      || CASE WHEN id % ${FOUND_EVERY} = 0 THEN 'Answer to ' || email ELSE 'No answer is needed, all of it is settled.' END
      AS note
    FROM wide;
  CREATE UNLOGGED TABLE people (id int PRIMARY KEY, name text, email text);
  INSERT INTO people SELECT id, name, email FROM wide WHERE id <= ${PEOPLE};
  CREATE UNLOGGED TABLE copies AS SELECT g AS copy FROM generate_series(1, 100) g;
  CREATE UNLOGGED TABLE orders (id int PRIMARY KEY, status text);
  INSERT INTO orders SELECT g, 'new' FROM generate_series(1, ${ORDER_ROWS}) g;
  CREATE ROLE ${GATEWAY_ROLE} LOGIN PASSWORD '${GATEWAY_PASSWORD}';
  GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO ${GATEWAY_ROLE};
  VACUUM ANALYZE orders;
  VACUUM ANALYZE wide; VACUUM ANALYZE noted; VACUUM ANALYZE people; VACUUM ANALYZE copies;`

/** Client settings of libpq for a connection with or without TLS. */
export const libpqEnvironment = (authorityFile: string | null, password: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  PGPASSWORD: password,
  PGCONNECT_TIMEOUT: '20',
  PGGSSENCMODE: 'disable',
  // The bare relay can't bind the login to its certificate; so nobody does.
  PGCHANNELBINDING: 'disable',
  ...(authorityFile === null ? { PGSSLMODE: 'disable' } : { PGSSLMODE: 'verify-full', PGSSLROOTCERT: authorityFile }),
})

/** A server accepts connections a moment before it answers. */
const answers = async (ask: () => void): Promise<void> => {
  for (let left = READY_LOOKS; ; left--) {
    try {
      return ask()
    } catch (error) {
      if (left === 0) throw error
      await sleep(READY_PAUSE_MS)
    }
  }
}

export const startUpstream = async (): Promise<Upstream> => {
  const binaries = postgresBinaries()
  const as = unprivileged()
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const data = join(dir, 'data')
  const put = (name: string, text: string, mode = 0o600): string => {
    const file = join(dir, name)
    writeFileSync(file, text, { mode })
    if (as.uid !== undefined && as.gid !== undefined) chownSync(file, as.uid, as.gid)
    return file
  }
  let stopServer = async (): Promise<void> => {}
  try {
    if (as.uid !== undefined && as.gid !== undefined) chownSync(dir, as.uid, as.gid)
    chmodSync(dir, 0o755)
    const authority = await createAuthority('Sluice benchmark authority')
    const server = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
    const authorityFile = put('authority.pem', authority.certificate, 0o644)
    const certificateFile = put('server.pem', server.certificate, 0o644)
    const keyFile = put('server.key', server.key)
    const passwordFile = put('password', PASSWORD)
    execFileSync(
      join(binaries, 'initdb'),
      ['-D', data, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '-N'],
      { ...as, stdio: 'ignore', cwd: dir },
    )
    const port = await freePort()
    const settings = { ...SETTINGS, port: String(port), ssl_cert_file: certificateFile, ssl_key_file: keyFile }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const running = start(join(binaries, 'postgres'), ['-D', data, ...flags], { ...as, cwd: dir })
    stopServer = running.stop
    await accepts(port, running)
    const env = libpqEnvironment(null, PASSWORD)
    const target = ['-h', '127.0.0.1', '-p', String(port), '-U', USER]
    await answers(() => execFileSync(join(binaries, 'pg_isready'), ['-q', ...target.slice(0, 4)]))
    execFileSync(join(binaries, 'psql'), [...target, '-d', 'postgres', '-qc', 'CREATE DATABASE bench'], { env })
    const scale = ['-i', '-q', '-s', String(PGBENCH_SCALE), '--unlogged-tables', 'bench']
    execFileSync(join(binaries, 'pgbench'), [...target, ...scale], { env, stdio: 'ignore' })
    execFileSync(join(binaries, 'psql'), [...target, '-d', 'bench', '-qX', '-v', 'ON_ERROR_STOP=1'], {
      env,
      input: TABLES,
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      rmSync(dir, { recursive: true, force: true })
    }
    const files = { dir, authorityFile, authority: authority.certificate, certificateFile, keyFile }
    return { host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'bench', ...files, stop }
  } catch (error) {
    await stopServer()
    rmSync(dir, { recursive: true, force: true })
    throw error
  }
}

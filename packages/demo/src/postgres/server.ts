/**
 * A PostgreSQL server as a child process: for the demo, and for tests on any supported version. It listens on loopback
 * only, has no Unix socket, logs no statements, and stops with its handle.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigInvalid } from '@sluice/events'
import type { PostgresBinaries } from './binaries.ts'
import { clearLeftover } from './leftover.ts'
import { openPlace, type Place, reachableBinaries, removePlace } from './place.ts'
import { claimablePort } from './ports.ts'
import { type RunAs, spawnIds, unprivilegedUser } from './run-as.ts'

export const START_MS = 60_000
export const STOP_MS = 3_000
/** A new cluster with its demo data needs about 80 MB. */
export const MIN_FREE_BYTES = 200 * 1024 * 1024
const HOST = '127.0.0.1'
const MAX_LOG_LINES = 40

export type PostgresOptions = {
  readonly binaries: PostgresBinaries
  /** The folder for this server's state; made where it does not exist. As root it only points to the real one. */
  readonly dir: string
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** The password of the superuser `postgres`; counts when the cluster is made. */
  readonly password: string
  /** PEM texts; with them the server offers TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly authority?: string }
  /** Lines of pg_hba.conf; by default everyone from loopback by SCRAM, with TLS only where there is TLS. */
  readonly hba?: readonly string[]
  /** More server settings, such as `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Each line that the server logs. */
  readonly onLog?: (line: string) => void
}

export type PostgresServer = {
  readonly host: string
  readonly port: number
  readonly user: 'postgres'
  readonly password: string
  readonly major: number
  readonly version: string
  readonly pid: number
  /** Where the server's files really are. */
  readonly place: string
  /** True where this start made the cluster. */
  readonly created: boolean
  /** `postgres://…` for the superuser. */
  readonly url: (database?: string) => string
  /** Resolves when the server has ended, wanted or not. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** A fast shutdown: sessions are cut off, data is written. */
  readonly stop: () => Promise<void>
  /** Stops, and deletes everything of this server. */
  readonly remove: () => Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws ConfigInvalid with a code and what to do: port taken, disk full, data of another version, user missing. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const user = unprivilegedUser()
  const place = openPlace(options.dir, user)
  const binDir = join(reachableBinaries(options.binaries, place, user), 'bin')
  const created = !existsSync(place.data)
  if (!created) {
    checkVersion(options, place)
    // Before the port is claimed: a server left behind would hold it.
    await clearLeftover(place.data)
  }
  const port = await claimablePort(HOST, options.port ?? 0)
  if (created) await makeCluster(options, place, binDir, user)
  writeAccessFiles(options, place, user)
  const child = spawn(join(binDir, 'postgres'), serverArguments(options, place, port), {
    ...spawnIds(user),
    cwd: place.dir,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C on the terminal is for whoever supervises, not for the server.
    detached: true,
  })
  await ready(child, options, port)
  return handle(options, place, child, port, created)
}

const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' }

async function makeCluster(options: PostgresOptions, place: Place, binDir: string, user: RunAs | null): Promise<void> {
  const { bavail, bsize } = statfsSync(place.dir)
  if (bavail * bsize < MIN_FREE_BYTES) {
    throw new ConfigInvalid(
      'disk_full',
      `a new database needs ${MIN_FREE_BYTES / 1_048_576} MB, but ${place.dir} has ${Math.floor((bavail * bsize) / 1_048_576)} MB left; make room there`,
    )
  }
  // Made beside and renamed, so that a start cut off in the middle leaves no half cluster.
  const partial = `${place.data}.partial`
  const passwordFile = join(place.dir, 'password')
  rmSync(partial, { recursive: true, force: true })
  writeOwned(passwordFile, `${options.password}\n`, user)
  try {
    const locale = options.binaries.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []
    const child = spawn(
      join(binDir, 'initdb'),
      [
        `--pgdata=${partial}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        ...locale,
        '--no-sync',
      ],
      { ...spawnIds(user), cwd: place.dir, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4_096)))
    const { code } = await ended(child)
    if (code !== 0) throw failedStart(`initdb ended with ${code}`, stderr.trim().split('\n'), place.dir)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(partial, place.data)
}

function checkVersion({ binaries }: PostgresOptions, place: Place): void {
  let found: string
  try {
    found = readFileSync(join(place.data, 'PG_VERSION'), 'utf8').trim()
  } catch (cause) {
    throw new ConfigInvalid('postgres_data', `${place.data} holds no PostgreSQL data; begin anew with --fresh`, {
      cause,
    })
  }
  if (found !== String(binaries.major)) {
    throw new ConfigInvalid(
      'postgres_data',
      `the data in ${place.data} is of PostgreSQL ${found}, but this is ${binaries.version}; begin anew with --fresh`,
    )
  }
}

function writeAccessFiles({ tls, hba }: PostgresOptions, place: Place, user: RunAs | null): void {
  const kind = tls === undefined ? 'host' : 'hostssl'
  const lines = hba ?? [`${kind} all all 127.0.0.1/32 scram-sha-256`]
  writeOwned(join(place.dir, 'pg_hba.conf'), `${lines.join('\n')}\n`, user)
  if (tls === undefined) return
  writeOwned(join(place.dir, 'server.crt'), tls.certificate, user)
  writeOwned(join(place.dir, 'server.key'), tls.key, user)
  if (tls.authority !== undefined) writeOwned(join(place.dir, 'ca.crt'), tls.authority, user)
}

function writeOwned(file: string, text: string, user: RunAs | null): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  rmSync(file, { force: true })
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  if (user !== null) chownSync(file, user.uid, user.gid)
}

function serverArguments({ tls, settings }: PostgresOptions, place: Place, port: number): string[] {
  const all: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: '',
    hba_file: join(place.dir, 'pg_hba.conf'),
    password_encryption: 'scram-sha-256',
    shared_buffers: '32MB',
    lc_messages: 'C',
    log_destination: 'stderr',
    logging_collector: 'off',
    // Statements and values stay out of the log.
    log_statement: 'none',
    log_min_error_statement: 'panic',
    // Errors quote what was asked: they are for who asked, and not for a file.
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    ...(tls === undefined
      ? {}
      : { ssl: 'on', ssl_cert_file: join(place.dir, 'server.crt'), ssl_key_file: join(place.dir, 'server.key') }),
    ...(tls?.authority === undefined ? {} : { ssl_ca_file: join(place.dir, 'ca.crt') }),
    ...settings,
  }
  return ['-D', place.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Resolves when the server takes connections; its log says so. */
async function ready(child: ChildProcess, options: PostgresOptions, port: number): Promise<void> {
  const lines: string[] = []
  let rest = ''
  let tell: () => void = () => undefined
  const listening = new Promise<void>((resolve) => (tell = resolve))
  child.stderr?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = (parts.pop() ?? '').slice(-8_192)
    for (const line of parts) {
      lines.push(line)
      if (lines.length > MAX_LOG_LINES) lines.shift()
      options.onLog?.(line)
      if (line.includes('database system is ready to accept connections')) tell()
    }
  })
  const cutOff = AbortSignal.timeout(START_MS)
  const outcome = await Promise.race([
    listening.then(() => 'ready' as const),
    ended(child),
    new Promise<'late'>((resolve) => cutOff.addEventListener('abort', () => resolve('late'))),
  ])
  if (outcome === 'ready') return
  child.kill('SIGKILL')
  if (lines.some((line) => line.includes('Address already in use'))) {
    throw new ConfigInvalid('port_taken', `${HOST}:${port} is taken by another program`)
  }
  const what =
    outcome === 'late' ? `did not start within ${START_MS / 1_000} s` : `ended with ${outcome.code ?? outcome.signal}`
  throw failedStart(`PostgreSQL ${what}`, lines, options.dir)
}

function failedStart(what: string, lines: readonly string[], dir: string): ConfigInvalid {
  const full = lines.some((line) => line.includes('No space left on device'))
  if (full)
    return new ConfigInvalid('disk_full', `the disk is full: PostgreSQL could not write below ${dir}; make room there`)
  const said = lines.filter((line) => /FATAL|PANIC|ERROR|error|could not/.test(line)).slice(-3)
  return new ConfigInvalid('postgres_failed', [`${what}:`, ...(said.length > 0 ? said : lines.slice(-3))].join('\n  '))
}

function ended(child: ChildProcess): PostgresServer['ended'] {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null)
      resolve({ code: child.exitCode, signal: child.signalCode })
    child.once('error', (cause) =>
      reject(new ConfigInvalid('postgres_failed', `PostgreSQL can't be run: ${cause.message}`, { cause })),
    )
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

function handle(
  options: PostgresOptions,
  place: Place,
  child: ChildProcess,
  port: number,
  created: boolean,
): PostgresServer {
  const { password, binaries } = options
  const end = ended(child)
  const stop = async (): Promise<void> => {
    child.kill('SIGINT')
    const immediate = setTimeout(() => child.kill('SIGQUIT'), STOP_MS)
    await end
    clearTimeout(immediate)
  }
  return {
    host: HOST,
    port,
    user: 'postgres',
    password,
    major: binaries.major,
    version: binaries.version,
    pid: child.pid ?? 0,
    place: place.dir,
    created,
    url: (database = 'postgres') => `postgres://postgres:${encodeURIComponent(password)}@${HOST}:${port}/${database}`,
    ended: end,
    stop,
    remove: async () => {
      await stop()
      removePlace(options.dir)
    },
    [Symbol.asyncDispose]: stop,
  }
}

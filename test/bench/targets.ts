// What is measured: each target is one object that starts an instance in front of the upstream.

import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pgbouncerBinary, unprivileged } from './machine.ts'
import { accepts, freePort, nextMessage, start } from './processes.ts'
import type { Upstream } from './upstream.ts'

export type TlsSetting = 'off' | 'on'

export type Instance = {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Null where the client connects in plaintext. */
  readonly authorityFile: string | null
  /** It has the connections of masked-rows.ts to the same database. */
  readonly masks?: true
  /** The gateway's processes; none for the direct connection. */
  readonly pids: readonly number[]
  readonly stop: () => Promise<void>
  /** The end of what the gateway wrote to stderr: why a row failed. */
  readonly said?: () => string
}

export type Target = {
  readonly name: string
  readonly title: string
  /** Why it can't run here; null where it can. */
  readonly unavailable: () => string | null
  /** With TLS on, both hops are encrypted and both certificates are checked. */
  readonly start: (upstream: Upstream, tls: TlsSetting) => Promise<Instance>
}

const credentials = ({ user, password, database }: Upstream) => ({ user, password, database })

const authorityOf = (upstream: Upstream, tls: TlsSetting): string | null =>
  tls === 'on' ? upstream.authorityFile : null

const direct: Target = {
  name: 'direct',
  title: 'direct',
  unavailable: () => null,
  start: async (upstream, tls) => ({
    ...credentials(upstream),
    port: upstream.port,
    authorityFile: authorityOf(upstream, tls),
    pids: [],
    stop: async () => {},
  }),
}

const MAX_POOL = 600

const pgbouncerIni = (upstream: Upstream, port: number, tls: TlsSetting, usersFile: string): string => {
  const { host, database, user, certificateFile, keyFile, authorityFile } = upstream
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: usersFile,
    pool_mode: 'session',
    max_client_conn: MAX_POOL + 50,
    default_pool_size: MAX_POOL,
    ignore_startup_parameters: 'extra_float_digits',
    log_connections: 0,
    log_disconnections: 0,
    logfile: '/dev/null',
    ...(tls === 'off'
      ? { client_tls_sslmode: 'disable', server_tls_sslmode: 'disable' }
      : {
          client_tls_sslmode: 'require',
          client_tls_key_file: keyFile,
          client_tls_cert_file: certificateFile,
          server_tls_sslmode: 'verify-full',
          server_tls_ca_file: authorityFile,
        }),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  const databaseLine = `${database} = host=${host} port=${upstream.port} dbname=${database} user=${user}`
  return ['[databases]', databaseLine, '[pgbouncer]', ...lines, ''].join('\n')
}

const pgbouncer: Target = {
  name: 'pgbouncer',
  title: 'pgbouncer, session mode',
  unavailable: () => (pgbouncerBinary() === null ? 'not installed; on Debian: sudo apt-get install pgbouncer' : null),
  start: async (upstream, tls) => {
    const as = unprivileged()
    const port = await freePort()
    const put = (name: string, text: string): string => {
      const file = join(upstream.dir, name)
      writeFileSync(file, text, { mode: 0o600 })
      if (as.uid !== undefined && as.gid !== undefined) chownSync(file, as.uid, as.gid)
      return file
    }
    const users = put('pgbouncer-users.txt', `"${upstream.user}" "${upstream.password}"\n`)
    const config = put(`pgbouncer-${port}.ini`, pgbouncerIni(upstream, port, tls, users))
    const running = start(pgbouncerBinary() ?? '', [config], { ...as, cwd: upstream.dir })
    await accepts(port, running)
    const authorityFile = authorityOf(upstream, tls)
    return { ...credentials(upstream), port, authorityFile, pids: [running.pid], stop: running.stop }
  },
}

const RELAY = fileURLToPath(new URL('bare-relay.ts', import.meta.url))

const relay: Target = {
  name: 'relay',
  title: 'bare Node relay that reads headers',
  unavailable: () => null,
  start: async (upstream, tls) => {
    const { port: upstreamPort, certificateFile, keyFile, authorityFile } = upstream
    const options = { upstreamPort, tls: tls === 'on' ? { certificateFile, keyFile, authorityFile } : null }
    const running = start(process.execPath, [RELAY, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const { port } = await nextMessage<{ port: number }>(running)
    const authority = authorityOf(upstream, tls)
    return { ...credentials(upstream), port, authorityFile: authority, pids: [running.pid], stop: running.stop }
  },
}

/** The targets that Sluice is compared with; the ratios refer to the first. */
export const REFERENCES: readonly Target[] = [direct, pgbouncer, relay]

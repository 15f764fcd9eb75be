// What the benchmark finds on this machine: programs, an unprivileged user, and the facts that stand in the report.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { delimiter, join } from 'node:path'

const DEBIAN_POSTGRES = '/usr/lib/postgresql'

const candidates = (): readonly string[] => {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a)) : []
  const path = (process.env['PATH'] ?? '').split(delimiter)
  return [...versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin')), ...path]
}

/** The folder of a PostgreSQL that has server and pgbench. */
export const postgresBinaries = (): string => {
  const folder = candidates().find((dir) =>
    ['initdb', 'postgres', 'pgbench'].every((name) => existsSync(join(dir, name))),
  )
  if (folder === undefined) {
    throw new Error('no PostgreSQL with initdb, postgres and pgbench here; on Debian: sudo apt-get install postgresql')
  }
  return folder
}

export const pgbouncerBinary = (): string | null =>
  ['/usr/sbin', ...candidates()].map((dir) => join(dir, 'pgbouncer')).find((file) => existsSync(file)) ?? null

export type Identity = { readonly uid?: number; readonly gid?: number }

/** Neither PostgreSQL nor pgbouncer runs as root: then as `postgres` or `nobody`, otherwise as who we are. */
export const unprivileged = (): Identity => {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', user], { encoding: 'utf8' })
    const gid = spawnSync('id', ['-g', user], { encoding: 'utf8' })
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  throw new Error('runs as root, and there is neither a user postgres nor nobody to run PostgreSQL as')
}

const versionOf = (command: string): string =>
  execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? ''

export const machineFacts = (): readonly string[] => {
  const pgbouncer = pgbouncerBinary()
  return [
    `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    `${type()} ${release()}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} at the start`,
    `Node ${process.version}`,
    versionOf(join(postgresBinaries(), 'postgres')),
    ...(pgbouncer === null ? [] : [versionOf(pgbouncer)]),
  ]
}

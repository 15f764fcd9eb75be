// Numbered SQL files, applied once each and in order. A file that was applied never changes: what comes later is a new
// one. Every statement can be repeated, since a crash may stand between two of them.

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { ConfigInvalid } from '@sluice/events'

export const MIGRATIONS = new URL('../../../../infra/clickhouse/migrations/', import.meta.url)

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/

export type Migration = {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly statements: readonly string[]
}

export async function readMigrations(dir: URL = MIGRATIONS): Promise<readonly Migration[]> {
  const names = (await readdir(dir)).filter((name) => FILE.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, dir), 'utf8')
      const checksum = createHash('sha256').update(text).digest('hex')
      return { version: Number(name.slice(0, 4)), name, checksum, statements: statementsOf(text) }
    }),
  )
}

/** Statements end with a semicolon at the end of a line; comments stand on lines of their own. */
export function statementsOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

const LEDGER = `CREATE TABLE IF NOT EXISTS migrations
(version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY version SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1`

/**
 * Brings the database to the newest version; `admin` is connected without a database, `client` to it.
 * @throws ConfigInvalid `index_newer` or `index_changed` where the database was made by another version.
 */
export async function migrate(
  admin: ClickHouseClient,
  client: ClickHouseClient,
  database: string,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await admin.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`` })
  await client.command({ query: LEDGER })
  const applied = await readApplied(client)
  const newest = migrations.at(-1)?.version ?? 0
  const done: string[] = []
  for (const { version, name } of applied) {
    if (version > newest) {
      throw new ConfigInvalid(
        'index_newer',
        `the index was made by a newer Sluice (${name}); use that one, or another clickhouse.database`,
      )
    }
  }
  for (const migration of migrations) {
    const before = applied.find(({ version }) => version === migration.version)
    if (before?.checksum === migration.checksum) continue
    if (before !== undefined) {
      throw new ConfigInvalid(
        'index_changed',
        `${migration.name} is not the file that made this index; restore it, and change tables in a new migration`,
      )
    }
    for (const query of migration.statements) await client.command({ query })
    const { version, name, checksum } = migration
    await client.insert({
      table: 'migrations',
      values: [{ version, name, checksum }],
      columns: ['version', 'name', 'checksum'],
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0, insert_deduplication_token: `migration:${version}:${checksum}` },
    })
    done.push(name)
  }
  return done
}

async function readApplied(client: ClickHouseClient): Promise<{ version: number; name: string; checksum: string }[]> {
  const result = await client.query({
    query:
      'SELECT version, any(name) AS name, any(checksum) AS checksum FROM migrations GROUP BY version ORDER BY version',
    format: 'JSONEachRow',
  })
  return result.json()
}

// A real server for tests of what texts mean to it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, type PostgresMajor, startPostgres } from '@sluice/demo'
import pg from 'pg'
import { onTestFinished } from 'vitest'

/** A superuser's session of a server of its own; both end with the test. */
export async function startSession(major: PostgresMajor): Promise<pg.Client> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-sql-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const server = await startPostgres({
    dir: join(dir, 'pg'),
    binaries: findPostgres(major),
    password: 'secret',
    settings: { fsync: 'off', full_page_writes: 'off' },
  })
  onTestFinished(() => server.remove())
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  // Runs before the server goes: what was registered last runs first.
  onTestFinished(() => client.end())
  return client
}

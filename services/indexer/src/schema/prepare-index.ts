// Brings the database up to date before the first block; waits for a server that is away.

import { setTimeout as delay } from 'node:timers/promises'
import { ConfigInvalid } from '@sluice/events'
import { type IndexAddress, openIndexClient } from '../index-client.ts'
import { checkTables } from './check-tables.ts'
import { migrate, readMigrations } from './migrations.ts'

export const PREPARE_RETRY_MS = 2_000

export type PrepareOptions = {
  readonly address: IndexAddress
  readonly signal: AbortSignal
  readonly onRetry: (error: unknown) => void
}

/**
 * Returns the migrations that were applied; null where it was stopped before.
 * @throws ConfigInvalid where the database can't be used.
 */
export async function prepareIndex({ address, signal, onRetry }: PrepareOptions): Promise<readonly string[] | null> {
  const migrations = await readMigrations()
  const admin = openIndexClient(address, 'default')
  const client = openIndexClient(address)
  try {
    while (!signal.aborted) {
      try {
        const applied = await migrate(admin, client, address.database, migrations)
        await checkTables(client)
        return applied
      } catch (error) {
        if (error instanceof ConfigInvalid) throw error
        if (signal.aborted) break
        onRetry(error)
        await delay(PREPARE_RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
    return null
  } finally {
    await admin.close()
    await client.close()
  }
}

/**
 * One supervisor a state folder. The lock is a file lock of the operating system, held through SQLite: it ends with the
 * process that holds it, however that ends, so a killed supervisor's lock is never in the way.
 */
import { DatabaseSync } from 'node:sqlite'
import { CliFailure } from '../failure.ts'

const SQLITE_BUSY = 5

export type StateLock = { release(): void }

export function takeLock(file: string, stateDir: string): StateLock {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('pragma journal_mode = memory; begin exclusive')
  } catch (cause) {
    database.close()
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause
    throw new CliFailure(
      `Sluice already runs on ${stateDir}; stop it with Ctrl-C where it runs, or start a second one with --state DIR --free-ports`,
      undefined,
      { cause },
    )
  }
  return { release: () => database.close() }
}

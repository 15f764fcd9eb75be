// The right to write one partition. It is a file lock of the operating system, held by SQLite on a file of its own:
// it ends with the process that holds it, however that ends.

import { DatabaseSync } from 'node:sqlite'
import { StreamError } from './errors.ts'
import { isBusy } from './sqlite.ts'
import { lockFile } from './topic-files.ts'

export class WriterLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Takes the lock of the partition in `file` or throws `writer_taken`; nothing waits. */
  static acquire(file: string): WriterLock {
    const database = new DatabaseSync(lockFile(file), { timeout: 0 })
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    } catch (error) {
      database.close()
      if (!isBusy(error)) throw error
      throw new StreamError(
        'writer_taken',
        `${file} is being written by another process, and a log file has one writer. Stop the other one first.`,
        error,
      )
    }
    return new WriterLock(database)
  }

  release(): void {
    this.#database.close()
  }
}

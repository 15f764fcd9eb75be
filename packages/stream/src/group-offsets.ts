// How far a group came in one topic. The file belongs to the group's only member, which holds it locked while it lives.

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StreamError, unwritable } from './errors.ts'
import { isBusy } from './sqlite.ts'
import { groupFile } from './topic-files.ts'

export class GroupOffsets {
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #select: StatementSync
  readonly #upsert: StatementSync

  /** Throws `group_taken` while another process is the group's member. */
  static open(dir: string, group: string, topic: string): GroupOffsets {
    const file = groupFile(dir, group, topic)
    const database = new DatabaseSync(file, { timeout: 0 })
    try {
      // Locked before the file is read: in WAL mode SQLite then needs no shared memory, and nobody else gets in.
      database.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
        BEGIN IMMEDIATE; COMMIT;
      `)
    } catch (error) {
      database.close()
      if (!isBusy(error)) throw unwritable(file, error)
      throw new StreamError(
        'group_taken',
        `The consumer group '${group}' already has its member for ${topic}: stop the other process, or use a group of your own.`,
        error,
      )
    }
    return new GroupOffsets(file, database)
  }

  private constructor(file: string, database: DatabaseSync) {
    this.#file = file
    this.#database = database
    this.#select = database.prepare('SELECT next_offset FROM positions WHERE partition = ?')
    this.#upsert = database.prepare(
      `INSERT INTO positions (partition, next_offset) VALUES (?, ?)
       ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset`,
    )
  }

  position(partition: number): number | undefined {
    const row = this.#select.get(partition)
    return row === undefined ? undefined : Number(row.next_offset)
  }

  commit(partition: number, nextOffset: number): void {
    try {
      this.#upsert.run(partition, nextOffset)
    } catch (error) {
      throw unwritable(this.#file, error)
    }
  }

  close(): void {
    this.#database.close()
  }
}

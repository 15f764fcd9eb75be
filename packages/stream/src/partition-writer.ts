// The one writer of a partition's file. SQLite in WAL mode: a commit is a few writes to the -wal file and no sync, so a
// batch survives the death of the process at once, and a power cut as soon as the checkpoint worker has been there.
// Nothing else in this process may open these files: closing them would take SQLite's locks away (POSIX says so).

import { existsSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { bootIdentity, OFFSETS_LOST_AT_MOST } from './boot-identity.ts'
import { type WalWatch, watchWal } from './checkpointer.ts'
import { StreamError, unwritable } from './errors.ts'
import { numberFrom, pragma } from './sqlite.ts'
import { assertOnlyKind } from './topic-files.ts'
import { WriterLock } from './writer-lock.ts'

/** Measured for turns of 1 to 16 small records and for 64 KiB ones: the best of both (4, 8, 16 and 32 KiB tried). */
const PAGE_BYTES = 8192
const FORMAT = 1
/** How long opening and closing wait for who reads or checkpoints. A write waits for nobody: see PartitionAppender. */
const BUSY_TIMEOUT_MS = 1000
/** One call of `trim` frees at most so much: it runs between commits on the same thread. */
const TRIM_MAX_BATCHES = 128
const TRIM_MAX_BYTES = 1024 * 1024
const DEFAULT_WAL_BYTES = 32 * 1024 * 1024
/** What a commit writes besides the batch, about: the page that the batch ends in, and one of the tree. */
const COMMIT_BYTES = 2 * PAGE_BYTES

export type PartitionWriterOptions = {
  /** The -wal file is restarted beyond this size. */
  readonly walBytes?: number
}

export class PartitionWriter {
  readonly file: string
  readonly #lock: WriterLock
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #expired: StatementSync
  readonly #delete: StatementSync
  readonly #wal: WalWatch
  #nextOffset: number
  #lastTime: number

  /** Throws `writer_taken`, `log_corrupt`, or `log_unwritable` where the disk or its permissions are in the way. */
  static open(file: string, options: PartitionWriterOptions = {}): PartitionWriter {
    let lock: WriterLock | undefined
    try {
      lock = WriterLock.acquire(file)
      assertOnlyKind(file)
      return new PartitionWriter(file, lock, options)
    } catch (error) {
      lock?.release()
      throw unwritable(file, error)
    }
  }

  private constructor(file: string, lock: WriterLock, options: PartitionWriterOptions) {
    this.file = file
    this.#lock = lock
    if (!existsSync(file)) createFile(file)
    const walBytes = options.walBytes ?? DEFAULT_WAL_BYTES
    const database = openFile(file, walBytes)
    this.#database = database
    this.#insert = database.prepare('INSERT INTO batches (base_offset, count, time, batch) VALUES (?, ?, ?, ?)')
    this.#expired = database.prepare(
      `SELECT base_offset, count, length(batch) AS bytes FROM batches
       WHERE time < ? AND base_offset < (SELECT max(base_offset) FROM batches) ORDER BY base_offset LIMIT ?`,
    )
    this.#delete = database.prepare('DELETE FROM batches WHERE base_offset <= ?')
    const last = database
      .prepare('SELECT base_offset + count AS next, time FROM batches ORDER BY base_offset DESC LIMIT 1')
      .get()
    this.#nextOffset = takeOver(database, Number(last?.next ?? 0))
    this.#lastTime = Number(last?.time ?? 0)
    this.#wal = watchWal(file, walBytes)
    this.#wal.written(PAGE_BYTES)
    database.exec('PRAGMA busy_timeout = 0')
  }

  /** The checkpoint worker does not keep up with what is written here: who can wait a little should. */
  get isFarAhead(): boolean {
    return this.#wal.isFarBehind
  }

  /** The offset of the next record. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Appends a batch in a transaction of its own and returns its first offset. Throws what SQLite throws; nothing is written then. */
  write(batch: Uint8Array, count: number): number {
    const offset = this.#nextOffset
    const time = Math.max(Date.now() * 1000, this.#lastTime)
    this.#insert.run(offset, count, time, batch)
    this.#lastTime = time
    this.#nextOffset = offset + count
    this.#wal.written(batch.length + COMMIT_BYTES)
    return offset
  }

  /** Runs `work` in one transaction, so that several batches are written together or not at all. */
  atomically<T>(work: () => T): T {
    const offset = this.#nextOffset
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#nextOffset = offset
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /**
   * Deletes batches from before `olderThanMicros`, the oldest first, a bounded number of them; the last batch stays, it
   * holds the next offset. Returns how many records are gone: call again until it is 0. None while the writer is far ahead
   * of the checkpoint worker: what is deleted is written, too.
   */
  trim(olderThanMicros: number): number {
    if (this.isFarAhead) return 0
    let records = 0
    let bytes = 0
    let batches = 0
    let upTo = -1
    for (const batch of this.#expired.all(olderThanMicros, TRIM_MAX_BATCHES)) {
      batches += 1
      records += Number(batch.count)
      bytes += Number(batch.bytes)
      upTo = Number(batch.base_offset)
      if (bytes >= TRIM_MAX_BYTES) break
    }
    if (records === 0) return 0
    this.#delete.run(upTo)
    this.#wal.written(bytes + batches * PAGE_BYTES)
    return records
  }

  /** Brings everything to the disk, marks the file as closed in order and gives the lock back: nobody here touches it then. */
  async close(): Promise<void> {
    await this.#wal.close()
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
      this.#database.exec(`PRAGMA synchronous = FULL; UPDATE meta SET closed = 1; PRAGMA wal_checkpoint(TRUNCATE)`)
    } catch {
      // A disk that takes no more writes: the next opening finds the file as after a kill, which is as safe.
    }
    this.#database.close()
    this.#lock.release()
  }
}

/** Made under another name first: who sees the file under its own name sees it whole. */
function createFile(file: string): void {
  const unfinished = `${file}.new`
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(unfinished + suffix, { force: true })
  const database = new DatabaseSync(unfinished)
  try {
    database.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA user_version = ${FORMAT};
      CREATE TABLE batches (base_offset INTEGER PRIMARY KEY, count INTEGER NOT NULL, time INTEGER NOT NULL, batch BLOB NOT NULL);
      CREATE TABLE meta (boot TEXT NOT NULL, closed INTEGER NOT NULL);
      INSERT INTO meta VALUES ('', 1);
    `)
  } finally {
    database.close()
  }
  renameSync(unfinished, file)
}

function openFile(file: string, walBytes: number): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  const format = numberFrom(pragma(database, 'user_version'))
  if (format !== FORMAT) {
    database.close()
    throw new StreamError(
      'log_corrupt',
      `${file} has format ${format}, this program writes format ${FORMAT}: move it away.`,
    )
  }
  database.exec(`
    PRAGMA synchronous = OFF;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${2 * walBytes};
  `)
  return database
}

/** Notes that this boot of the machine writes the file, on the disk, and returns where offsets go on. */
function takeOver(database: DatabaseSync, next: number): number {
  const before = database.prepare('SELECT boot, closed FROM meta').get()
  const boot = bootIdentity()
  const nextOffset = before?.closed === 1 || before?.boot === boot ? next : next + OFFSETS_LOST_AT_MOST
  database.exec('PRAGMA synchronous = FULL')
  database.prepare('UPDATE meta SET boot = ?, closed = 0').run(boot)
  database.exec('PRAGMA synchronous = OFF')
  return nextOffset
}

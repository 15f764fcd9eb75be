// The masker's durable state: the sessions, and after each batch a checkpoint of how far the frames were read and the
// audit and dead-letter topics written. Both change in one transaction. No raw value and no bare key is in it.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AuditUnavailable, type WrappedKey } from '@sluice/events'
import type { SessionState } from './session-state.ts'

/** How far everything was after a batch. Checkpoints are ordered by `id`. */
export type Checkpoint = {
  readonly partition: number
  /** The next frame to read. */
  readonly position: number
  /** SHA-256 of the last frame read: whether it is still the same log. */
  readonly lastFrame: Buffer
  /** The ends of the audit and the dead-letter topic after the batch. */
  readonly auditEnd: number
  readonly deadEnd: number
}

/** Checkpoints kept for finding the last one that the logs still agree with. */
const KEPT_CHECKPOINTS = 4_096

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY, next INTEGER NOT NULL, link BLOB NOT NULL,
    key_recipient TEXT, key_encapsulated BLOB, key_ciphertext BLOB,
    identity TEXT NOT NULL, closed INTEGER NOT NULL, seen_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (seen_at);
  CREATE TABLE IF NOT EXISTS checkpoints (
    id INTEGER PRIMARY KEY AUTOINCREMENT, partition INTEGER NOT NULL, position INTEGER NOT NULL,
    last_frame BLOB NOT NULL, audit_end INTEGER NOT NULL, dead_end INTEGER NOT NULL
  );
`

export class MaskerState {
  readonly #database: DatabaseSync
  readonly #selectSession: StatementSync
  readonly #upsertSession: StatementSync
  readonly #insertCheckpoint: StatementSync
  readonly #trimCheckpoints: StatementSync

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#selectSession = database.prepare('SELECT * FROM sessions WHERE session_id = ?')
    this.#upsertSession = database.prepare(
      `INSERT INTO sessions (session_id, next, link, key_recipient, key_encapsulated, key_ciphertext, identity, closed, seen_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_id) DO UPDATE SET next = excluded.next, link = excluded.link, closed = excluded.closed, seen_at = excluded.seen_at`,
    )
    this.#insertCheckpoint = database.prepare(
      'INSERT INTO checkpoints (partition, position, last_frame, audit_end, dead_end) VALUES (?, ?, ?, ?, ?)',
    )
    this.#trimCheckpoints = database.prepare(
      `DELETE FROM checkpoints WHERE id <= (SELECT max(id) FROM checkpoints) - ${KEPT_CHECKPOINTS}
       AND id NOT IN (SELECT max(id) FROM checkpoints GROUP BY partition)`,
    )
  }

  /** Opens the state for this process alone; a second masker fails here. */
  static open(file: string): MaskerState {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const database = new DatabaseSync(file, { timeout: 0 })
    try {
      database.exec(`
        PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`)
      return new MaskerState(database)
    } catch (cause) {
      database.close()
      throw new AuditUnavailable('masker_state_unusable', describeFailure(file, cause), { cause })
    }
  }

  session(sessionId: string): SessionState | null {
    const row = this.#selectSession.get(sessionId)
    return row === undefined ? null : sessionOf(row)
  }

  /** The checkpoints, the newest first. */
  checkpoints(): Checkpoint[] {
    return this.#database
      .prepare('SELECT * FROM checkpoints ORDER BY id DESC')
      .all()
      .map((row) => ({
        partition: Number(row.partition),
        position: Number(row.position),
        lastFrame: Buffer.from(row.last_frame as Uint8Array),
        auditEnd: Number(row.audit_end),
        deadEnd: Number(row.dead_end),
      }))
  }

  /** Writes a batch down: its sessions and where everything is now, or nothing of it. */
  commit(checkpoint: Checkpoint, sessions: Iterable<SessionState>): void {
    this.#atomically(() => {
      for (const session of sessions) this.#save(session)
      const { partition, position, lastFrame, auditEnd, deadEnd } = checkpoint
      this.#insertCheckpoint.run(partition, position, lastFrame, auditEnd, deadEnd)
      this.#trimCheckpoints.run()
    })
  }

  /** Forgets the checkpoints that the logs no longer agree with: `kept` are the newest that remain. */
  rewind(kept: number): void {
    this.#database
      .prepare('DELETE FROM checkpoints WHERE id NOT IN (SELECT id FROM checkpoints ORDER BY id LIMIT ?)')
      .run(kept)
  }

  /** Forgets sessions that ended before one time or were last heard of before another; returns how many. */
  purge(closedBefore: number, silentBefore: number): number {
    const purged = this.#database
      .prepare('DELETE FROM sessions WHERE (closed = 1 AND seen_at < ?) OR seen_at < ?')
      .run(closedBefore, silentBefore)
    return Number(purged.changes)
  }

  close(): void {
    this.#database.close()
  }

  #save(session: SessionState): void {
    const { wrappedKey } = session
    this.#upsertSession.run(
      session.sessionId,
      session.next,
      session.link,
      wrappedKey?.recipientKeyId ?? null,
      wrappedKey?.encapsulated ?? null,
      wrappedKey?.ciphertext ?? null,
      session.identity,
      session.closed ? 1 : 0,
      session.seenAt,
    )
  }

  #atomically(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

const SQLITE_BUSY = 5

function describeFailure(file: string, cause: unknown): string {
  const code = cause instanceof Error && 'errcode' in cause ? cause.errcode : null
  if (code === SQLITE_BUSY) return `another masker works with ${file}: stop it first`
  return `${file} can't be used (${cause instanceof Error ? cause.message : String(cause)}): check its disk and its permissions`
}

type Row = Record<string, unknown>

function sessionOf(row: Row): SessionState {
  return {
    sessionId: String(row.session_id),
    next: Number(row.next),
    link: bytesOf(row.link),
    wrappedKey: wrappedKeyOf(row),
    identity: String(row.identity),
    closed: row.closed === 1,
    seenAt: Number(row.seen_at),
  }
}

function wrappedKeyOf(row: Row): WrappedKey | null {
  const { key_recipient: recipientKeyId } = row
  if (typeof recipientKeyId !== 'string') return null
  return {
    recipientKeyId,
    encapsulated: bytesOf(row.key_encapsulated),
    ciphertext: bytesOf(row.key_ciphertext),
  }
}

function bytesOf(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value)
  throw new AuditUnavailable('masker_state_unusable', "the masker's state is damaged; put a copy back")
}

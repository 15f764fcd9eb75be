// The one writer of a journal's segments. A commit is one write to the end of the last file and nothing else; syncing,
// new files and removals are rare or not on this thread.

import { closeSync, ftruncateSync, openSync, readSync, unlink, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { unwritable } from './errors.ts'
import type { BatchBuffer } from './record-batch.ts'
import { HEADER_BYTES, isMissing, readHeader, segmentFile, syncDirectory, writeHeader } from './segment-format.ts'
import { noteOwner } from './segment-owner.ts'
import { type FinishedSegment, recoverSegments } from './segment-recovery.ts'
import { SegmentSync, type SyncedFile, type SyncFile } from './segment-sync.ts'
import { assertOnlyKind, makeDirectory } from './topic-files.ts'
import { WriterLock } from './writer-lock.ts'

export const MAX_SEGMENT_BYTES = 64 * 1024 * 1024
/** Into so many segments at least the time is divided for which records are kept. */
const SEGMENTS_OF_RETENTION = 8

/** Writes `length` bytes of `bytes` at `position` and returns how many the file took. */
export type WriteBytes = (fd: number, bytes: Buffer, length: number, position: number) => number

export type SegmentWriterOptions = {
  /** A new segment is begun beyond this size. */
  readonly segmentBytes?: number
  /** How bytes are written and synced: tests have disks that fail. */
  readonly write?: WriteBytes
  readonly sync?: SyncFile
  /** Called when syncing begins to fail, with the reason, and with null when it works again. */
  readonly onSync?: (problem: string | null) => void
}

type CurrentSegment = SyncedFile & { firstTime: number; lastTime: number }

export class SegmentWriter {
  readonly directory: string
  readonly #lock: WriterLock
  readonly #segmentBytes: number
  readonly #write: WriteBytes
  readonly #sync: SegmentSync
  readonly #finished: FinishedSegment[]
  #current: CurrentSegment
  #nextOffset: number
  #lastTime: number
  #finishedBytes = 0
  /** A write failed and what it left behind the last batch could not be cut yet. */
  #torn = false

  /** Throws `writer_taken`, or `log_unwritable` where the disk or its permissions are in the way. */
  static open(directory: string, options: SegmentWriterOptions = {}): SegmentWriter {
    let lock: WriterLock | undefined
    try {
      lock = WriterLock.acquire(directory)
      assertOnlyKind(directory)
      return new SegmentWriter(makeDirectory(directory), lock, options)
    } catch (error) {
      lock?.release()
      throw unwritable(directory, error)
    }
  }

  private constructor(directory: string, lock: WriterLock, options: SegmentWriterOptions) {
    this.directory = directory
    this.#lock = lock
    this.#segmentBytes = options.segmentBytes ?? MAX_SEGMENT_BYTES
    this.#write = options.write ?? ((fd, bytes, length, position) => writeSync(fd, bytes, 0, length, position))
    const { finished, current, nextOffset, lastTime } = recoverSegments(directory)
    this.#finished = [...finished]
    for (const { bytes } of finished) this.#finishedBytes += bytes
    this.#nextOffset = nextOffset
    this.#lastTime = lastTime
    // First the segment that the offsets jump to: once this boot is the owner, nobody would know that they have to.
    this.#current = current === undefined ? begin(directory, nextOffset) : goOn(directory, current)
    syncDirectory(dirname(directory))
    syncDirectory(directory)
    noteOwner(directory, false)
    const report = options.onSync ?? ((): void => {})
    this.#sync = new SegmentSync(directory, () => this.#nextOffset, report, options.sync)
    this.#sync.follow(this.#current)
  }

  /** The offset of the next record. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#finishedBytes + this.#current.bytes
  }

  /** Why syncing fails; null when it works. */
  get syncProblem(): string | null {
    return this.#sync.problem
  }

  /**
   * Appends what the buffer holds as a batch; the buffer has room for the header in front. Throws what the system says;
   * nothing is written then.
   */
  write(buffer: BatchBuffer): void {
    if (this.#torn) this.#cut()
    if (this.#current.bytes >= this.#segmentBytes && !this.#sync.isBehind) this.#begin()
    const current = this.#current
    const { storage, end, count } = buffer
    const time = Math.max(Date.now() * 1000, this.#lastTime)
    writeHeader(storage, end, this.#nextOffset, count, time)
    let written = 0
    try {
      written = this.#write(current.fd, storage, end, current.bytes)
    } finally {
      if (written !== end) this.#torn = true
    }
    if (this.#torn) {
      this.#cut()
      throw new Error(`the disk took ${written} of ${end} bytes`)
    }
    if (current.bytes === 0) current.firstTime = time
    current.lastTime = time
    current.bytes += end
    this.#lastTime = time
    this.#nextOffset += count
    this.#sync.written()
  }

  /**
   * Removes the oldest segment when its last batch is from before `olderThanMicros`, and begins a new one where the
   * current one spans a good part of the time since, so that nothing is kept much longer. Returns how many offsets are
   * gone: call again until it is 0.
   */
  trim(olderThanMicros: number): number {
    const { bytes, firstTime } = this.#current
    const now = Date.now() * 1000
    const due = now - (now - olderThanMicros) / SEGMENTS_OF_RETENTION
    if (bytes > 0 && firstTime < due && !this.#sync.isBehind) this.#begin()
    const oldest = this.#finished[0]
    if (oldest === undefined || oldest.lastTime >= olderThanMicros) return 0
    this.#finished.shift()
    this.#finishedBytes -= oldest.bytes
    // Freeing the space of a large file takes its time, so it is not done on this thread.
    unlink(segmentFile(this.directory, oldest.base), (error) => {
      if (error === null || isMissing(error)) return
      this.#finished.unshift(oldest)
      this.#finishedBytes += oldest.bytes
    })
    return Math.max(1, (this.#finished[0]?.base ?? this.#current.base) - oldest.base)
  }

  /** Brings everything to the disk, marks the journal as closed in order and gives the lock back. */
  close(): void {
    try {
      if (this.#torn) this.#cut()
    } catch {
      // The next opening cuts it.
    }
    try {
      this.#sync.close()
      noteOwner(this.directory, true)
    } catch {
      // A disk that takes no more writes: the next opening finds the journal as after a kill, which is as safe.
    }
    this.#lock.release()
  }

  #begin(): void {
    if (this.#torn) this.#cut()
    const { base, bytes, lastTime } = this.#current
    const next = begin(this.directory, this.#nextOffset)
    this.#finished.push({ base, bytes, lastTime })
    this.#finishedBytes += bytes
    this.#current = next
    this.#sync.follow(next)
  }

  #cut(): void {
    ftruncateSync(this.#current.fd, this.#current.bytes)
    this.#torn = false
  }
}

function begin(directory: string, base: number): CurrentSegment {
  const fd = openSync(segmentFile(directory, base), 'wx+', 0o600)
  return { fd, base, bytes: 0, synced: { at: 0, next: base }, retired: false, firstTime: 0, lastTime: 0 }
}

function goOn(directory: string, { base, bytes, lastTime }: FinishedSegment): CurrentSegment {
  const fd = openSync(segmentFile(directory, base), 'r+')
  try {
    // What an earlier process wrote may not be on the disk: it is synced once with what comes.
    const synced = { at: 0, next: base }
    return { fd, base, bytes, synced, retired: false, firstTime: firstTimeIn(fd) ?? lastTime, lastTime }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function firstTimeIn(fd: number): number | undefined {
  const head = Buffer.alloc(HEADER_BYTES)
  return readSync(fd, head, 0, HEADER_BYTES, 0) === HEADER_BYTES ? readHeader(head, 0)?.time : undefined
}

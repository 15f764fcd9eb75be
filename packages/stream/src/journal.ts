// The node's journal: the frames topic itself, written synchronously on the thread that forwards.
//
// `append` collects what one turn of the event loop has to record, `commit` hands it to the operating system in one
// write; a request may be forwarded after its commit returned. When the disk fails, the turn's records stay in memory
// (bounded) and are written first when it recovers: a session's sequence has no gap, and nothing was forwarded.

import { JournalBroken, JournalFull, reasonOf, StreamError } from './errors.ts'
import type { StreamRecord } from './event-log.ts'
import { BatchBuffer, MAX_BATCH_BYTES } from './record-batch.ts'
import { Retention } from './retention.ts'
import { HEADER_BYTES } from './segment-format.ts'
import { MAX_SEGMENT_BYTES, SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts'
import { partitionFile } from './topic-files.ts'

/** How often a broken or full journal looks whether it can go on. */
const RETRY_MS = 250
/** Trimming frees whole segments, so one is at most this share of the journal's bound. */
const SEGMENT_SHARE = 8
const MIN_SEGMENT_BYTES = 256 * 1024

export type JournalOptions = {
  readonly dir: string
  readonly topic: string
  readonly partition: number
  /** Bound of all segments together. */
  readonly maxBytes: number
  /** For how long records are kept; without it only `trim` removes any. */
  readonly retentionMs?: number
  /** Called once when the journal stops taking records. */
  readonly onFailure: (error: JournalFull | JournalBroken) => void
  /** Called once when it takes them again. */
  readonly onRecovery?: () => void
}

export class Journal {
  readonly #writer: SegmentWriter
  readonly #options: JournalOptions
  readonly #buffer = new BatchBuffer(HEADER_BYTES)
  readonly #retention: Retention | undefined
  #failure: JournalFull | JournalBroken | null = null
  #retry: NodeJS.Timeout | undefined
  #closed = false

  /** Opens or makes the topic's journal. Throws `writer_taken` while another process writes it. */
  static open(options: JournalOptions, writerOptions: SegmentWriterOptions = {}): Journal {
    return new Journal(options, writerOptions)
  }

  private constructor(options: JournalOptions, writerOptions: SegmentWriterOptions) {
    this.#options = options
    const share = Math.floor(options.maxBytes / SEGMENT_SHARE)
    this.#writer = SegmentWriter.open(partitionFile(options.dir, options.topic, options.partition, 'journal'), {
      segmentBytes: Math.max(MIN_SEGMENT_BYTES, Math.min(MAX_SEGMENT_BYTES, share)),
      onSync: () => this.#reconsider(),
      ...writerOptions,
    })
    if (options.retentionMs !== undefined)
      this.#retention = new Retention(options.retentionMs, (older) => this.trim(older))
    this.#failWhereFull()
  }

  /** Whether records are taken. False after a failed write and at the bound, until it recovered by itself. */
  get healthy(): boolean {
    return this.#failure === null && !this.#closed
  }

  /** Bytes of all segments, and those that wait for a commit. */
  get depthBytes(): number {
    return this.#writer.bytes + this.#buffer.length
  }

  get maxBytes(): number {
    return this.#options.maxBytes
  }

  /** The offset of the next record that will be committed. */
  get nextOffset(): number {
    return this.#writer.nextOffset
  }

  /** Why what was committed can't be brought to the disk, for the log and the metrics; null when all is well. */
  get syncProblem(): string | null {
    return this.#writer.syncProblem
  }

  /** Throws what `append` would throw now: to be asked before a record is minted that could not be kept. */
  assertWritable(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#closed) throw new StreamError('log_closed', 'The journal is closed: the node is stopping.')
  }

  /**
   * Takes a record for this turn's commit; its buffers are copied. Throws JournalFull or JournalBroken, and takes nothing,
   * exactly where `assertWritable` throws.
   */
  append(record: StreamRecord): void {
    if (this.#failure !== null || this.#closed) this.assertWritable()
    this.#buffer.add(record)
    // A turn this large is written in parts; that a part failed is said by `commit`.
    if (this.#buffer.length >= MAX_BATCH_BYTES) this.#tryFlush()
  }

  /**
   * Writes the turn's records in one batch. After it returned they are with the operating system and survive this
   * process. Throws JournalBroken: nothing of the turn may go on then. Its records are kept and committed first as soon as
   * writing works again, so that a session's sequence has no gap.
   */
  commit(): void {
    if (!(this.#failure instanceof JournalBroken) && this.#buffer.count > 0) this.#tryFlush()
    if (this.#failure instanceof JournalBroken) throw this.#failure
    this.#failWhereFull()
  }

  /**
   * Frees the space of a segment whose records are all from before `olderThanMicros`, also while the journal is full or
   * broken. Returns how many offsets are gone: call again until it is 0, which says that there is nothing, or that the
   * disk is in the way.
   */
  trim(olderThanMicros: number): number {
    if (this.#closed) return 0
    try {
      const records = this.#writer.trim(olderThanMicros)
      if (records > 0) this.#reconsider()
      return records
    } catch (error) {
      this.#fail(brokenBy(this.#writer.directory, error))
      return 0
    }
  }

  /** Commits what is left, brings it to the disk and gives the file free. Throws JournalBroken when records are lost by it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#retry)
    this.#retention?.stop()
    let lost: unknown
    try {
      this.#flush()
    } catch (error) {
      lost = error
    }
    this.#writer.close()
    if (lost !== undefined) throw brokenBy(this.#writer.directory, lost)
  }

  #tryFlush(): void {
    try {
      this.#flush()
    } catch (error) {
      this.#fail(brokenBy(this.#writer.directory, error))
    }
  }

  #flush(): void {
    const buffer = this.#buffer
    if (buffer.count === 0) return
    this.#writer.write(buffer)
    buffer.clear()
  }

  #failWhereFull(): void {
    const { directory, bytes } = this.#writer
    if (bytes >= this.#options.maxBytes) this.#fail(fullAt(directory, bytes, this.#options.maxBytes))
  }

  #fail(failure: JournalFull | JournalBroken): void {
    const first = this.#failure === null
    this.#failure = failure
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#reconsider(), RETRY_MS)
    this.#retry.unref()
    if (first) this.#options.onFailure(failure)
  }

  /** Looks whether what stopped the journal is over, and writes what a failed commit left. */
  #reconsider(): void {
    if (this.#closed) return
    const { directory, syncProblem } = this.#writer
    // After a failed sync nothing is certain of what was written, so nothing more is promised before one succeeds.
    if (syncProblem !== null) {
      this.#fail(brokenBy(directory, new Error(syncProblem)))
      return
    }
    try {
      if (this.#failure instanceof JournalBroken) this.#flush()
    } catch (error) {
      this.#fail(brokenBy(directory, error))
      return
    }
    if (this.#writer.bytes >= this.#options.maxBytes) {
      this.#failWhereFull()
    } else if (this.#failure !== null) {
      clearTimeout(this.#retry)
      this.#failure = null
      this.#options.onRecovery?.()
    }
  }
}

function fullAt(file: string, sizeBytes: number, maxBytes: number): JournalFull {
  return new JournalFull(
    `The journal ${file} holds ${sizeBytes} bytes, its bound is ${maxBytes}: nothing is recorded or forwarded until ` +
      'older records are trimmed. Shorten their retention or raise log.journal.maxBytes.',
  )
}

function brokenBy(file: string, cause: unknown): JournalBroken {
  return new JournalBroken(
    `The journal ${file} can't be written (${reasonOf(cause)}): nothing is recorded or forwarded. ` +
      'Free space on its disk or repair it; the journal goes on by itself.',
    cause,
  )
}

// The node's journal: the frames topic's file, written synchronously on the thread that forwards.
//
// `append` collects what one turn of the event loop has to record, `commit` hands it to the operating system in one
// transaction; a request may be forwarded after its commit returned. When the disk fails, the turn's records stay in
// memory (bounded) and are written first when it recovers: a session's sequence has no gap, and nothing was forwarded.

import type { CheckpointReport } from './checkpointer.ts'
import { JournalBroken, JournalFull, reasonOf, StreamError } from './errors.ts'
import type { StreamRecord } from './event-log.ts'
import { PartitionWriter, type PartitionWriterOptions } from './partition-writer.ts'
import { BatchBuffer, MAX_BATCH_BYTES } from './record-batch.ts'
import { Retention } from './retention.ts'
import { partitionFile } from './topic-files.ts'

/** How often a broken or full journal looks whether it can go on. */
const RETRY_MS = 250
/** How many bytes are appended between two looks at the real size on disk. */
const MEASURE_EVERY_BYTES = 256 * 1024
/** The -wal file gets at most this share of the journal's bound, and at most so much. */
const WAL_SHARE = 8
const MAX_WAL_BYTES = 32 * 1024 * 1024
const MIN_WAL_BYTES = 256 * 1024
/** A row, its place in the tree and the unused rest of its last page. */
const ROW_OVERHEAD_BYTES = 64

export type JournalOptions = {
  readonly dir: string
  readonly topic: string
  readonly partition: number
  /** Bound of the file with its -wal, without what `trim` freed. */
  readonly maxBytes: number
  /** For how long records are kept; without it only `trim` removes any. */
  readonly retentionMs?: number
  /** Called once when the journal stops taking records. */
  readonly onFailure: (error: JournalFull | JournalBroken) => void
  /** Called once when it takes them again. */
  readonly onRecovery?: () => void
}

export class Journal {
  readonly #writer: PartitionWriter
  readonly #options: JournalOptions
  readonly #buffer = new BatchBuffer()
  readonly #retention: Retention | undefined
  #sizeBytes = 0
  #unmeasuredBytes = 0
  #failure: JournalFull | JournalBroken | null = null
  #retry: NodeJS.Timeout | undefined
  #closed = false
  #walProblem: string | null = null

  /** Opens or makes the topic's file. Throws `writer_taken` while another process writes it. */
  static open(options: JournalOptions, writerOptions: PartitionWriterOptions = {}): Journal {
    return new Journal(options, writerOptions)
  }

  private constructor(options: JournalOptions, writerOptions: PartitionWriterOptions) {
    this.#options = options
    const file = partitionFile(options.dir, options.topic, options.partition)
    const walBytes = Math.max(MIN_WAL_BYTES, Math.min(MAX_WAL_BYTES, Math.floor(options.maxBytes / WAL_SHARE)))
    this.#writer = PartitionWriter.open(file, {
      walBytes,
      onCheckpoint: (report) => this.#checkpointed(report),
      ...writerOptions,
    })
    if (options.retentionMs !== undefined)
      this.#retention = new Retention(options.retentionMs, (older) => this.trim(older))
    this.#measure()
  }

  /** Whether records are taken. False after a failed write and at the bound, until it recovered by itself. */
  get healthy(): boolean {
    return this.#failure === null && !this.#closed
  }

  /** Bytes on disk that hold records, and those that wait for a commit. */
  get depthBytes(): number {
    return this.#sizeBytes + this.#unmeasuredBytes + this.#buffer.length
  }

  get maxBytes(): number {
    return this.#options.maxBytes
  }

  /** The offset of the next record that will be committed. */
  get nextOffset(): number {
    return this.#writer.nextOffset
  }

  /** Why the last checkpoint failed, for the log and the metrics; null when all is well. */
  get walProblem(): string | null {
    return this.#walProblem
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
   * Writes the turn's records in one transaction. After it returned they are with the operating system and survive this
   * process. Throws JournalBroken: nothing of the turn may go on then. Its records are kept and committed first as soon as
   * writing works again, so that a session's sequence has no gap.
   */
  commit(): void {
    if (!(this.#failure instanceof JournalBroken) && this.#buffer.count > 0) this.#tryFlush()
    if (this.#failure instanceof JournalBroken) throw this.#failure
    if (this.#unmeasuredBytes >= MEASURE_EVERY_BYTES) this.#measure()
  }

  /**
   * Frees the space of records from before `olderThanMicros`, a bounded piece of work, also while the journal is full or
   * broken. Returns how many records are gone: 0 means that there was nothing, or that the file can't be written.
   */
  trim(olderThanMicros: number): number {
    if (this.#closed) return 0
    try {
      const records = this.#writer.trim(olderThanMicros)
      if (records > 0) this.#reconsider()
      return records
    } catch (error) {
      this.#fail(brokenBy(this.#writer.file, error))
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
    if (lost !== undefined) throw brokenBy(this.#writer.file, lost)
  }

  #tryFlush(): void {
    try {
      this.#flush()
    } catch (error) {
      this.#fail(brokenBy(this.#writer.file, error))
    }
  }

  #flush(): void {
    const buffer = this.#buffer
    if (buffer.count === 0) return
    this.#writer.write(buffer.bytes, buffer.count)
    this.#unmeasuredBytes += buffer.length + ROW_OVERHEAD_BYTES
    buffer.clear()
  }

  /** Compares the real size with the bound. */
  #measure(): void {
    this.#sizeBytes = this.#writer.measure()
    this.#unmeasuredBytes = 0
    if (this.#sizeBytes >= this.#options.maxBytes)
      this.#fail(fullAt(this.#writer.file, this.#sizeBytes, this.#options.maxBytes))
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
    const failure = this.#failure
    if (this.#closed) return
    try {
      if (failure instanceof JournalBroken) {
        this.#writer.probe()
        this.#flush()
      }
      this.#sizeBytes = this.#writer.measure()
      this.#unmeasuredBytes = 0
    } catch (error) {
      this.#fail(brokenBy(this.#writer.file, error))
      return
    }
    if (this.#sizeBytes >= this.#options.maxBytes) {
      this.#fail(fullAt(this.#writer.file, this.#sizeBytes, this.#options.maxBytes))
    } else if (failure !== null) {
      clearTimeout(this.#retry)
      this.#failure = null
      this.#options.onRecovery?.()
    }
  }

  #checkpointed(report: CheckpointReport): void {
    this.#walProblem = report.problem
    if (this.#failure instanceof JournalFull) this.#reconsider()
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

// A consumer of the embedded log: reads the topics' files directly, partition after partition in turn.

import { setTimeout as sleep } from 'node:timers/promises'
import { DirectoryBell } from './directory-bell.ts'
import { reasonOf, StreamError } from './errors.ts'
import type { Consumer, ConsumerOptions, PollOptions, Position, StoredRecord } from './event-log.ts'
import { GroupOffsets } from './group-offsets.ts'
import { PartitionReader } from './partition-reader.ts'
import { SegmentReader } from './segment-reader.ts'
import { listPartitions, type PartitionFile, topicDirectory } from './topic-files.ts'

/** Longest wait without a look at the files: a watch can miss, on some file systems it always does. */
const FALLBACK_POLL_MS = 250
/** So long after the last record more are expected soon, and the reader looks again after a pause instead of a watch. */
const BUSY_MS = 20
const BUSY_PAUSE_MS = 4

interface Reader {
  endOffset(): number
  read(offset: number, maxRecords: number, maxBytes: number): StoredRecord[]
  close(): void
}

type Partition = {
  readonly topic: string
  readonly partition: number
  readonly reader: Reader
  readonly startedAt: number
  position: number
}

export class EmbeddedConsumer implements Consumer {
  readonly #dir: string
  readonly #topics: readonly string[]
  readonly #groups = new Map<string, GroupOffsets>()
  readonly #partitions = new Map<string, Partition>()
  /** Positions set before the partition exists. */
  readonly #sought = new Map<string, number>()
  readonly #bell = new DirectoryBell()
  /** Where something changes when records arrive. */
  readonly #watched = new Set<string>()
  readonly #closing = new AbortController()
  #turn = 0
  #lookedAt = 0
  #foundAt = 0

  constructor(dir: string, { group, topics, from }: ConsumerOptions) {
    this.#dir = dir
    this.#topics = [...new Set(topics)]
    for (const topic of this.#topics) this.#watched.add(topicDirectory(dir, topic))
    try {
      if (group !== null)
        for (const topic of this.#topics) this.#groups.set(topic, GroupOffsets.open(dir, group, topic))
      this.#discover(from)
    } catch (error) {
      this.#release()
      throw error
    }
  }

  async poll({ maxRecords, maxBytes, maxWaitMs, signal }: PollOptions): Promise<readonly StoredRecord[]> {
    const deadline = performance.now() + maxWaitMs
    for (;;) {
      this.#assertOpen()
      const left = deadline - performance.now()
      const last = left <= 0 || signal?.aborted === true
      if (last || performance.now() - this.#lookedAt > FALLBACK_POLL_MS) this.#discover('earliest')
      const records = this.#readNext(maxRecords, maxBytes)
      if (records.length > 0 || last) return records
      const arrived = await this.#pause(left, signal, maxRecords, maxBytes)
      if (arrived.length > 0 || this.#closing.signal.aborted) return arrived
    }
  }

  async commit({ topic, partition, nextOffset }: Position): Promise<void> {
    this.#assertOpen()
    const group = this.#groups.get(topic)
    if (group === undefined) {
      throw new StreamError(
        'group_missing',
        `This consumer has no group for '${topic}', so it can't commit: open it with one.`,
      )
    }
    group.commit(partition, nextOffset)
  }

  async committed(topic: string, partition: number): Promise<number> {
    this.#assertOpen()
    this.#assertConsumed(topic)
    return this.#groups.get(topic)?.position(partition) ?? this.#partitions.get(keyOf(topic, partition))?.startedAt ?? 0
  }

  seek(topic: string, partition: number, offset: number): void {
    this.#assertOpen()
    this.#assertConsumed(topic)
    const known = this.#partitions.get(keyOf(topic, partition))
    if (known === undefined) this.#sought.set(keyOf(topic, partition), offset)
    else known.position = offset
  }

  async endOffsets(topic: string): Promise<ReadonlyMap<number, number>> {
    this.#assertOpen()
    this.#assertConsumed(topic)
    this.#discover('earliest')
    const ends = new Map<number, number>()
    for (const known of this.#partitions.values()) {
      if (known.topic === topic) ends.set(known.partition, known.reader.endOffset())
    }
    return ends
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#release()
  }

  /** Waits for records, at most `ms`; returns those that came between the look before and the watch. */
  async #pause(
    ms: number,
    signal: AbortSignal | undefined,
    maxRecords: number,
    maxBytes: number,
  ): Promise<StoredRecord[]> {
    if (performance.now() - this.#foundAt < BUSY_MS) {
      await sleep(Math.min(ms, BUSY_PAUSE_MS))
      return []
    }
    this.#bell.arm(this.#watched)
    // The directory of a journal that was found just now is watched too before it is read.
    if (this.#discover('earliest')) this.#bell.arm(this.#watched)
    const records = this.#readNext(maxRecords, maxBytes)
    if (records.length > 0) this.#bell.disarm()
    else await this.#bell.wait(Math.min(ms, FALLBACK_POLL_MS), signal)
    return records
  }

  #readNext(maxRecords: number, maxBytes: number): StoredRecord[] {
    const partitions = [...this.#partitions.values()]
    for (let tried = 0; tried < partitions.length; tried += 1) {
      const partition = partitions[this.#turn++ % partitions.length] as Partition
      const records = readFrom(partition, maxRecords, maxBytes)
      const last = records.at(-1)
      if (last !== undefined) {
        partition.position = last.offset + 1
        this.#foundAt = performance.now()
        return records
      }
    }
    return []
  }

  /** Opens partitions that are new. Those that appear later are read from their first record, whatever `from` said. */
  #discover(from: 'earliest' | 'latest'): boolean {
    this.#lookedAt = performance.now()
    const before = this.#partitions.size
    for (const topic of this.#topics) {
      for (const file of listPartitions(topicDirectory(this.#dir, topic))) {
        const { partition } = file
        const key = keyOf(topic, partition)
        if (this.#partitions.has(key)) continue
        const reader = openReader(file, topic)
        if (file.kind === 'journal') this.#watched.add(file.path)
        const start = from === 'earliest' ? 0 : reader.endOffset()
        const startedAt = this.#sought.get(key) ?? this.#groups.get(topic)?.position(partition) ?? start
        this.#sought.delete(key)
        this.#partitions.set(key, { topic, partition, reader, startedAt, position: startedAt })
      }
    }
    return this.#partitions.size > before
  }

  #release(): void {
    this.#bell.disarm()
    for (const { reader } of this.#partitions.values()) reader.close()
    for (const group of this.#groups.values()) group.close()
    this.#partitions.clear()
    this.#groups.clear()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new StreamError('log_closed', 'The consumer is closed.')
  }

  #assertConsumed(topic: string): void {
    if (this.#topics.includes(topic)) return
    throw new StreamError(
      'topic_not_consumed',
      `This consumer does not read '${topic}': name it when the consumer is opened.`,
    )
  }
}

function openReader({ kind, path, partition }: PartitionFile, topic: string): Reader {
  return kind === 'journal' ? new SegmentReader(path, topic, partition) : new PartitionReader(path, topic, partition)
}

function readFrom(
  { reader, topic, partition, position }: Partition,
  maxRecords: number,
  maxBytes: number,
): StoredRecord[] {
  try {
    return reader.read(position, maxRecords, maxBytes)
  } catch (error) {
    if (error instanceof StreamError) throw error
    const where = `${topic}, partition ${partition}, offset ${position}`
    throw new StreamError(
      'log_unreadable',
      `The log can't be read at ${where} (${reasonOf(error)}): poll again; nothing was skipped.`,
      error,
    )
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

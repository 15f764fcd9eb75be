// The event log in files of one machine: each topic partition is one SQLite file, or the journal's directory of
// segments, with one writing process; any number of processes read it.

import { EmbeddedConsumer } from './embedded-consumer.ts'
import { StreamError } from './errors.ts'
import type { Consumer, ConsumerOptions, EventLog, Producer, StreamRecord } from './event-log.ts'
import { PartitionAppender } from './partition-appender.ts'
import { PartitionWriter } from './partition-writer.ts'
import { Retention } from './retention.ts'
import { makeDirectory, partitionFile } from './topic-files.ts'

export type EmbeddedLogOptions = {
  /** For how long this process, as a topic's writer, keeps its records. Topics that aren't named keep theirs. */
  readonly retentionMs?: Readonly<Record<string, number>>
}

type SharedWriter = {
  readonly appender: PartitionAppender
  readonly retention: Retention | undefined
  users: number
  /** Its last user has gone: who wants to write the partition next waits until it has closed. */
  ending: Promise<void> | undefined
}

export class EmbeddedLog implements EventLog {
  readonly #dir: string
  readonly #options: EmbeddedLogOptions
  readonly #writers = new Map<string, SharedWriter>()
  readonly #open = new Set<{ close(): Promise<void> }>()

  /** Opens the log in `dir`, which is made (for its owner only) where it is missing. */
  static open(dir: string, options: EmbeddedLogOptions = {}): EmbeddedLog {
    return new EmbeddedLog(makeDirectory(dir), options)
  }

  private constructor(dir: string, options: EmbeddedLogOptions) {
    this.#dir = dir
    this.#options = options
  }

  /** Rejects with `writer_taken` while another process writes the partition. */
  async producer(topic: string, { partition = 0 }: { readonly partition?: number } = {}): Promise<Producer> {
    const file = partitionFile(this.#dir, topic, partition, 'db')
    const shared = await this.#useWriter(topic, file)
    const producer = new EmbeddedProducer(shared.appender, partition, async () => {
      shared.users -= 1
      if (shared.users === 0) await this.#endWriter(file, shared)
      this.#open.delete(producer)
    })
    this.#open.add(producer)
    return producer
  }

  /** Rejects with `group_taken` while another consumer is the group's member. */
  async consumer(options: ConsumerOptions): Promise<Consumer> {
    const consumer = new EmbeddedConsumer(this.#dir, options)
    this.#open.add(consumer)
    return consumer
  }

  /** Ends every producer and consumer that was opened here. */
  async close(): Promise<void> {
    for (const part of this.#open) await part.close()
    this.#open.clear()
  }

  async #useWriter(topic: string, file: string): Promise<SharedWriter> {
    for (;;) {
      const shared = this.#writers.get(file) ?? this.#startWriter(topic, file)
      if (shared.ending === undefined) {
        shared.users += 1
        return shared
      }
      await shared.ending
    }
  }

  #startWriter(topic: string, file: string): SharedWriter {
    const writer = PartitionWriter.open(file)
    const keepMs = this.#options.retentionMs?.[topic]
    const retention = keepMs === undefined ? undefined : new Retention(keepMs, (older) => writer.trim(older))
    const shared: SharedWriter = { appender: new PartitionAppender(writer), retention, users: 0, ending: undefined }
    this.#writers.set(file, shared)
    return shared
  }

  async #endWriter(file: string, shared: SharedWriter): Promise<void> {
    shared.retention?.stop()
    const ended = shared.appender.close()
    const forget = (): void => void this.#writers.delete(file)
    shared.ending = ended.then(forget, forget)
    await ended
  }
}

class EmbeddedProducer implements Producer {
  readonly #appender: PartitionAppender
  readonly #partition: number
  readonly #onClose: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(appender: PartitionAppender, partition: number, onClose: () => Promise<void>) {
    this.#appender = appender
    this.#partition = partition
    this.#onClose = onClose
  }

  async append(records: readonly StreamRecord[]): Promise<{ partition: number; firstOffset: number }> {
    if (this.#closing !== undefined) throw new StreamError('log_closed', 'The producer is closed.')
    return { partition: this.#partition, firstOffset: await this.#appender.append(records) }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#onClose()
    await this.#closing
  }
}

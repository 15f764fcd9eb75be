// Publishes signed records: versions and hashes go on where the writer's own records in the log ended.

import {
  type Codec,
  type ContentOf,
  type ControlTopic,
  controlCodec,
  controlHash,
  type HeadersJson,
  importVerifyingKey,
  isSignedBy,
  type KeyRole,
  type SchemaRegistry,
  type Signed,
  type SigningKey,
  signControl,
  type VerifyingKey,
} from '@sluice/events'
import { type EventLog, type Producer, StreamError } from '@sluice/stream'
import { keepNewest } from './keep-newest.ts'
import { recordHeaders } from './record-headers.ts'
import { sealOf, storedBatches } from './stored-records.ts'
import type { TrustedKeys } from './trusted-keys.ts'
import type { Place } from './version-check.ts'

/** Record keys whose last version is kept. Beyond it the oldest is forgotten, and must not be written again. */
const MAX_KEYS = 100_000

export type ControlWriterOptions<Topic extends ControlTopic> = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  readonly topic: Topic
  readonly key: SigningKey
  /** Where records go unless `publish` says otherwise; with it, only this partition is read for versions. */
  readonly partition?: number | undefined
  readonly nowMicros: () => number
  /** Who else wrote before: then versions go on from those of an earlier key of the same role too. */
  readonly earlier?:
    | {
        readonly keys: Pick<TrustedKeys, 'judge'>
        readonly role: KeyRole
        /** Only of the service that is named so: a node goes on where it ended itself, never where another one did. */
        readonly name?: string
      }
    | undefined
  /** No record key is ever written twice: nothing is read at the start, and nothing is kept. */
  readonly everyKeyOnce?: boolean | undefined
  /** CloudEvents: where records come from, `/sluice/consoles/console-1`; and what they are, `sluice.ticket.issued.v1`. */
  readonly source?: string | undefined
  readonly type?: ((content: ContentOf<Topic>) => string) | undefined
}

export class ControlWriter<Topic extends ControlTopic> {
  readonly #options: ControlWriterOptions<Topic>
  readonly #codec: Codec<Signed<ContentOf<Topic>>>
  readonly #producers = new Map<number, Promise<Producer>>()
  readonly #places: Map<string, Place>
  #closed = false

  /** Rejects with StreamError `writer_taken` while another process writes the partition. */
  static async open<Topic extends ControlTopic>(options: ControlWriterOptions<Topic>): Promise<ControlWriter<Topic>> {
    const codec = await controlCodec(options.registry, options.topic)
    const writer = new ControlWriter(options, codec, new Map())
    // The partition is ours before its end is read: nobody writes between.
    await writer.#producer(options.partition ?? 0)
    try {
      if (options.everyKeyOnce !== true) await writer.#readPlaces()
    } catch (error) {
      await writer.close()
      throw error
    }
    return writer
  }

  private constructor(
    options: ControlWriterOptions<Topic>,
    codec: Codec<Signed<ContentOf<Topic>>>,
    places: Map<string, Place>,
  ) {
    this.#options = options
    this.#codec = codec
    this.#places = places
  }

  /**
   * Resolves when the log has it. Where that fails the version counts as used: the record may be there all the same.
   */
  async publish(
    recordKey: string,
    content: ContentOf<Topic>,
    options: { readonly partition?: number } = {},
  ): Promise<{ readonly version: number }> {
    if (this.#closed) throw new StreamError('log_closed', 'The writer is closed.')
    const { topic, key, nowMicros, everyKeyOnce } = this.#options
    const before = this.#places.get(recordKey)
    const version = (before?.version ?? 0) + 1
    const time = nowMicros()
    const value = signControl(
      this.#codec,
      topic,
      recordKey,
      content,
      { version, previous: before?.hash ?? null, time },
      key,
    )
    if (everyKeyOnce !== true) this.#keep(recordKey, { version, hash: controlHash(value) })
    const producer = await this.#producer(options.partition ?? this.#options.partition ?? 0)
    await producer.append([
      { key: Buffer.from(recordKey), value, headers: this.#headers(recordKey, content, version, time) },
    ])
    return { version }
  }

  /** Its next version will never be written: frees its memory. */
  forget(recordKey: string): void {
    this.#places.delete(recordKey)
  }

  async close(): Promise<void> {
    this.#closed = true
    const producers = [...this.#producers.values()]
    this.#producers.clear()
    for (const producer of producers) await (await producer).close()
  }

  #producer(partition: number): Promise<Producer> {
    const known = this.#producers.get(partition)
    if (known !== undefined) return known
    const opened = this.#options.log.producer(this.#options.topic, { partition })
    this.#producers.set(partition, opened)
    opened.catch(() => this.#producers.delete(partition))
    return opened
  }

  #headers(subject: string, content: ContentOf<Topic>, version: number, time: number): HeadersJson {
    const { topic, key, source = `/sluice/keys/${key.keyId}`, type } = this.#options
    return recordHeaders({ source, type: type?.(content) ?? topic, time, subject, version })
  }

  async #readPlaces(): Promise<void> {
    const { log, topic, partition, key: ownKey } = this.#options
    const own = importVerifyingKey(ownKey.publicKey)
    for await (const { records, polledAt } of storedBatches(log, topic)) {
      for (const { key, value, time, partition: from } of records) {
        if (partition !== undefined && from !== partition) continue
        const recordKey = key.toString('utf8')
        const seal = sealOf(this.#codec, value)
        if (seal === null || seal.version <= (this.#places.get(recordKey)?.version ?? 0)) continue
        const signer = await this.#signerOf(own, seal.keyId, [seal.time, time], polledAt)
        if (signer === null || !isSignedBy(signer, topic, recordKey, value)) continue
        this.#keep(recordKey, { version: seal.version, hash: controlHash(value) })
      }
    }
  }

  async #signerOf(
    own: VerifyingKey,
    keyId: string,
    times: readonly number[],
    polledAt: number,
  ): Promise<VerifyingKey | null> {
    if (keyId === own.keyId) return own
    const { earlier } = this.#options
    if (earlier === undefined) return null
    const standing = await earlier.keys.judge(earlier.role, keyId, times, polledAt)
    if (standing.kind !== 'trusted') return null
    return standing.name === (earlier.name ?? standing.name) ? standing.key : null
  }

  #keep(recordKey: string, place: Place): void {
    keepNewest(this.#places, recordKey, place, MAX_KEYS)
  }
}

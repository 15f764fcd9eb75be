// A topic of signed records, read in order: each record is delivered once, after its signer, its signature and its
// version were checked. Who may sign is asked of `judge`: the root key for certificates, certificates for all else.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Codec,
  type ContentOf,
  type ControlTopic,
  controlCodec,
  controlHash,
  isSignedBy,
  PeerInvalid,
  type SchemaRegistry,
  type Signed,
  type VerifyingKey,
} from '@sluice/events'
import type { Consumer, EventLog, StoredRecord } from '@sluice/stream'
import { type Incident, type IncidentCode, shownKey } from './incident.ts'
import { keepNewest } from './keep-newest.ts'
import { READ_BOUNDS } from './stored-records.ts'
import { checkPlace, type Place } from './version-check.ts'
import type { VersionMemory } from './version-memory.ts'

const FOLLOW_WAIT_MS = 30_000
/** After a failure of the log, or of what a record was handed to. */
const RETRY_MS = 1_000
/** Keys whose last version is kept in this process. Beyond it the oldest is forgotten. */
const MAX_SEEN = 100_000

export type SignerStanding =
  | { readonly kind: 'trusted'; readonly key: VerifyingKey; readonly name: string }
  | { readonly kind: 'foreign_key' | 'wrong_role'; readonly detail: string }

/**
 * @param times microseconds since the epoch for which the key must be valid: the signer's and the log's
 * @param polledAt `performance.now()` of before the record was taken from the log: certificates of then count
 */
export type JudgeSigner = (keyId: string, times: readonly number[], polledAt: number) => Promise<SignerStanding>

export type TrustedRecord<Topic extends ControlTopic> = {
  readonly key: string
  readonly content: Signed<ContentOf<Topic>>
  readonly value: Buffer
  readonly partition: number
  /** Microseconds since the epoch, UTC: when the log took it. */
  readonly time: number
  /** The name in the signer's certificate: for a node its id. */
  readonly signer: string
}

export type RecordHandler<Topic extends ControlTopic> = (record: TrustedRecord<Topic>) => void | Promise<void>

export type SignedTopicOptions<Topic extends ControlTopic> = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  readonly topic: Topic
  readonly judge: JudgeSigner
  /** Only this one is read; else all are. */
  readonly partition?: number | undefined
  /** Null where keys are many and short-lived: then versions are kept in this process only, and bounded. */
  readonly memory: VersionMemory | null
  /** Each signer's versions are its own, so that none can go on where another ended and cut that one off. */
  readonly eachSigner?: boolean | undefined
  /** Records that can't matter any more are passed over before their signature is checked. */
  readonly skip?: ((content: ContentOf<Topic>) => boolean) | undefined
  readonly onIncident: (incident: Incident) => void
  /** The log can't be read, or a handler failed while following; without one, it is told as an incident. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

export class SignedTopic<Topic extends ControlTopic> {
  readonly #options: SignedTopicOptions<Topic>
  readonly #consumer: Consumer
  readonly #codec: Codec<Signed<ContentOf<Topic>>>
  readonly #seen = new Map<string, Place>()
  readonly #closing = new AbortController()
  /** Catching up and following take turns. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #wait = new AbortController()
  #fromStart = true
  #following: Promise<void> = Promise.resolve()

  static async open<Topic extends ControlTopic>(options: SignedTopicOptions<Topic>): Promise<SignedTopic<Topic>> {
    const { log, registry, topic } = options
    const codec = await controlCodec(registry, topic)
    return new SignedTopic(options, await log.consumer({ group: null, topics: [topic], from: 'earliest' }), codec)
  }

  private constructor(options: SignedTopicOptions<Topic>, consumer: Consumer, codec: Codec<Signed<ContentOf<Topic>>>) {
    this.#options = options
    this.#consumer = consumer
    this.#codec = codec
  }

  /** Resolves when everything that is there now was handled; rejects where the log or `handle` fails, and loses nothing. */
  async catchUp(handle: RecordHandler<Topic>): Promise<void> {
    this.#waiting += 1
    this.#wait.abort()
    try {
      await this.#inTurn(() => this.#readToEnd(handle))
    } finally {
      this.#waiting -= 1
    }
  }

  /** From there on, one record after the other, until `close`. A record whose handling fails is not handled again. */
  follow(handle: RecordHandler<Topic>): void {
    this.#following = this.#run(async (record) => {
      try {
        await handle(record)
      } catch (error) {
        this.#failed(error)
      }
    })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#wait.abort()
    await this.#following
    await this.#turn.catch(() => {})
    await this.#consumer.close()
  }

  async #run(handle: RecordHandler<Topic>): Promise<void> {
    let failing = false
    while (!this.#closing.signal.aborted) {
      try {
        await this.#inTurn(() => this.#step(handle))
        failing = false
      } catch (error) {
        if (this.#closing.signal.aborted) return
        if (!failing) this.#failed(error)
        failing = true
        // Until then, or until it is closed.
        await sleep(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  async #step(handle: RecordHandler<Topic>): Promise<void> {
    if (this.#fromStart) return this.#readToEnd(handle)
    this.#wait = new AbortController()
    if (this.#waiting > 0 || this.#closing.signal.aborted) this.#wait.abort()
    await this.#readSome(handle, FOLLOW_WAIT_MS, this.#wait.signal)
  }

  async #readToEnd(handle: RecordHandler<Topic>): Promise<void> {
    while ((await this.#readSome(handle, 0)) > 0) {
      if (this.#closing.signal.aborted) return
    }
    if (this.#fromStart) this.#tellMissing()
    this.#fromStart = false
  }

  async #readSome(handle: RecordHandler<Topic>, maxWaitMs: number, signal?: AbortSignal): Promise<number> {
    const records = await this.#consumer.poll({ ...READ_BOUNDS, maxWaitMs, signal })
    const polledAt = performance.now()
    for (const record of records) {
      if (this.#closing.signal.aborted) break
      try {
        await this.#take(record, polledAt, handle)
      } catch (error) {
        this.#consumer.seek(record.topic, record.partition, record.offset)
        throw error
      }
    }
    return records.length
  }

  async #take(record: StoredRecord, polledAt: number, handle: RecordHandler<Topic>): Promise<void> {
    const { partition, skip, memory, topic, eachSigner } = this.#options
    if (partition !== undefined && record.partition !== partition) return
    const key = record.key.toString('utf8')
    const content = this.#read(record, key)
    if (content === null || skip?.(content) === true) return
    const hash = controlHash(record.value)
    const signer = await this.#signerOf(record, key, content.seal, polledAt)
    if (signer === null) return
    const seenKey = eachSigner === true ? `${signer}\0${key}` : key
    const seen = this.#seen.get(seenKey) ?? null
    const remembered = memory?.highest(topic, key) ?? null
    const verdict = checkPlace(content.seal, hash, { seen, remembered, fromStart: this.#fromStart })
    const place = { version: content.seal.version, hash }
    switch (verdict.kind) {
      case 'same':
        return
      case 'older':
        this.#keepSeen(seenKey, place)
        return
      case 'rollback':
      case 'fork':
        this.#tell(verdict.kind, key, verdict.detail)
        return
      case 'new':
        memory?.remember(topic, key, place)
        await handle({ key, content, value: record.value, partition: record.partition, time: record.time, signer })
        this.#keepSeen(seenKey, place)
        return
      default:
        verdict satisfies never
    }
  }

  #read({ value }: StoredRecord, key: string): Signed<ContentOf<Topic>> | null {
    if (value.length === 0) {
      this.#tell('deleted', key, 'the record was deleted; what it said before holds')
      return null
    }
    try {
      return this.#codec.decode(value)
    } catch (error) {
      if (!(error instanceof PeerInvalid)) throw error
      this.#tell('unreadable', key, `the record can't be read (${error.code})`)
      return null
    }
  }

  /** The signer's name; null where the record is not what a signer of this topic signed. */
  async #signerOf(
    { value, time }: StoredRecord,
    key: string,
    seal: Signed<unknown>['seal'],
    polledAt: number,
  ): Promise<string | null> {
    const standing = await this.#options.judge(seal.keyId, [seal.time, time], polledAt)
    if (standing.kind !== 'trusted') {
      this.#tell(standing.kind, key, standing.detail)
      return null
    }
    if (isSignedBy(standing.key, this.#options.topic, key, value)) return standing.name
    this.#tell('unsigned', key, `the signature is not one of ${standing.key.keyId} over this record`)
    return null
  }

  #keepSeen(seenKey: string, place: Place): void {
    keepNewest(this.#seen, seenKey, place, MAX_SEEN)
  }

  /** What was trusted before this process began, and is not in the log any more. */
  #tellMissing(): void {
    const { memory, topic } = this.#options
    for (const [key, { version }] of memory?.of(topic) ?? []) {
      const seen = this.#seen.get(key)
      if (seen === undefined)
        this.#tell('deleted', key, `version ${version} was trusted and is not in the log any more`)
      else if (seen.version < version) {
        this.#tell('rollback', key, `the log ends with version ${seen.version}; version ${version} was trusted before`)
      }
    }
  }

  #tell(code: IncidentCode, key: string, detail: string): void {
    this.#options.onIncident({ code, topic: this.#options.topic, key: shownKey(key), detail })
  }

  #failed(error: unknown): void {
    const { onFailure } = this.#options
    if (onFailure !== undefined) onFailure(error)
    else this.#tell('unreadable', '', error instanceof Error ? error.message : 'the topic could not be read')
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

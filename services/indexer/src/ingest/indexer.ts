// The loop: a block of records of one partition is read, folded, and written exactly once. Whatever fails is tried
// again with the same rows until it succeeds; the log waits.

import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Audit, Codec, DeadLetter } from '@sluice/events'
import type { Consumer, StoredRecord } from '@sluice/stream'
import type { IndexedRecord } from '../fold/event-row.ts'
import { foldBlock } from '../fold/fold-block.ts'
import type { BlockBounds, BlockLedger } from './block-ledger.ts'
import { decodeRecord } from './decode-record.ts'
import type { IndexStore } from './index-store.ts'
import { SessionMemory } from './session-memory.ts'

export const MAX_BLOCK_RECORDS = 4_000
export const MAX_BLOCK_BYTES = 4 * 1_048_576
export const POLL_WAIT_MS = 1_000
/** Small blocks begin so far apart: each costs an insert into every table. The first one after a pause begins at once. */
export const BLOCK_INTERVAL_MS = 250
export const FIRST_RETRY_MS = 100
export const MAX_RETRY_MS = 5_000

export type WrittenBlock = {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  readonly rows: Readonly<Record<string, number>>
  readonly duplicates: number
  readonly deadLetters: number
  readonly seconds: number
}

export type IndexerEvents = {
  /** A block is in the index, and its position is committed. */
  readonly onBlock: (block: WrittenBlock) => void
  /** Something failed and is tried again after the pause. */
  readonly onRetry: (what: string, error: unknown, pauseMs: number) => void
  /** It works again after `onRetry`. */
  readonly onRecovered: () => void
}

export type IndexerOptions = {
  readonly consumer: Consumer
  readonly topic: string
  readonly index: IndexStore
  readonly ledger: BlockLedger
  readonly codec: Pick<Codec<Audit>, 'decode'>
  readonly deadLetter: (letters: readonly DeadLetter[]) => Promise<void>
  readonly events: IndexerEvents
}

type Assigned = {
  nextOffset: number
  indexedBefore: number
  /** Up to here the index had rows already, perhaps of a log that was replaced: there only sequence numbers tell. */
  readonly overlapUntil: number
}

export class Indexer {
  readonly #options: IndexerOptions
  readonly #assigned = new Map<string, Assigned>()
  readonly #sessions = new SessionMemory()

  constructor(options: IndexerOptions) {
    this.#options = options
  }

  /** Runs until the signal; a block that has begun is finished where the index allows it. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#retry('find the positions', signal, async () => {
      const { consumer, topic } = this.#options
      for (const partition of (await consumer.endOffsets(topic)).keys()) await this.#assign(topic, partition, signal)
    })
    while (!signal.aborted) {
      const began = performance.now()
      const polled = await this.#retry('read the log', signal, () => this.#poll(signal))
      const first = polled?.[0]
      if (polled === null || first === undefined) continue
      const assigned = this.#assigned.get(keyOf(first))
      if (assigned === undefined) {
        await this.#retry('find the position', signal, () => this.#assign(first.topic, first.partition, signal))
        continue
      }
      const records = polled.filter(({ offset }) => offset >= assigned.nextOffset)
      if (records.length > 0) await this.#write(this.#boundsOf(records, assigned), records, signal)
      if (!isFull(polled)) await pause(BLOCK_INTERVAL_MS - (performance.now() - began), signal)
    }
  }

  #poll(signal: AbortSignal): Promise<readonly StoredRecord[]> {
    return this.#options.consumer.poll({
      maxRecords: MAX_BLOCK_RECORDS,
      maxBytes: MAX_BLOCK_BYTES,
      maxWaitMs: POLL_WAIT_MS,
      signal,
    })
  }

  #boundsOf(records: readonly StoredRecord[], { indexedBefore }: Assigned): BlockBounds {
    const { topic, partition, offset: first } = records[0] as StoredRecord
    const last = records.at(-1)?.offset ?? first
    return { topic, partition, first, last, indexedBefore, deadLettered: false }
  }

  /** Where a partition goes on: behind what the index has, after the block that may have broken off was written again. */
  async #assign(topic: string, partition: number, signal: AbortSignal): Promise<void> {
    const { consumer, index, ledger } = this.#options
    const last = await index.lastOffset(topic, partition)
    const bounds = ledger.get(topic, partition)
    const brokenOff = bounds !== null && bounds.indexedBefore <= last && last <= bounds.last
    let nextOffset = last + 1
    let indexedBefore = last
    if (brokenOff) {
      const records = await this.#gather(bounds, signal)
      if (records === null) return
      if (records.length > 0 && !(await this.#write(bounds, records, signal))) return
      nextOffset = bounds.last + 1
      indexedBefore = Math.max(last, await index.lastOffset(topic, partition))
    }
    // The group lags behind the index only where the log is not the one that the index was made from.
    nextOffset = Math.min(nextOffset, await consumer.committed(topic, partition))
    consumer.seek(topic, partition, nextOffset)
    this.#assigned.set(keyOf({ topic, partition }), { nextOffset, indexedBefore, overlapUntil: indexedBefore })
  }

  /** The records of a block, however many polls that takes; null where it was stopped. */
  async #gather(
    { topic, partition, first, last }: BlockBounds,
    signal: AbortSignal,
  ): Promise<readonly StoredRecord[] | null> {
    const { consumer } = this.#options
    const end = (await consumer.endOffsets(topic)).get(partition) ?? 0
    const gathered: StoredRecord[] = []
    let next = first
    while (next <= Math.min(last, end - 1)) {
      if (signal.aborted) return null
      consumer.seek(topic, partition, next)
      const polled = (await this.#poll(signal)).filter(
        (record) => record.topic === topic && record.partition === partition,
      )
      gathered.push(...polled.filter(({ offset }) => offset >= next && offset <= last))
      next = Math.max(next, (polled.at(-1)?.offset ?? next - 1) + 1)
    }
    return gathered
  }

  /** Writes one block, trying again until it is in the index; false where it was stopped before. */
  async #write(bounds: BlockBounds, records: readonly StoredRecord[], signal: AbortSignal): Promise<boolean> {
    const began = performance.now()
    const { ledger, index, consumer, deadLetter, events } = this.#options
    const { topic, partition, first, last } = bounds
    const digest = digestOf(records)
    const done = await this.#retry('write a block', signal, async () => {
      const known = ledger.get(topic, partition)
      const same = known !== null && known.first === first && known.last === last
      const deadLettered = same ? known.deadLettered : bounds.deadLettered
      if (!same) ledger.write(bounds)
      const { good, bad } = this.#decode(records)
      if (bad.length > 0 && !deadLettered) {
        await deadLetter(bad)
        ledger.write({ ...bounds, deadLettered: true })
      }
      const folded = foldBlock(good, await this.#seen(good, bounds))
      await index.insert({ topic, partition, first, last, digest }, folded.rows)
      this.#sessions.remember(folded.lastSequences)
      await consumer.commit({ topic, partition, nextOffset: last + 1 })
      return { folded, deadLetters: bad.length }
    })
    if (done === null) return false
    const assigned = this.#assigned.get(keyOf(bounds))
    if (assigned !== undefined) {
      assigned.nextOffset = last + 1
      assigned.indexedBefore = done.folded.rows.events.at(-1)?.offset ?? assigned.indexedBefore
    }
    const rows = Object.fromEntries(Object.entries(done.folded.rows).map(([table, { length }]) => [table, length]))
    const { duplicates } = done.folded
    events.onBlock({
      topic,
      partition,
      nextOffset: last + 1,
      rows,
      duplicates,
      deadLetters: done.deadLetters,
      seconds: (performance.now() - began) / 1000,
    })
    return true
  }

  #decode(records: readonly StoredRecord[]): { good: readonly IndexedRecord[]; bad: readonly DeadLetter[] } {
    const good: IndexedRecord[] = []
    const bad: DeadLetter[] = []
    for (const record of records) {
      const { topic, partition, offset, time, key, value, headers } = record
      const decoded = decodeRecord(this.#options.codec, record)
      if (decoded.ok) good.push({ topic, partition, offset, time, value, headers, audit: decoded.audit })
      else bad.push({ topic, partition, offset, time, error: decoded.error, key, value, headers })
    }
    return { good, bad }
  }

  /** The last sequence numbers before the block: remembered, or asked of the index. */
  async #seen(records: readonly IndexedRecord[], bounds: BlockBounds): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<string, number>()
    const unknown: string[] = []
    for (const session of new Set(records.map(({ audit }) => audit.header.sessionId))) {
      const last = this.#sessions.get(session)
      if (last === undefined) unknown.push(session)
      else seen.set(session, last)
    }
    if (unknown.length === 0) return seen
    const { topic, partition, first } = bounds
    const overlaps = first <= (this.#assigned.get(keyOf(bounds))?.overlapUntil ?? -1)
    const before = { topic, partition, offset: overlaps ? Number.MAX_SAFE_INTEGER : first }
    for (const [session, last] of await this.#options.index.lastSequences(unknown, before)) seen.set(session, last)
    return seen
  }

  /** null where it was stopped before it succeeded. */
  async #retry<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    const { onRetry, onRecovered } = this.#options.events
    for (let pauseMs = FIRST_RETRY_MS, failed = false; ; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      try {
        const result = await work()
        if (failed) onRecovered()
        return result
      } catch (error) {
        if (signal.aborted) return null
        failed = true
        onRetry(what, error, pauseMs)
        await pause(pauseMs, signal)
        if (signal.aborted) return null
      }
    }
  }
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}:${partition}`
}

function digestOf(records: readonly StoredRecord[]): string {
  const hash = createHash('sha256')
  for (const { value } of records) hash.update(value)
  return hash.digest('hex').slice(0, 32)
}

function isFull(records: readonly StoredRecord[]): boolean {
  const bytes = records.reduce((sum, { key, value, headers }) => sum + key.length + value.length + headers.length, 0)
  return records.length >= MAX_BLOCK_RECORDS || bytes >= MAX_BLOCK_BYTES / 2
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined)
}

// Appends for all producers of one partition, one append after the other. SQLite refuses a write while the checkpoint
// worker begins the -wal file anew, which takes as long as the disk does: the append then waits, and nothing else.

import { setTimeout as sleep } from 'node:timers/promises'
import { unwritable } from './errors.ts'
import type { StreamRecord } from './event-log.ts'
import type { PartitionWriter } from './partition-writer.ts'
import { BatchBuffer, MAX_BATCH_BYTES } from './record-batch.ts'
import { isBusy } from './sqlite.ts'

const MAX_WAIT_MS = 10_000
const PAUSE_MS = 2
const MAX_PAUSE_MS = 50
/** Before each append while the checkpoint worker does not keep up, so that the -wal file grows slowly, and no more. */
const FAR_AHEAD_PAUSE_MS = 20

export class PartitionAppender {
  readonly #writer: PartitionWriter
  readonly #maxWaitMs: number
  readonly #buffer = new BatchBuffer()
  #waiting = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(writer: PartitionWriter, maxWaitMs = MAX_WAIT_MS) {
    this.#writer = writer
    this.#maxWaitMs = maxWaitMs
  }

  /** Appends all records, or none and rejects. Returns the first one's offset. */
  async append(records: readonly StreamRecord[]): Promise<number> {
    const before = this.#waiting === 0 ? undefined : this.#turn
    this.#waiting += 1
    const turn = this.#after(before, records)
    this.#turn = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#waiting -= 1
    }
  }

  /** Closes the writer after what was appended before. */
  async close(): Promise<void> {
    await this.#turn
    await this.#writer.close()
  }

  async #after(before: Promise<unknown> | undefined, records: readonly StreamRecord[]): Promise<number> {
    if (before !== undefined) await before
    if (this.#writer.isFarAhead) await sleep(FAR_AHEAD_PAUSE_MS)
    const deadline = performance.now() + this.#maxWaitMs
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      try {
        return this.#tryAppend(records)
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw unwritable(this.#writer.file, error)
      }
      await sleep(pause)
    }
  }

  #tryAppend(records: readonly StreamRecord[]): number {
    const firstOffset = this.#writer.nextOffset
    try {
      if (records.length > 0) this.#writer.atomically(() => this.#write(records))
    } finally {
      this.#buffer.clear()
    }
    return firstOffset
  }

  #write(records: readonly StreamRecord[]): void {
    const buffer = this.#buffer
    for (const record of records) {
      buffer.add(record)
      if (buffer.length >= MAX_BATCH_BYTES) this.#flush()
    }
    if (buffer.count > 0) this.#flush()
  }

  #flush(): void {
    this.#writer.write(this.#buffer.bytes, this.#buffer.count)
    this.#buffer.clear()
  }
}

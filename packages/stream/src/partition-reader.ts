// Reads one partition's file while its writer goes on. Each read is a short transaction: a reader that keeps one open
// would keep the writer's -wal file from being begun anew.

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { StoredRecord } from './event-log.ts'
import { decodeBatch } from './record-batch.ts'
import { type Batch, endOf, RecordTaker } from './record-taker.ts'
import { numberFrom } from './sqlite.ts'

const BUSY_TIMEOUT_MS = 1000

export class PartitionReader {
  readonly #database: DatabaseSync
  readonly #topic: string
  readonly #partition: number
  readonly #batchHolding: StatementSync
  readonly #batchesFrom: StatementSync
  readonly #end: StatementSync
  /** The batch that the last read stopped in, so that small reads don't decode a large batch again and again. */
  #current: Batch | undefined

  constructor(file: string, topic: string, partition: number) {
    this.#topic = topic
    this.#partition = partition
    const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    this.#database = database
    this.#batchHolding = database.prepare('SELECT max(base_offset) FROM batches WHERE base_offset <= ?')
    this.#batchesFrom = database.prepare(
      'SELECT base_offset, count, time, batch FROM batches WHERE base_offset >= ? ORDER BY base_offset',
    )
    this.#end = database.prepare('SELECT base_offset + count FROM batches ORDER BY base_offset DESC LIMIT 1')
  }

  endOffset(): number {
    return numberFrom(this.#end)
  }

  /**
   * Records from `offset` on, at most `maxRecords` and about `maxBytes`, at least one where there is one. Begins later
   * than `offset` where the records there were trimmed.
   */
  read(offset: number, maxRecords: number, maxBytes: number): StoredRecord[] {
    const taker = new RecordTaker(this.#topic, this.#partition, offset, maxRecords, maxBytes)
    const current = this.#current
    this.#current = undefined
    let from: number
    if (current !== undefined && offset >= current.base && offset < endOf(current)) {
      if (!taker.take(current)) {
        this.#current = current
        return taker.found
      }
      from = endOf(current)
    } else {
      from = numberFrom(this.#batchHolding, offset)
    }
    if (taker.isFull) return taker.found
    for (const row of this.#batchesFrom.iterate(from)) {
      const batch = decodeRow(row)
      if (!taker.take(batch)) this.#current = batch
      if (this.#current !== undefined || taker.isFull) break
    }
    return taker.found
  }

  close(): void {
    this.#database.close()
  }
}

function decodeRow(row: Record<string, unknown>): Batch {
  const bytes = row.batch as Uint8Array
  return {
    base: Number(row.base_offset),
    time: Number(row.time),
    records: decodeBatch(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), Number(row.count)),
  }
}

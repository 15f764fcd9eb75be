// Reads one partition's file while its writer goes on. Each read is a short transaction: a reader that keeps one open
// would keep the writer's -wal file from being begun anew.

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { StoredRecord, StreamRecord } from './event-log.ts'
import { decodeBatch } from './record-batch.ts'
import { numberFrom } from './sqlite.ts'

const BUSY_TIMEOUT_MS = 1000

type Batch = { readonly base: number; readonly time: number; readonly records: readonly StreamRecord[] }

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
    const found: StoredRecord[] = []
    let left = maxBytes
    const take = (batch: Batch): boolean => {
      for (let index = Math.max(0, offset - batch.base); index < batch.records.length; index += 1) {
        const record = batch.records[index] as StreamRecord
        const bytes = record.key.length + record.headers.length + record.value.length
        if (found.length >= maxRecords || (found.length > 0 && bytes > left)) {
          this.#current = batch
          return false
        }
        left -= bytes
        found.push({
          ...record,
          topic: this.#topic,
          partition: this.#partition,
          offset: batch.base + index,
          time: batch.time,
        })
      }
      return true
    }
    const current = this.#current
    this.#current = undefined
    let from: number
    if (current !== undefined && offset >= current.base && offset < endOf(current)) {
      if (!take(current)) return found
      from = endOf(current)
    } else {
      from = numberFrom(this.#batchHolding, offset)
    }
    if (found.length >= maxRecords || (found.length > 0 && left <= 0)) return found
    for (const row of this.#batchesFrom.iterate(from)) {
      if (!take(decodeRow(row)) || found.length >= maxRecords || left <= 0) break
    }
    return found
  }

  close(): void {
    this.#database.close()
  }
}

function endOf(batch: Batch): number {
  return batch.base + batch.records.length
}

function decodeRow(row: Record<string, unknown>): Batch {
  const bytes = row.batch as Uint8Array
  return {
    base: Number(row.base_offset),
    time: Number(row.time),
    records: decodeBatch(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), Number(row.count)),
  }
}

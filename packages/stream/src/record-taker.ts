// Takes the records that one read asked for out of the batches that hold them.

import type { StoredRecord, StreamRecord } from './event-log.ts'

export type Batch = { readonly base: number; readonly time: number; readonly records: readonly StreamRecord[] }

export function endOf(batch: Batch): number {
  return batch.base + batch.records.length
}

export class RecordTaker {
  readonly found: StoredRecord[] = []
  readonly #topic: string
  readonly #partition: number
  readonly #offset: number
  readonly #maxRecords: number
  #bytesLeft: number

  /** From `offset` on, at most `maxRecords` and about `maxBytes`, at least one where there is one. */
  constructor(topic: string, partition: number, offset: number, maxRecords: number, maxBytes: number) {
    this.#topic = topic
    this.#partition = partition
    this.#offset = offset
    this.#maxRecords = maxRecords
    this.#bytesLeft = maxBytes
  }

  get isFull(): boolean {
    return this.found.length >= this.#maxRecords || (this.found.length > 0 && this.#bytesLeft <= 0)
  }

  /** Takes what the batch has of them; false when records of it are left. */
  take({ base, time, records }: Batch): boolean {
    for (let index = Math.max(0, this.#offset - base); index < records.length; index += 1) {
      const record = records[index] as StreamRecord
      const bytes = record.key.length + record.headers.length + record.value.length
      if (this.found.length >= this.#maxRecords || (this.found.length > 0 && bytes > this.#bytesLeft)) return false
      this.#bytesLeft -= bytes
      this.found.push({ ...record, topic: this.#topic, partition: this.#partition, offset: base + index, time })
    }
    return true
  }
}

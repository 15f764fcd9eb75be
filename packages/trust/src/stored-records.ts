// What a topic of signed records holds now, for those who need to know only where its versions ended.

import { type Codec, PeerInvalid, type Seal, type Signed, type TopicName } from '@sluice/events'
import type { EventLog, StoredRecord } from '@sluice/stream'

/** Of one look into a topic. */
export const READ_BOUNDS = { maxRecords: 1_000, maxBytes: 4 * 1024 * 1024 } as const

export type StoredBatch = {
  readonly records: readonly StoredRecord[]
  /** `performance.now()` of when they had come. */
  readonly polledAt: number
}

/** From the beginning to the end as it is now. */
export async function* storedBatches(log: EventLog, topic: TopicName): AsyncGenerator<StoredBatch> {
  const consumer = await log.consumer({ group: null, topics: [topic], from: 'earliest' })
  try {
    for (;;) {
      const records = await consumer.poll({ ...READ_BOUNDS, maxWaitMs: 0 })
      if (records.length === 0) return
      yield { records, polledAt: performance.now() }
    }
  } finally {
    await consumer.close()
  }
}

/** Null where the record was deleted, or can't be read: a forged one, which readers tell as an incident. */
export function sealOf<Content>(codec: Codec<Signed<Content>>, value: Buffer): Seal | null {
  try {
    return value.length === 0 ? null : codec.decode(value).seal
  } catch (error) {
    if (error instanceof PeerInvalid) return null
    throw error
  }
}

// What a topic of a test's log holds.

import type { TopicName } from '@sluice/events'
import type { EmbeddedLog, StoredRecord } from '@sluice/stream'

const BATCH = { maxRecords: 1_000, maxBytes: 64 * 1024 * 1024, maxWaitMs: 0 } as const

/** From the beginning to the end as it is now. */
export async function* storedRecords(log: EmbeddedLog, topic: TopicName): AsyncGenerator<StoredRecord> {
  const consumer = await log.consumer({ group: null, topics: [topic], from: 'earliest' })
  try {
    for (;;) {
      const records = await consumer.poll(BATCH)
      if (records.length === 0) return
      yield* records
    }
  } finally {
    await consumer.close()
  }
}

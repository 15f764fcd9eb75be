// What a topic of a test's log holds: its records as they are, or what is accepted of those that the masker signs.

import type { ContentOf, ControlTopic, SchemaRegistry, SigningKey, TopicName } from '@sluice/events'
import type { EmbeddedLog, StoredRecord } from '@sluice/stream'
import { ControlReader, TrustedKeys } from '@sluice/trust'

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

type SignedLog = { readonly log: EmbeddedLog; readonly registry: SchemaRegistry; readonly root: SigningKey }

const refuse = (): never => {
  throw new Error('a record was not accepted')
}

/** What the masker said in a topic, as proxies and consoles accept it; rejects where they would not. In order. */
export async function maskerContents<Topic extends ControlTopic>(
  { log, registry, root }: SignedLog,
  topic: Topic,
  onKeyIncident: () => void = refuse,
): Promise<readonly ContentOf<Topic>[]> {
  const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident: onKeyIncident })
  const reading = { log, registry, topic, keys, role: 'masker', memory: null } as const
  const reader = await ControlReader.open({ ...reading, onIncident: refuse })
  const found: ContentOf<Topic>[] = []
  await reader.catchUp(({ content }) => void found.push(content))
  await reader.close()
  await keys.close()
  return found
}

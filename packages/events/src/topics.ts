// Every topic, with what its ACLs and its settings follow from. schemas/asyncapi.yaml says the same to readers;
// a test compares the two.

export const TOPICS = {
  frames: 'sluice.frames.v1',
  audit: 'sluice.audit.v1',
  tickets: 'sluice.tickets.v1',
  deadLetters: 'sluice.dead-letters.v1',
  frameDeadLetters: 'sluice.frames-dead-letters.v1',
} as const

export type TopicName = (typeof TOPICS)[keyof typeof TOPICS]

export type ServiceName = 'proxy' | 'masker' | 'indexer' | 'console' | 'operators' | 'siem'

export type TopicFacts = {
  readonly key: 'session id' | 'ticket id' | 'as the source'
  readonly cleanup: 'delete' | 'compact'
  /** Null where compaction, not age, decides. */
  readonly retentionMs: number | null
  readonly writtenBy: readonly ServiceName[]
  readonly readBy: readonly ServiceName[]
  /** The file in schemas/ and the full name of the record. */
  readonly schemaFile: string
  readonly record: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const TOPIC_FACTS: Readonly<Record<TopicName, TopicFacts>> = {
  'sluice.frames.v1': {
    key: 'session id',
    cleanup: 'delete',
    retentionMs: DAY_MS,
    writtenBy: ['proxy'],
    readBy: ['masker'],
    schemaFile: 'frame.avsc',
    record: 'sluice.frames.v1.Frame',
  },
  'sluice.audit.v1': {
    key: 'session id',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    writtenBy: ['masker'],
    readBy: ['indexer', 'siem'],
    schemaFile: 'audit.avsc',
    record: 'sluice.audit.v1.Audit',
  },
  'sluice.tickets.v1': {
    key: 'ticket id',
    cleanup: 'compact',
    retentionMs: null,
    writtenBy: ['console'],
    readBy: ['proxy'],
    schemaFile: 'ticket.avsc',
    record: 'sluice.tickets.v1.Ticket',
  },
  'sluice.dead-letters.v1': {
    key: 'as the source',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    writtenBy: ['indexer'],
    readBy: ['operators'],
    schemaFile: 'dead-letter.avsc',
    record: 'sluice.deadletters.v1.DeadLetter',
  },
  'sluice.frames-dead-letters.v1': {
    key: 'as the source',
    cleanup: 'delete',
    retentionMs: DAY_MS,
    writtenBy: ['masker'],
    readBy: ['masker'],
    schemaFile: 'dead-letter.avsc',
    record: 'sluice.deadletters.v1.DeadLetter',
  },
}

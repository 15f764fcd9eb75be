// Every topic, with what its ACLs and its settings follow from. schemas/asyncapi.yaml says the same to readers;
// a test compares the two.

export const TOPICS = {
  frames: 'sluice.frames.v1',
  audit: 'sluice.audit.v1',
  tickets: 'sluice.tickets.v1',
  keys: 'sluice.keys.v1',
  policies: 'sluice.policies.v1',
  approvalRequests: 'sluice.approval-requests.v1',
  approvalReviews: 'sluice.approval-reviews.v1',
  decisions: 'sluice.decisions.v1',
  catalogs: 'sluice.catalogs.v1',
  maskPlans: 'sluice.mask-plans.v1',
  findings: 'sluice.findings.v1',
  deadLetters: 'sluice.dead-letters.v1',
  frameDeadLetters: 'sluice.frames-dead-letters.v1',
} as const

export type TopicName = (typeof TOPICS)[keyof typeof TOPICS]

export type ServiceName = 'proxy' | 'approver' | 'masker' | 'indexer' | 'console' | 'operators' | 'siem'

export type TopicFacts = {
  readonly key: 'session id' | 'ticket id' | 'key id' | '`current`' | 'approval id' | 'connection' | 'as the source'
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
  'sluice.keys.v1': {
    key: 'key id',
    cleanup: 'compact',
    retentionMs: null,
    writtenBy: ['console'],
    readBy: ['proxy', 'approver', 'masker', 'console'],
    schemaFile: 'key-certificate.avsc',
    record: 'sluice.keys.v1.KeyCertificate',
  },
  'sluice.policies.v1': {
    key: '`current`',
    cleanup: 'compact',
    retentionMs: null,
    writtenBy: ['console'],
    readBy: ['proxy', 'approver', 'masker', 'console'],
    schemaFile: 'policy-set.avsc',
    record: 'sluice.policies.v1.PolicySet',
  },
  'sluice.approval-requests.v1': {
    key: 'approval id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    writtenBy: ['proxy'],
    readBy: ['approver', 'console'],
    schemaFile: 'approval-request.avsc',
    record: 'sluice.approvalrequests.v1.ApprovalRequest',
  },
  'sluice.approval-reviews.v1': {
    key: 'approval id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    writtenBy: ['console'],
    readBy: ['approver'],
    schemaFile: 'approval-review.avsc',
    record: 'sluice.approvalreviews.v1.ApprovalReview',
  },
  'sluice.decisions.v1': {
    key: 'approval id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    writtenBy: ['approver'],
    readBy: ['proxy', 'console'],
    schemaFile: 'decision.avsc',
    record: 'sluice.decisions.v1.ApprovalDecision',
  },
  'sluice.catalogs.v1': {
    key: 'connection',
    cleanup: 'compact',
    retentionMs: null,
    writtenBy: ['proxy'],
    readBy: ['masker'],
    schemaFile: 'catalog.avsc',
    record: 'sluice.catalogs.v1.Catalog',
  },
  'sluice.mask-plans.v1': {
    key: 'connection',
    cleanup: 'compact',
    retentionMs: null,
    writtenBy: ['masker'],
    readBy: ['proxy', 'console'],
    schemaFile: 'mask-plan.avsc',
    record: 'sluice.maskplans.v1.MaskPlan',
  },
  'sluice.findings.v1': {
    key: 'connection',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    writtenBy: ['masker'],
    readBy: ['indexer', 'console', 'siem'],
    schemaFile: 'finding.avsc',
    record: 'sluice.findings.v1.Finding',
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

/** How long a log keeps these topics, in milliseconds; those that are compacted are not in it. */
export function retentionOf(...topics: readonly TopicName[]): Readonly<Record<string, number>> {
  const entries = topics.map((topic) => [topic, TOPIC_FACTS[topic].retentionMs] as const)
  return Object.fromEntries(entries.filter((entry): entry is [TopicName, number] => entry[1] !== null))
}

// Records that steer enforcement: whoever writes one signs it. Mirrors key-certificate, policy-set, approval-request,
// approval-review, decision, catalog, mask-plan and finding in schemas/. No behaviour lives here.

import type { Subject } from './frame.ts'

/** Who says so, and which version of the record's key this is. */
export type Seal = {
  /** From 1, and only growing, for each record key. */
  readonly version: number
  /** SHA-256 of the whole value of the version before; null for the first. */
  readonly previous: Buffer | null
  /** Microseconds since the epoch, UTC. */
  readonly time: number
  readonly keyId: string
  readonly signature: Buffer
}

export type Signed<Content> = Content & { readonly seal: Seal }

export type KeyRole = 'node' | 'approver' | 'masker' | 'console' | 'notary'

export type KeyCertificate = {
  readonly keyId: string
  readonly role: KeyRole
  /** Of the service: for a node its id. */
  readonly name: string
  readonly publicKey: Buffer
  readonly validFrom: number
  readonly validUntil: number | null
}

export type PolicyFile = { readonly name: string; readonly text: string }

export type PolicySet = {
  readonly contentHash: string
  readonly files: readonly PolicyFile[]
  /** JSON: approval rules by name. */
  readonly approvalRules: string
  readonly appliedBy: Subject
  /** JSON: masking rules; `{}` where there are none. */
  readonly masking: string
}

/** What a held command touches besides what its text names. */
export type Touched = {
  readonly kind: 'table' | 'cascade' | 'trigger' | 'rule' | 'view' | 'function'
  readonly name: string
}

export type Requested = {
  readonly code: string
  readonly sessionId: string
  readonly execution: number
  readonly eventId: string
  readonly subject: Subject
  readonly connection: string
  readonly protocol: string
  readonly application: string | null
  readonly clientAddress: string | null
  readonly purpose: string | null
  readonly trace: string | null
  readonly summary: string
  readonly command: string
  readonly parameters: readonly string[]
  readonly commentsRemoved: number
  readonly touches: readonly Touched[]
  readonly estimatedRows: number | null
  readonly inTransaction: boolean
  readonly policyIds: readonly string[]
  readonly policyVersion: string
  readonly approvalRules: readonly string[]
  readonly expiresAt: number
  readonly commandDigest: Buffer
}

export type WithdrawReason =
  | 'cancelled'
  | 'client_left'
  | 'upstream_lost'
  | 'timed_out'
  | 'session_ended'
  /** What the command depends on changed before it ran. */
  | 'changed'

export type Executed = {
  readonly status: string
  readonly code: string | null
  readonly rows: number
  readonly durationMicros: number
}

export type ApprovalRequest = {
  /** For `node_started` the node's id. */
  readonly approvalId: string
  readonly kind: 'requested' | 'withdrawn' | 'executed' | 'node_started'
  readonly nodeId: string
  readonly replyPartition: number
  readonly time: number
  readonly requested: Requested | null
  readonly withdrawn: { readonly reason: WithdrawReason } | null
  readonly executed: Executed | null
}

export type ApprovalReview = {
  readonly approvalId: string
  readonly reviewId: string
  readonly vote: 'approve' | 'deny'
  readonly reason: string | null
  readonly shownDigest: Buffer
  readonly token: { readonly recipientKeyId: string; readonly encapsulated: Buffer; readonly ciphertext: Buffer }
  readonly time: number
}

export type CountedReviewer = {
  /** One name for all identities of one person. */
  readonly person: string
  readonly issuer: string
  readonly id: string
  readonly groups: readonly string[]
  readonly reason: string | null
}

export type ApprovalDecision = {
  readonly approvalId: string
  readonly kind: 'vote_counted' | 'vote_refused' | 'approved' | 'denied' | 'expired' | 'withdrawn'
  readonly nodeId: string
  readonly sessionId: string
  readonly execution: number
  readonly commandDigest: Buffer
  readonly policyVersion: string
  readonly time: number
  readonly usableUntil: number | null
  readonly reviewId: string | null
  readonly reviewers: readonly CountedReviewer[]
  readonly reasonCode: string | null
  readonly reason: string | null
}

export type PublishedCatalog = {
  readonly connection: string
  readonly nodeId: string
  /** `pg_database.oid`. */
  readonly databaseId: number
  readonly serverMajor: number
  readonly contentHash: string
  /** A `CatalogSnapshot`, packed. */
  readonly body: Buffer
}

export type PublishedPlan = {
  readonly connection: string
  readonly version: string
  readonly databaseId: number
  readonly serverMajor: number
  /** Microseconds since the epoch, UTC. */
  readonly madeAt: number
  readonly catalogHash: string
  readonly policyVersion: string
  /** A `MaskPlan`, packed. */
  readonly body: Buffer
  /** For the masker itself: what was said of columns and must not be forgotten. */
  readonly memory: Buffer
}

export type FindingPlace = {
  readonly kind: 'column' | 'output' | 'literal'
  /** For people: `public.customers.note`; of an output its name. */
  readonly name: string
  readonly databaseId: number | null
  readonly relid: number | null
  readonly attno: number | null
}

export type PublishedFinding = {
  readonly findingId: string
  readonly connection: string
  /** Microseconds since the epoch, UTC. */
  readonly time: number
  /** The event in which it was seen. */
  readonly eventId: string
  readonly sessionId: string
  readonly place: FindingPlace
  readonly tag: string
  readonly detector: string
  /** Percent. */
  readonly confidence: number
  /** Values seen there so far. */
  readonly count: number
  /** One of them, masked. */
  readonly example: string
  /** From now on the plan tags the place. */
  readonly raised: boolean
  /** Of the plan that did not tag it. */
  readonly planVersion: string
}

// The types of what the proxy records. They mirror schemas/frame.avsc; `frame-codec.test.ts` keeps both equal.
// No behaviour lives here.

export type SubjectKind = 'human' | 'agent' | 'service'

export type Subject = {
  readonly issuer: string
  readonly id: string
  readonly kind: SubjectKind
  readonly groups: readonly string[]
  readonly onBehalfOf: string | null
}

export type FrameKind = 'session_opened' | 'request' | 'approval_used' | 'response' | 'finished' | 'session_closed'
export type Direction = 'none' | 'to_upstream' | 'to_client'
export type SegmentKind = 'text' | 'literal' | 'comment' | 'bind' | 'result' | 'claim'

export type Touch = {
  readonly object: string
  readonly column: string
  readonly tag: string | null
  readonly how: 'output' | 'compare' | 'sort' | 'write'
}

export type RecordedDecision = {
  readonly effect: 'permit' | 'deny' | 'pending'
  readonly policyIds: readonly string[]
  readonly policyVersion: string
  readonly reasonCode: string | null
  readonly approvalId: string | null
  readonly grantId: string | null
}

export type RecordedObligation = { readonly kind: string; readonly tag: string; readonly count: number }

export type OutcomeStatus = 'ok' | 'error' | 'refused' | 'cancelled' | 'skipped' | 'interrupted'

export type Outcome = {
  readonly status: OutcomeStatus
  /** The protocol's error code; for PostgreSQL the SQLSTATE. */
  readonly code: string | null
  readonly rows: number
  readonly bytes: number
  readonly durationMicros: number
}

/** What may be read by everyone: no free text, no value. Its Avro bytes are the canonical header of the chain. */
export type FrameHeader = {
  readonly eventId: string
  readonly sessionId: string
  readonly sequence: number
  readonly nodeId: string
  /** Microseconds since the epoch, UTC. */
  readonly time: number
  readonly kind: FrameKind
  readonly direction: Direction
  readonly protocol: string
  readonly connection: string
  readonly subject: Subject
  readonly operation: string
  readonly requestId: string | null
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly touches: readonly Touch[]
  readonly fingerprint: string | null
  readonly decision: RecordedDecision | null
  readonly obligations: readonly RecordedObligation[]
  readonly outcome: Outcome | null
  readonly clientAddress: string | null
  readonly trace: string | null
}

export type SensitiveSpan = {
  readonly segment: number
  readonly start: number
  readonly end: number
  readonly tag: string
}

/** A segment as it stands in a record: never its bytes. */
export type Segment = {
  readonly kind: SegmentKind
  readonly label: string
  readonly length: number
  /** SHA-256(nonce of 32 bytes ‖ segment). */
  readonly commitment: Buffer
  readonly part: number
  readonly parts: number
}

/** AES-256-CTR ciphertext of (nonce ‖ bytes) of each segment in turn. */
export type Sealed = { readonly stream: number; readonly offset: number; readonly ciphertext: Buffer }

export type WrappedKey = {
  readonly recipientKeyId: string
  readonly encapsulated: Buffer
  readonly ciphertext: Buffer
}

export type Closing = { readonly count: number; readonly signature: Buffer; readonly keyId: string }

/** One event of a session, as it lies in the journal and in `frames.v1`. */
export type Frame = {
  readonly header: FrameHeader
  readonly sensitiveSpans: readonly SensitiveSpan[]
  readonly context: string | null
  readonly segments: readonly Segment[]
  readonly sealed: Sealed | null
  readonly sessionKey: WrappedKey | null
  readonly closing: Closing | null
  readonly previousLink: Buffer
  readonly link: Buffer
}

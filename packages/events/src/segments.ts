// Payload segments before they are sealed: they exist in memory only.

import type { SegmentKind } from './frame.ts'

export type RawSegment = { readonly kind: SegmentKind; readonly label: string; readonly bytes: Buffer }

/** A raw segment as it was opened: with the nonce of its commitment, and which part of a larger one it is. */
export type OpenedSegment = RawSegment & { readonly nonce: Buffer; readonly part: number; readonly parts: number }

/** A segment above this size is recorded in numbered parts. */
export const MAX_PART_BYTES = 262_144

export const NONCE_BYTES = 32

/**
 * A segment whose nonce and commitment are made once and used for every record of one session that repeats it
 * (the text of a prepared statement, say). Only `FrameRecorder.prepare` makes them; another session's are not used.
 */
export class PreparedSegment implements RawSegment {
  readonly kind: SegmentKind
  readonly label: string
  readonly bytes: Buffer
  readonly nonce: Buffer
  readonly commitment: Buffer
  readonly sessionId: string

  constructor(sessionId: string, raw: RawSegment, nonce: Buffer, commitment: Buffer) {
    this.sessionId = sessionId
    this.kind = raw.kind
    this.label = raw.label
    this.bytes = raw.bytes
    this.nonce = nonce
    this.commitment = commitment
  }
}

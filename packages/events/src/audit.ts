// The types of what everyone may read. They mirror schemas/audit.avsc; `audit-codec.test.ts` keeps both equal.

import type { Closing, FrameHeader, Segment, SensitiveSpan } from './frame.ts'

export type Disclosure = 'shown' | 'withheld' | 'altered'

/** A segment after sanitising. Its commitment is the one the proxy made. */
export type AuditSegment = Segment & {
  readonly disclosure: Disclosure
  /** Only with `shown`: with it the commitment can be checked. */
  readonly nonce: Buffer | null
  /** `shown`: the bytes as they were. `altered`: what may be read of them. */
  readonly bytes: Buffer | null
  /** Why it was withheld or altered. */
  readonly reason: string | null
  readonly tag: string | null
}

/** One event of a session after sanitising, as it lies in `audit.v1`. */
export type Audit = {
  readonly header: FrameHeader
  readonly sensitiveSpans: readonly SensitiveSpan[]
  readonly context: string | null
  readonly segments: readonly AuditSegment[]
  /** The statement as it may be shown: the holes are filled with what may stand there. */
  readonly text: string | null
  /** Claims that may be shown, for instance `application_name`. */
  readonly claims: Readonly<Record<string, string>>
  /** The masker could not open or check the frame: everything is withheld. */
  readonly unsanitised: boolean
  readonly closing: Closing | null
  readonly previousLink: Buffer
  readonly link: Buffer
  readonly maskerKeyId: string
  /** Ed25519 over `sluice-audit-v1`, the topic and the record's Avro bytes before this field. */
  readonly maskerSignature: Buffer
}

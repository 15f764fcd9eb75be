// What of the configuration decisions depend on.

import type { PersonOf } from '@sluice/policy'

export type ApproverSettings = {
  readonly heldPerSubject: number
  readonly held: number
  readonly approvalUseMs: number
  readonly denialsBeforePause: number
  readonly denialPauseMs: number
  readonly reviewerAgeMs: number
  readonly personOf: PersonOf
  /** Whether logins of the demo's own issuer count on this connection. */
  readonly isDemo: (connection: string) => boolean
}

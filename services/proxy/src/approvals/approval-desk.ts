// Where a session asks for a person's approval, in no protocol's words. What stands behind it is in
// logged-approval-desk.ts; a test may put anything else there.

import type { ApprovalDecision, Executed, Requested, WithdrawReason } from '@sluice/events'

/** What the people who decide are shown, and what the approval is bound to. The desk adds the code. */
export type ApprovalFacts = Omit<Requested, 'code'>

export type ApprovalOutcome =
  | { readonly kind: 'approved'; readonly decision: ApprovalDecision }
  | {
      readonly kind: 'denied' | 'expired'
      /** Null where nobody decided: the time ran out without a word from the approver. */
      readonly decision: ApprovalDecision | null
      /** For people. What reviewers wrote is in it: not for display before control characters were escaped. */
      readonly reason: string
      /** Stable, for programs. */
      readonly reasonCode: string
      /** The people whose votes ended it. */
      readonly by: readonly string[]
    }

export interface HeldApproval {
  readonly approvalId: string
  /** Eight characters, as recorded; `showApprovalCode` sets them for people. */
  readonly code: string
  /** Microseconds since the epoch, UTC. */
  readonly expiresAt: number
  /** Settles once and never rejects; after `withdraw` it does not settle any more. */
  readonly decided: Promise<ApprovalOutcome>
  /**
   * It will not run: nobody waits any more, or what it depends on changed, also after it was approved. Published in the
   * background. An approval has one end: after a denial, `withdraw` or `executed` this does nothing.
   */
  withdraw(reason: WithdrawReason): void
  /** What became of the approved command. Published in the background; nothing where there was an end already. */
  executed(result: Executed): void
}

export interface ApprovalDesk {
  /**
   * Resolves when the log has the request. `approvalId` is a UUIDv7 that was never asked for before.
   * Throws AuditUnavailable where the log does not take it, PolicyUnavailable where no more may wait.
   */
  ask(approvalId: string, facts: ApprovalFacts): Promise<HeldApproval>
}

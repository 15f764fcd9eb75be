// Whether a decision is for the very command that waits. Pure.

import type { ApprovalDecision } from '@sluice/events'
import { decisionDifferences, shownReviewer } from '@sluice/policy'
import type { ApprovalFacts, ApprovalOutcome } from './approval-desk.ts'

export const NOBODY_IN_TIME = 'nobody decided in time; ask again when a reviewer is there'

/** What a decision must name, besides being signed by the approver. */
export type Binding = Pick<ApprovalFacts, 'sessionId' | 'execution' | 'commandDigest' | 'policyVersion'> & {
  readonly approvalId: string
  readonly nodeId: string
}

/** Names of what differs; empty where the decision is for this command. */
export function differences(binding: Binding, decision: ApprovalDecision): readonly string[] {
  const approval = decision.approvalId === binding.approvalId ? [] : ['approval']
  return [...approval, ...decisionDifferences(binding, decision)]
}

/** Null where the decision ends nothing yet. */
export function outcomeOf(decision: ApprovalDecision, nowMicros: number): ApprovalOutcome | null {
  const { kind } = decision
  switch (kind) {
    case 'vote_counted':
    case 'vote_refused':
      return null
    case 'approved':
      if (isUsable(decision, nowMicros)) return { kind: 'approved', decision }
      return {
        kind: 'denied',
        decision,
        reason: 'it was approved, but the approval came after it could be used; ask again',
        reasonCode: 'approval_expired',
        by: [],
      }
    case 'denied': {
      const by = decision.reviewers.map(shownReviewer)
      return { ...ended(decision, 'denied', 'no reason was given'), kind: 'denied', by }
    }
    case 'expired':
      return { ...ended(decision, 'expired', NOBODY_IN_TIME), kind: 'expired', by: [] }
    case 'withdrawn':
      return {
        ...ended(decision, 'withdrawn', 'the request was withdrawn before it was decided'),
        kind: 'denied',
        by: [],
      }
    default:
      return kind satisfies never
  }
}

/** An approval must say until when it may be used, and that must not have passed. */
export function isUsable({ usableUntil }: ApprovalDecision, nowMicros: number): boolean {
  return usableUntil !== null && usableUntil > nowMicros
}

function ended(decision: ApprovalDecision, reasonCode: string, reason: string) {
  return { decision, reason: decision.reason ?? reason, reasonCode: decision.reasonCode ?? reasonCode }
}

// The event that becomes a record on the decisions' topic.

import type { ApprovalDecision } from '@sluice/events'
import type { ApprovalFacts, ApproverEvent } from './approval-state.ts'

type Details = Partial<Pick<ApprovalDecision, 'usableUntil' | 'reviewId' | 'reviewers' | 'reasonCode' | 'reason'>>

export function decision(
  facts: ApprovalFacts,
  kind: ApprovalDecision['kind'],
  time: number,
  details: Details,
): ApproverEvent {
  const { approvalId, nodeId, sessionId, execution, commandDigest, policyVersion, replyPartition } = facts
  const { usableUntil = null, reviewId = null, reviewers = [], reasonCode = null, reason = null } = details
  return {
    kind: 'decided',
    replyPartition,
    decision: {
      approvalId,
      kind,
      nodeId,
      sessionId,
      execution,
      commandDigest,
      policyVersion,
      time,
      usableUntil,
      reviewId,
      reviewers,
      reasonCode,
      reason,
    },
  }
}

// Whether a decision is on the very command that was asked for: the same for who asks, who decides and who shows it.

import type { ApprovalDecision } from '@sluice/events'

export type DecidedRequest = Pick<
  ApprovalDecision,
  'nodeId' | 'sessionId' | 'execution' | 'commandDigest' | 'policyVersion'
>

/** Names of what differs; empty where the decision is on this command. */
export function decisionDifferences(asked: DecidedRequest, decision: DecidedRequest): readonly string[] {
  const differing: string[] = []
  if (decision.nodeId !== asked.nodeId) differing.push('node')
  if (decision.sessionId !== asked.sessionId) differing.push('session')
  if (decision.execution !== asked.execution) differing.push('execution')
  if (!decision.commandDigest.equals(asked.commandDigest)) differing.push('command')
  if (decision.policyVersion !== asked.policyVersion) differing.push('policy version')
  return differing
}

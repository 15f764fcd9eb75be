// From a node's signed record to a command: a node speaks for itself only, and its record must make sense.

import { isUuid, TOPICS } from '@sluice/events'
import { parseApprovalCode } from '@sluice/policy'
import type { TrustedRecord } from '@sluice/trust'
import type { ApproverCommand } from './approvals.ts'
import type { ReportIncident } from './incidents.ts'

export type RequestRecord = Pick<TrustedRecord<typeof TOPICS.approvalRequests>, 'key' | 'content' | 'signer' | 'value'>

/** As `node.partition` of the configuration. */
const MAX_PARTITION = 4_095
/** Several times what the longest command that can be held takes when it is shown. */
export const MAX_REQUEST_BYTES = 2 * 1024 * 1024
/** Decisions repeat it. A decision that is too large for the log would be in the way of all others. */
export const MAX_POLICY_VERSION_CHARACTERS = 64

/** Null after an incident. */
export function commandOf(
  { key, content, signer, value }: RequestRecord,
  now: number,
  onIncident: ReportIncident,
): ApproverCommand | null {
  const { approvalId, kind, nodeId, replyPartition, time, requested, withdrawn } = content
  const refuse = (code: 'node_mismatch' | 'malformed', detail: string): null => {
    onIncident({ code, topic: TOPICS.approvalRequests, key: isUuid(key) ? key : '', detail })
    return null
  }
  if (signer !== nodeId) return refuse('node_mismatch', 'the record names another node than the one that signed it')
  if (key !== approvalId || (kind === 'node_started' ? key !== nodeId : !isUuid(key))) {
    return refuse('malformed', 'the record is not under the key that it should have')
  }
  if (value.length > MAX_REQUEST_BYTES) return refuse('malformed', 'it is longer than any request')
  switch (kind) {
    case 'node_started':
      return { kind, nodeId, time, now }
    case 'executed':
      return { kind, approvalId, nodeId, now }
    case 'withdrawn':
      if (withdrawn === null) return refuse('malformed', 'a withdrawal without its reason')
      return { kind, approvalId, nodeId, reason: withdrawn.reason, now }
    case 'requested': {
      if (requested === null) return refuse('malformed', 'a request without its content')
      if (parseApprovalCode(requested.code) !== requested.code) return refuse('malformed', 'its code is none')
      if (!isUuid(requested.sessionId)) return refuse('malformed', 'its session has no UUID')
      if (requested.policyVersion.length > MAX_POLICY_VERSION_CHARACTERS) {
        return refuse('malformed', 'its policy version is none')
      }
      if (!Number.isInteger(replyPartition) || replyPartition < 0 || replyPartition > MAX_PARTITION) {
        return refuse('malformed', 'it names no partition for the answer')
      }
      // What is kept must not hold on to the memory of a whole batch of records.
      const commandDigest = Buffer.from(requested.commandDigest)
      return { kind, approvalId, nodeId, replyPartition, time, requested: { ...requested, commandDigest }, now }
    }
    default:
      return kind satisfies never
  }
}

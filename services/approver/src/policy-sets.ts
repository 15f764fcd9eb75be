// The approval rules of published policy sets. A request is decided by the rules of the set that its node followed.

import { PolicyUnavailable, TOPICS } from '@sluice/events'
import { contentHashOf, parseApprovalRules, policyVersionOf } from '@sluice/policy'
import type { TrustedRecord } from '@sluice/trust'
import type { ApproverEvent } from './approval-state.ts'
import type { ReportIncident } from './incidents.ts'

/** The record that holds the set in force; others of the topic are of no concern here. */
const CURRENT_POLICIES = 'current'

type PolicyRecord = Pick<TrustedRecord<typeof TOPICS.policies>, 'key' | 'content'>

/** Null where nothing follows from the record; an incident was told then, unless it is for others. */
export function policyKnown({ key, content }: PolicyRecord, onIncident: ReportIncident): ApproverEvent | null {
  if (key !== CURRENT_POLICIES) return null
  const refuse = (code: 'policy_content' | 'policy_invalid', detail: string): null => {
    onIncident({ code, topic: TOPICS.policies, key, detail })
    return null
  }
  try {
    const { files, approvalRules, contentHash } = content
    const rules = parseApprovalRules(approvalRules)
    if (contentHashOf({ files, approvalRules: rules }) !== contentHash) {
      return refuse('policy_content', 'the published set is not what its hash says')
    }
    return { kind: 'policy_known', version: policyVersionOf(contentHash), rules }
  } catch (error) {
    if (!(error instanceof PolicyUnavailable)) throw error
    return refuse('policy_invalid', error.message)
  }
}

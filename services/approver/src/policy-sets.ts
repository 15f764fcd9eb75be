// The approval rules of published policy sets. A request is decided by the rules of the set that its node followed.

import { PolicyUnavailable, TOPICS } from '@sluice/events'
import { CURRENT_POLICIES, policyVersionOf, publishedSource } from '@sluice/policy'
import type { TrustedRecord } from '@sluice/trust'
import type { ApproverEvent } from './approval-state.ts'
import type { ReportIncident } from './incidents.ts'

type PolicyRecord = Pick<TrustedRecord<typeof TOPICS.policies>, 'key' | 'content'>

/** Null where nothing follows from the record; an incident was told then, unless it is for others. */
export function policyKnown({ key, content }: PolicyRecord, onIncident: ReportIncident): ApproverEvent | null {
  if (key !== CURRENT_POLICIES) return null
  const refuse = (code: 'policy_content' | 'policy_invalid', detail: string): null => {
    onIncident({ code, topic: TOPICS.policies, key, detail })
    return null
  }
  try {
    const source = publishedSource(content)
    if (source === null) return refuse('policy_content', 'the published set is not what its hash says')
    return { kind: 'policy_known', version: policyVersionOf(content.contentHash), rules: source.approvalRules }
  } catch (error) {
    if (!(error instanceof PolicyUnavailable)) throw error
    return refuse('policy_invalid', error.message)
  }
}

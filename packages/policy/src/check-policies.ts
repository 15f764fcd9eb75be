// Everything that is wrong with a policy set, found without asking it anything.

import type { PolicyFile } from '@sluice/events'
import type { ApprovalRules } from './approval-rule.ts'
import type { PolicyMistake } from './policy-mistake.ts'

/** In the order of the files; empty where the set can be applied. */
export function checkPolicies(_files: readonly PolicyFile[], _approvalRules: ApprovalRules): readonly PolicyMistake[] {
  return []
}

/** Decisions as pure functions of facts: what a statement would do, who asks, and what the policies say to that. */
export { newApprovalCode, parseApprovalCode, showApprovalCode } from './approval-code.ts'
export {
  type ApprovalRule,
  type ApprovalRules,
  type ApprovalRulesInput,
  approvalRuleSchema,
  approvalRulesSchema,
} from './approval-rule.ts'
export {
  type DecisionObligations,
  type Denial,
  denyProtocol,
  NO_OBLIGATIONS,
  type Pending,
  type PolicyDecision,
} from './decision.ts'
export type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
export { type Shown, shownDigest } from './shown-digest.ts'
export {
  type AccessTarget,
  type Objection,
  SQL_ACTIONS,
  type SqlAction,
  type StatementAccess,
  unreadableAccess,
} from './statement-access.ts'

/** Decisions as pure functions of facts: what a statement would do, who asks, and what the policies say to that. */
export { newApprovalCode, parseApprovalCode, showApprovalCode } from './approval-code.ts'
export {
  type ApprovalRule,
  type ApprovalRules,
  type ApprovalRulesInput,
  approvalRulesSchema,
} from './approval-rule.ts'
export { checkPolicies } from './check-policies.ts'
export { decisionDifferences } from './decided-request.ts'
export {
  type DecisionObligations,
  type Denial,
  denyProtocol,
  NO_OBLIGATIONS,
  type Pending,
  type PolicyDecision,
} from './decision.ts'
export type { ExplainedPolicy, ExplainedTarget, Explanation } from './explanation.ts'
export { heldWords } from './held-words.ts'
export { PolicyEngine, type SessionPolicy } from './policy-engine.ts'
export { type MistakeCode, mistakeLine, type PolicyMistake } from './policy-mistake.ts'
export type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
export {
  approvalRulesJson,
  CURRENT_POLICIES,
  contentHashOf,
  type PolicySource,
  policyVersionOf,
  publishedMasking,
  publishedSource,
} from './policy-source.ts'
export { type CaseResult, type PolicyCase, policyTestsSchema, runCase } from './policy-tests.ts'
export {
  countingGroups,
  describeSeats,
  freeSeats,
  groupsAsked,
  identityName,
  isRequester,
  mayReview,
  type PersonOf,
  personsOf,
  seatsOf,
} from './reviewers.ts'
export { REVEAL } from './session-policy.ts'
export { type Shown, shownDigest } from './shown-digest.ts'
export { shownReviewer } from './shown-reviewer.ts'
export { readStarterPolicies, STARTER } from './starter-policies.ts'
export {
  type AccessTarget,
  type AccessTouch,
  type Objection,
  SQL_ACTIONS,
  type SqlAction,
  type StatementAccess,
  unreadableAccess,
} from './statement-access.ts'
export { type GivenUpReason, withdrawnBecause } from './withdrawn-because.ts'

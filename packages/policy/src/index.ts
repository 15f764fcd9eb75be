// Decisions as pure functions of facts.
export { decideStatement, denyProtocol, type PolicyDecision } from './decide.ts'
export { type Objection, type SqlAction, type StatementAccess, unreadableAccess } from './statement-access.ts'

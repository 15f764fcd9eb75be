// A policy set that answers. Pure but for the interpreter's memory: no I/O, no clock of its own.

import type { ApprovalRules } from './approval-rule.ts'
import { denyProtocol, type PolicyDecision } from './decision.ts'
import type { Explanation } from './explanation.ts'
import type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
import type { PolicySource } from './policy-source.ts'
import type { StatementAccess } from './statement-access.ts'

const VERSION_CHARACTERS = 12

export interface SessionPolicy {
  /** May the session open at all? Never pending. */
  connect(): PolicyDecision
  /** The same access object gets its answer from a cache: read a text once, and ask with what came of it. */
  decide(access: StatementAccess): PolicyDecision
  explain(access: StatementAccess): Explanation
}

export class PolicyEngine {
  /** The first 12 hex characters of the content hash. */
  readonly version: string
  readonly approvalRules: ApprovalRules

  private constructor(source: PolicySource, contentHash: string) {
    this.version = contentHash.slice(0, VERSION_CHARACTERS)
    this.approvalRules = source.approvalRules
  }

  /** Throws PolicyUnavailable with all mistakes. */
  static compile(source: PolicySource, contentHash: string): PolicyEngine {
    return new PolicyEngine(source, contentHash)
  }

  session(
    subject: PolicySubject,
    _connection: PolicyConnection,
    _context: PolicyContext,
    _nowMs: () => number,
  ): SessionPolicy {
    const decision = denyProtocol('not_permitted', 'Nothing is permitted')
    return {
      connect: () => decision,
      decide: () => decision,
      explain: () => ({
        decision,
        principal: subject.id,
        groups: subject.groups,
        context: {},
        targets: [],
      }),
    }
  }
}

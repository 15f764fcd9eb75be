// A policy set that answers. Pure but for the interpreter's memory: no I/O, no clock of its own.

import { PolicyUnavailable } from '@sluice/events'
import type { ApprovalRules } from './approval-rule.ts'
import { checkReading } from './check-policies.ts'
import type { PolicyDecision } from './decision.ts'
import { DecisionCache } from './decision-cache.ts'
import { type MistakeCode, mistakeLine } from './policy-mistake.ts'
import { type Policy, readPolicies } from './policy-reader.ts'
import type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
import { type PolicySource, policyVersionOf } from './policy-source.ts'
import { CachedSessionPolicy, type CompiledSet, type SessionPolicy } from './session-policy.ts'
import { looksAtTime } from './time-use.ts'

const MAX_MISTAKES_SHOWN = 20

/** What the one who writes policies shall mend, and no reason to leave the others without force. */
const TOLERATED: ReadonlySet<MistakeCode> = new Set(['approval_rule_unknown', 'impossible', 'warning'])

export class PolicyEngine {
  /** The first 12 hex characters of the content hash. */
  readonly version: string
  readonly approvalRules: ApprovalRules
  readonly #set: CompiledSet
  readonly #decisions = new DecisionCache<PolicyDecision>()

  private constructor(policies: readonly Policy[], approvalRules: ApprovalRules, version: string) {
    this.version = version
    this.approvalRules = approvalRules
    this.#set = {
      policies: new Map(policies.map((policy) => [policy.id, policy])),
      texts: Object.fromEntries(policies.map(({ id, text }) => [id, text])),
      timed: policies.some(({ tree }) => looksAtTime(tree)),
      approvalRules,
      version,
    }
  }

  /** Throws PolicyUnavailable with all mistakes. */
  static compile(source: PolicySource, contentHash: string): PolicyEngine {
    const reading = readPolicies(source.files)
    const version = policyVersionOf(contentHash)
    const mistakes = checkReading(source.files, reading, source.approvalRules) //
      .filter(({ code }) => !TOLERATED.has(code))
    if (mistakes.length > 0) {
      const shown = mistakes.slice(0, MAX_MISTAKES_SHOWN).map(mistakeLine)
      if (mistakes.length > shown.length) shown.push(`and ${mistakes.length - shown.length} more`)
      throw new PolicyUnavailable(
        'policy_set_invalid',
        `policy set ${version} can't be used, so it does not take effect:\n${shown.join('\n')}\n` +
          'mend them, see with ./sluice policy check that nothing is left, and apply the set again',
      )
    }
    return new PolicyEngine(reading.policies, source.approvalRules, version)
  }

  /** Everything given here stays as it is for the session; who it is not true for any more needs another one. */
  session(
    subject: PolicySubject,
    connection: PolicyConnection,
    context: PolicyContext,
    nowMs: () => number,
  ): SessionPolicy {
    return new CachedSessionPolicy(this.#set, this.#decisions, { subject, connection, context, nowMs })
  }
}

export type { SessionPolicy }

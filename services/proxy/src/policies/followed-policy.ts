// What the policies in force say to one session: always the newest set, and nothing where there is none.

import { PolicyUnavailable } from '@sluice/events'
import type {
  PolicyConnection,
  PolicyContext,
  PolicyDecision,
  PolicyEngine,
  PolicySubject,
  SessionPolicy,
  StatementAccess,
} from '@sluice/policy'
import type { Policies } from './policy-follower.ts'
import { orUnavailable, unavailableDenied } from './unavailable.ts'

export type SessionFacts = {
  readonly subject: PolicySubject
  readonly connection: PolicyConnection
  readonly context: PolicyContext
}

export class FollowedPolicy {
  readonly #policies: Policies
  readonly #facts: SessionFacts
  readonly #count: (effect: PolicyDecision['kind']) => void
  #engine: PolicyEngine | null = null
  #session: SessionPolicy | null = null

  /** `count` is told of each decision on a statement. */
  constructor(policies: Policies, facts: SessionFacts, count: (effect: PolicyDecision['kind']) => void) {
    this.#policies = policies
    this.#facts = facts
    this.#count = count
  }

  connect(): PolicyDecision {
    return this.#ask((session) => session.connect())
  }

  decide(access: StatementAccess): PolicyDecision {
    const decision = this.#ask((session) => session.decide(access))
    this.#count(decision.kind)
    return decision
  }

  /**
   * Which of the tags its subject may see unmasked; the same set while the policies are the same.
   * Throws PolicyUnavailable.
   */
  reveals(tags: readonly string[]): ReadonlySet<string> {
    return this.#current().reveals(tags)
  }

  #ask(question: (session: SessionPolicy) => PolicyDecision): PolicyDecision {
    const answer = orUnavailable(() => question(this.#current()))
    return answer instanceof PolicyUnavailable ? unavailableDenied(answer) : answer
  }

  #current(): SessionPolicy {
    const engine = this.#policies.current()
    if (this.#session !== null && engine === this.#engine) return this.#session
    const { subject, connection, context } = this.#facts
    this.#engine = engine
    this.#session = engine.session(subject, connection, context, Date.now)
    return this.#session
  }
}

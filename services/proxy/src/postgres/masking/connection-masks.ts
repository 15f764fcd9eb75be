// Whether a session masks, and with what: its connection's plan, and what the policies reveal to its subject.

import type { PolicyUnavailable, Subject } from '@sluice/events'
import { type PlanView, UNKNOWN_TAG } from '@sluice/mask'
import type { FollowedPolicy } from '../../policies/followed-policy.ts'
import { orUnavailable } from '../../policies/unavailable.ts'
import type { GovernedConnection } from '../handshake/admit.ts'
import type { GatewayMasking } from '../masking-parts.ts'
import { LineageCache } from './lineage-cache.ts'
import { SessionMasking } from './session-masking.ts'
import { TouchBudget } from './touch-budget.ts'

/** The command line asks what would be masked: that is answered where statements are analysed. */
const OWN_APPLICATION = 'sluice'

type Revealing = Pick<FollowedPolicy, 'reveals'>

export class ConnectionMasks {
  readonly #masking: GatewayMasking
  readonly #lineages = new LineageCache()
  readonly #budget = new TouchBudget(Date.now)
  readonly #tags = new WeakMap<PlanView, readonly string[]>()

  constructor(masking: GatewayMasking) {
    this.#masking = masking
  }

  /** False where nothing is sensitive for this subject. PolicyUnavailable where nobody knows. */
  needed({ name, masking }: GovernedConnection, policy: Revealing, application: string): boolean | PolicyUnavailable {
    if (!masking) return false
    return orUnavailable(() => {
      const tags = this.#allTags(this.#masking.plans.current(name))
      const reveals = policy.reveals(tags)
      return application === OWN_APPLICATION || tags.some((tag) => !reveals.has(tag))
    })
  }

  of({ name }: GovernedConnection, { issuer, id }: Subject, policy: Revealing): SessionMasking {
    // Not spread: its detectors change with the policies.
    const { plans, keys, maskedRowBytes, planWaitMs } = this.#masking
    const detectors = () => this.#masking.detectors
    return new SessionMasking({
      plans,
      keys,
      maskedRowBytes,
      planWaitMs,
      get detectors() {
        return detectors()
      },
      connection: name,
      lineages: this.#lineages,
      budget: this.#budget.of(JSON.stringify([issuer, id, name])),
      reveals: (view) => policy.reveals(this.#allTags(view)),
    })
  }

  /** In one order, and one list for one plan; columns that nobody has looked at yet have the unknown tag. */
  #allTags(view: PlanView): readonly string[] {
    const known = this.#tags.get(view)
    if (known !== undefined) return known
    const tags = [...new Set([...Object.keys(view.plan.tags), UNKNOWN_TAG])].sort()
    this.#tags.set(view, tags)
    return tags
  }
}

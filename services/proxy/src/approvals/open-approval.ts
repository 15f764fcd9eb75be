// One request for approval while it is open, and until its end is known.

import type { Executed, WithdrawReason } from '@sluice/events'
import type { ApprovalFacts, ApprovalOutcome, HeldApproval } from './approval-desk.ts'
import type { Binding } from './decision-check.ts'

type Stage = 'open' | 'approved' | 'ended'

export type End =
  | { readonly kind: 'withdrawn'; readonly reason: WithdrawReason }
  | { readonly kind: 'executed'; readonly result: Executed }

export type OpenApprovalOptions = {
  readonly approvalId: string
  readonly nodeId: string
  readonly code: string
  readonly facts: ApprovalFacts
  /** Once: it ran, or will not run. */
  readonly onEnd: (approval: OpenApproval, end: End) => void
}

export class OpenApproval implements HeldApproval {
  readonly approvalId: string
  readonly code: string
  readonly expiresAt: number
  readonly decided: Promise<ApprovalOutcome>
  readonly binding: Binding
  readonly #onEnd: OpenApprovalOptions['onEnd']
  readonly #settle: (outcome: ApprovalOutcome) => void
  #stage: Stage = 'open'
  #timer: NodeJS.Timeout | undefined

  constructor({ approvalId, nodeId, code, facts, onEnd }: OpenApprovalOptions) {
    this.approvalId = approvalId
    this.code = code
    this.expiresAt = facts.expiresAt
    const { sessionId, execution, commandDigest, policyVersion } = facts
    this.binding = { approvalId, nodeId, sessionId, execution, commandDigest, policyVersion }
    this.#onEnd = onEnd
    const { promise, resolve } = Promise.withResolvers<ApprovalOutcome>()
    this.decided = promise
    this.#settle = resolve
  }

  get open(): boolean {
    return this.#stage === 'open'
  }

  expireAfter(ms: number, expire: () => void): void {
    if (this.open) this.#timer = setTimeout(expire, ms)
  }

  /** The first outcome counts. */
  settle(outcome: ApprovalOutcome): void {
    if (!this.open) return
    this.#leave(outcome.kind === 'approved' ? 'approved' : 'ended')
    this.#settle(outcome)
  }

  withdraw(reason: WithdrawReason): void {
    this.#end({ kind: 'withdrawn', reason })
  }

  executed(result: Executed): void {
    if (this.open) throw new Error(`approval ${this.approvalId} is said to have run before it was decided`)
    this.#end({ kind: 'executed', result })
  }

  #end(end: End): void {
    if (this.#stage === 'ended') return
    this.#leave('ended')
    this.#onEnd(this, end)
  }

  #leave(next: Stage): void {
    this.#stage = next
    clearTimeout(this.#timer)
  }
}

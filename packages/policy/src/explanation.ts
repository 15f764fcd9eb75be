// Why a decision is what it is, one question after the other, in readable form.

import type { PolicyDecision } from './decision.ts'

export type ExplainedPolicy = {
  readonly id: string
  readonly file: string
  readonly line: number
  readonly effect: 'permit' | 'forbid'
  readonly annotations: Readonly<Record<string, string>>
}

export type ExplainedTarget = {
  /** `sql:write` */
  readonly action: string
  /** `Table::"shop/public.orders"` */
  readonly resource: string
  readonly decision: 'permit' | 'pending' | 'deny'
  /** The satisfied policies that decided; none where nothing permits. */
  readonly policies: readonly ExplainedPolicy[]
  /** Policies whose evaluation failed: each of them denies. */
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

export type Explanation = {
  readonly decision: PolicyDecision
  /** `Subject::"issuer|id"` */
  readonly principal: string
  readonly groups: readonly string[]
  /** What policies see of the circumstances and the statement, as they see it. */
  readonly context: Readonly<Record<string, unknown>>
  /** Empty where no policy was asked. */
  readonly targets: readonly ExplainedTarget[]
}

// What a policy answers. A denial is a value, not an exception.

export type DecisionObligations = {
  /** Channels that shall be told, from `@notify`. */
  readonly notify: readonly string[]
  /** `metadata`: results, parameters and literals are not recorded, from `@record`. */
  readonly record: 'full' | 'metadata'
}

export type PolicyDecision =
  | {
      readonly kind: 'permit'
      readonly policyIds: readonly string[]
      readonly policyVersion: string
      readonly obligations: DecisionObligations
    }
  | {
      readonly kind: 'pending'
      /** The permits that ask for an approval. */
      readonly policyIds: readonly string[]
      readonly policyVersion: string
      /** Names of approval rules; all of them must be satisfied. At least one. */
      readonly approvalRules: readonly string[]
      readonly obligations: DecisionObligations
    }
  | {
      readonly kind: 'deny'
      readonly policyIds: readonly string[]
      readonly policyVersion: string
      /** Stable, for programs. */
      readonly reasonCode: string
      /** For people: what is not allowed, where, why. */
      readonly reason: string
      /** For people: what to do instead. */
      readonly hint: string | null
      readonly obligations: DecisionObligations
    }

export type Denial = Extract<PolicyDecision, { kind: 'deny' }>
export type Pending = Extract<PolicyDecision, { kind: 'pending' }>

export const NO_OBLIGATIONS: DecisionObligations = Object.freeze({ notify: [], record: 'full' })

/** A refusal that no policy decides: what was sent can't be read, or is beyond a bound. */
export function denyProtocol(reasonCode: string, reason: string, hint: string | null = null): Denial {
  return {
    kind: 'deny',
    policyIds: [],
    policyVersion: 'gateway',
    reasonCode,
    reason,
    hint,
    obligations: NO_OBLIGATIONS,
  }
}

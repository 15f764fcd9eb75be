// The fixed rule: plain reads, transaction control and harmless session statements pass, everything else is denied.

import type { SqlAction, StatementAccess } from './statement-access.ts'

export type PolicyDecision =
  | { readonly kind: 'permit'; readonly policyIds: readonly string[]; readonly policyVersion: string }
  | {
      readonly kind: 'deny'
      readonly policyIds: readonly string[]
      readonly policyVersion: string
      /** Stable, for programs. */
      readonly reasonCode: string
      /** For people: what is not allowed, where. */
      readonly reason: string
      /** For people: what to do instead. */
      readonly hint: string | null
    }

const POLICY_VERSION = 'fixed-1'
const PERMIT = { kind: 'permit', policyIds: ['plain-reads'], policyVersion: POLICY_VERSION } as const
const DENY = { kind: 'deny', policyIds: ['plain-reads-only'], policyVersion: POLICY_VERSION } as const
const ALLOWED: ReadonlySet<SqlAction> = new Set(['sql:read', 'sql:transaction', 'sql:session'])
const ONLY_READS = 'Plain SELECT and transaction control pass.'

export function decideStatement(access: StatementAccess): PolicyDecision {
  const objection = access.objections[0]
  if (objection !== undefined) {
    return {
      ...DENY,
      reasonCode: objection.code,
      reason: `${objection.what} is not allowed on connection ${access.connection}`,
      hint: objection.hint ?? ONLY_READS,
    }
  }
  const refused = access.actions.find((action) => !ALLOWED.has(action))
  if (refused !== undefined) {
    const reason = `${refused} is not allowed on connection ${access.connection}`
    return { ...DENY, reasonCode: 'action', reason, hint: ONLY_READS }
  }
  return PERMIT
}

/** A refusal that no policy decides: what was sent can't be read, or is beyond a bound. */
export function denyProtocol(reasonCode: string, reason: string): Extract<PolicyDecision, { kind: 'deny' }> {
  return { kind: 'deny', policyIds: [], policyVersion: POLICY_VERSION, reasonCode, reason, hint: null }
}

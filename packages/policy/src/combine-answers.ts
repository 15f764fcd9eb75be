// From Cedar's answers, one for each target, to one decision: deny before pending before permit.

import type { ApprovalRules } from './approval-rule.ts'
import type { DecidedFacts } from './decided-facts.ts'
import { type DecisionObligations, NO_OBLIGATIONS, type PolicyDecision } from './decision.ts'
import {
  type DenialWords,
  forbiddenWords,
  kindsInWords,
  notHoldableWords,
  notPermittedWords,
  policyErrorWords,
  unknownRuleWords,
} from './denial-words.ts'
import type { Answer } from './interpreter.ts'
import type { Policy } from './policy-reader.ts'
import type { AccessTarget } from './statement-access.ts'

/** What answers are judged by. */
export type JudgingSet = {
  readonly policies: ReadonlyMap<string, Policy>
  readonly approvalRules: ApprovalRules
  readonly version: string
}

/** `permit` and `pending`: the permits that decide. `forbidden`: the forbids. `failed`: what could not be evaluated. */
export type TargetVerdict = {
  readonly kind: 'permit' | 'pending' | 'forbidden' | 'failed' | 'not_permitted'
  readonly policyIds: readonly string[]
}

/** Cedar may allow although a policy failed: it skips that one. Here it denies. */
export function verdictOf({ allowed, satisfied, errors }: Answer, policies: JudgingSet['policies']): TargetVerdict {
  const ids = [...satisfied].sort()
  if (!allowed && ids.length > 0) return { kind: 'forbidden', policyIds: ids }
  if (errors.length > 0) return { kind: 'failed', policyIds: errors.flatMap(({ id }) => id ?? []).sort() }
  if (!allowed) return { kind: 'not_permitted', policyIds: [] }
  const approving = ids.filter((id) => ruleOf(policies, id) !== undefined)
  if (approving.length === ids.length && ids.length > 0) return { kind: 'pending', policyIds: ids }
  return { kind: 'permit', policyIds: ids.filter((id) => !approving.includes(id)) }
}

const ruleOf = (policies: JudgingSet['policies'], id: string): string | undefined =>
  policies.get(id)?.annotations['approval']

export type Judged = { readonly target: AccessTarget; readonly verdict: TargetVerdict }

/** `judged` in the order of the facts. */
export function combine(
  judged: readonly Judged[],
  facts: DecidedFacts,
  set: JudgingSet,
  connection: string,
): PolicyDecision {
  const obligations = obligationsOf(
    judged.flatMap(({ verdict }) => verdict.policyIds),
    set.policies,
  )
  const deny = (policyIds: readonly string[], words: DenialWords): PolicyDecision => ({
    kind: 'deny',
    policyIds,
    policyVersion: set.version,
    ...words,
    obligations,
  })
  const of = (kind: TargetVerdict['kind']) => judged.filter(({ verdict }) => verdict.kind === kind)
  const [forbidden] = of('forbidden')
  if (forbidden !== undefined) {
    const why = reasonOf(forbidden.verdict.policyIds, set.policies)
    const words = forbiddenWords(forbidden.target, facts, connection, forbidden.verdict.policyIds, why)
    return deny(idsOf(of('forbidden')), words)
  }
  if (of('failed').length > 0) return deny(idsOf(of('failed')), policyErrorWords(connection))
  const [notPermitted] = of('not_permitted')
  if (notPermitted !== undefined) return deny([], notPermittedWords(notPermitted.target, facts, connection))
  // Nothing was asked, so nothing was permitted.
  if (judged.length === 0) return deny([], notPermittedWords(NO_TARGET, facts, connection))
  const pending = of('pending')
  if (pending.length === 0) {
    return { kind: 'permit', policyIds: idsOf(judged), policyVersion: set.version, obligations }
  }
  const policyIds = idsOf(pending)
  const approvalRules = unique(policyIds.flatMap((id) => ruleOf(set.policies, id) ?? []))
  const unknown = approvalRules.filter((rule) => !Object.hasOwn(set.approvalRules, rule))
  if (unknown.length > 0) return deny(policyIds, unknownRuleWords(unknown, connection))
  if (facts.holdable !== null) {
    return deny(policyIds, notHoldableWords(kindsInWords(facts), facts.holdable, connection))
  }
  return { kind: 'pending', policyIds, policyVersion: set.version, approvalRules, obligations }
}

const NO_TARGET: AccessTarget = { action: 'sql:unknown', table: null }

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)].sort()
const idsOf = (judged: readonly Judged[]) => unique(judged.flatMap(({ verdict }) => verdict.policyIds))

/** Of the first forbid, by its id, that gives one. */
export function reasonOf(ids: readonly string[], policies: JudgingSet['policies']): string | null {
  const reasons = ids.map((id) => policies.get(id)?.annotations['reason'])
  return reasons.find((reason) => reason !== undefined) ?? null
}

/** `NO_OBLIGATIONS` itself where there are none, so that nothing need be made of them for each statement. */
export function obligationsOf(ids: readonly string[], policies: JudgingSet['policies']): DecisionObligations {
  const values = (name: string) => ids.flatMap((id) => policies.get(id)?.annotations[name] ?? [])
  const notify = unique(values('notify'))
  const record = values('record').includes('metadata') ? 'metadata' : 'full'
  return notify.length === 0 && record === 'full' ? NO_OBLIGATIONS : { notify, record }
}

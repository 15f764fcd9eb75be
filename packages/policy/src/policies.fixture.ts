// Small sets, subjects and statements for the tests of this package.

import { type ApprovalRules, approvalRulesSchema } from './approval-rule.ts'
import { PolicyEngine } from './policy-engine.ts'
import type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
import { contentHashOf } from './policy-source.ts'
import type { SessionPolicy } from './session-policy.ts'
import type { StatementAccess } from './statement-access.ts'

export const RULES: ApprovalRules = approvalRulesSchema.parse({
  'data-owner': { reviewers: ['group:data-owners'] },
  security: { reviewers: ['group:security'], expires: '5m' },
})

export const AGENT: PolicySubject = { issuer: 'test', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null }
export const SHOP: PolicyConnection = { name: 'shop', protocol: 'postgres', labels: { env: 'prod' }, demo: true }
export const CONTEXT: PolicyContext = { clientAddress: null, purpose: null }

export const file = (text: string, name = 'a.cedar') => ({ name, text })

export function engineOf(text: string, approvalRules: ApprovalRules = RULES): PolicyEngine {
  const source = { files: [file(text)], approvalRules }
  return PolicyEngine.compile(source, contentHashOf(source))
}

export type Asking = {
  readonly subject?: Partial<PolicySubject>
  readonly connection?: Partial<PolicyConnection>
  readonly context?: Partial<PolicyContext>
  readonly nowMs?: () => number
}

export function sessionOf(engine: PolicyEngine, asking: Asking = {}): SessionPolicy {
  const { subject, connection, context, nowMs = () => 0 } = asking
  return engine.session({ ...AGENT, ...subject }, { ...SHOP, ...connection }, { ...CONTEXT, ...context }, nowMs)
}

/** A single SELECT of public.orders, but for what is given. */
export function accessOf(given: Partial<StatementAccess> = {}): StatementAccess {
  const targets = given.targets ?? [{ action: 'sql:read', table: 'public.orders' }]
  return {
    connection: 'shop',
    actions: [...new Set(targets.map(({ action }) => action))],
    resources: [],
    kinds: ['SELECT'],
    functions: [],
    unfiltered: false,
    unknown: [],
    refusal: null,
    holdable: null,
    touches: [],
    ...given,
    targets,
  }
}

export const READ_AGENTS = '@id("read") permit (principal in Group::"agents", action == Action::"sql:read", resource);'
export const WRITE_APPROVED =
  '@id("write") @approval("data-owner") permit (principal, action == Action::"sql:write", resource);'
/** Adds up to more than fits, whatever the statement. */
export const FAILING =
  '@id("failing") permit (principal, action, resource) when { 9223372036854775807 + (if context has purpose then 1 else 1) > 0 };'

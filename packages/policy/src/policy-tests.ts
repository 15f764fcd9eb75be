// Cases that a policy set must answer as written: policies/tests/*.yaml, as plain objects.

import { z } from 'zod'
import type { PolicyDecision } from './decision.ts'
import type { PolicyEngine } from './policy-engine.ts'
import type { PolicyConnection } from './policy-request.ts'
import type { StatementAccess } from './statement-access.ts'

const MAX_CASES = 10_000
const MAX_TAGS = 100
const text = z.string().min(1).max(4_096)

const caseSchema = z.strictObject({
  name: text,
  as: z.strictObject({
    id: text,
    issuer: text.default('test'),
    kind: z.enum(['human', 'agent', 'service']),
    groups: z.array(text).default([]),
    onBehalfOf: text.optional(),
  }),
  connection: text,
  /** SQL; without it the question is whether the session may open. */
  command: z.string().max(65_536).optional(),
  purpose: text.optional(),
  clientAddress: text.optional(),
  /** When it happens; a fixed time where none is given. */
  time: z.iso.datetime({ offset: true }).optional(),
  expect: z.enum(['permit', 'deny', 'pending']),
  /** An `@id` among the deciding policies. */
  policy: text.optional(),
  /** A name among the approval rules; only for pending. */
  approval: text.optional(),
  /** Part of what the client is told; only for deny. */
  reason: text.optional(),
  /** Tags that this subject must see masked, and tags that it must see in clear. */
  masks: z.array(text).max(MAX_TAGS).default([]),
  reveals: z.array(text).max(MAX_TAGS).default([]),
})

export const policyTestsSchema = z.strictObject({ cases: z.array(caseSchema).min(1).max(MAX_CASES) })

export type PolicyCase = Readonly<z.output<typeof caseSchema>>

export type CaseResult =
  | { readonly passed: true; readonly name: string; readonly decision: PolicyDecision }
  | {
      readonly passed: false
      readonly name: string
      readonly decision: PolicyDecision
      /** One line for each difference. */
      readonly differences: readonly string[]
    }

/** `access`: what the command would do, null for a case without one. */
export function runCase(
  test: PolicyCase,
  engine: PolicyEngine,
  connection: PolicyConnection,
  access: StatementAccess | null,
): CaseResult {
  const session = engine.session(
    { ...test.as, onBehalfOf: test.as.onBehalfOf ?? null },
    connection,
    { clientAddress: test.clientAddress ?? null, purpose: test.purpose ?? null },
    () => Date.parse(test.time ?? DEFAULT_TIME),
  )
  const decision = access === null ? session.connect() : session.decide(access)
  const revealed = session.reveals([...test.masks, ...test.reveals])
  const differences = [...differencesOf(test, decision), ...tagDifferences(test, revealed)]
  return differences.length === 0
    ? { passed: true, name: test.name, decision }
    : { passed: false, name: test.name, decision, differences }
}

/** A working day, at noon. */
const DEFAULT_TIME = '2026-01-14T12:00:00Z'

function differencesOf(test: PolicyCase, decision: PolicyDecision): string[] {
  const differences: string[] = []
  if (decision.kind !== test.expect) differences.push(`expected ${test.expect}, is ${summary(decision)}`)
  if (test.policy !== undefined && !decision.policyIds.includes(test.policy)) {
    differences.push(`expected policy ${test.policy} to decide, decided ${decision.policyIds.join(', ') || 'none'}`)
  }
  const rules = decision.kind === 'pending' ? decision.approvalRules : []
  if (test.approval !== undefined && !rules.includes(test.approval)) {
    differences.push(`expected approval rule ${test.approval}, asked for ${rules.join(', ') || 'none'}`)
  }
  const reason = decision.kind === 'deny' ? decision.reason : ''
  if (test.reason !== undefined && !reason.includes(test.reason)) {
    differences.push(`expected a reason with "${test.reason}", told is "${reason}"`)
  }
  return differences
}

function tagDifferences({ masks, reveals }: PolicyCase, revealed: ReadonlySet<string>): string[] {
  return [
    ...masks.filter((tag) => revealed.has(tag)).map((tag) => `expected ${tag} to be masked, is seen in clear`),
    ...reveals.filter((tag) => !revealed.has(tag)).map((tag) => `expected ${tag} to be seen in clear, is masked`),
  ]
}

function summary(decision: PolicyDecision): string {
  switch (decision.kind) {
    case 'permit':
      return `permit by ${decision.policyIds.join(', ')}`
    case 'pending':
      return `pending by ${decision.policyIds.join(', ')} under ${decision.approvalRules.join(', ')}`
    case 'deny':
      return `deny (${decision.reasonCode}): ${decision.reason}`
    default:
      return decision satisfies never
  }
}

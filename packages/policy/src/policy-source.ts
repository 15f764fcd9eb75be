// A policy set as it is written and published: files, approval and masking rules, and the hash that names them.

import { createHash } from 'node:crypto'
import { type PolicyFile, type PolicySet, PolicyUnavailable } from '@sluice/events'
import { type MaskingRules, maskingRulesJson, NO_MASKING_RULES, parseMaskingRules } from '@sluice/mask'
import { z } from 'zod'
import { type ApprovalRules, type ApprovalRulesInput, approvalRulesSchema } from './approval-rule.ts'

export type PolicySource = {
  readonly files: readonly PolicyFile[]
  readonly approvalRules: ApprovalRules
  /** Left out: nothing but what is built in. */
  readonly masking?: MaskingRules
}

/** The key of the record that holds the set in force; others of the topic are of no concern. */
export const CURRENT_POLICIES = 'current'

const SECOND_MS = 1000
const NO_MASKING = '{}'

/** SHA-256, hex. The same for the same files and rules, whatever the order they come in. */
export function contentHashOf(source: PolicySource): string {
  const files = source.files
    .map(({ name, text }) => [name, text] as const)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const masking = publishedMasking(source)
  // A set without masking rules has the hash that it had before there were any.
  const canonical = JSON.stringify([
    'sluice-policy-set-v1',
    files,
    approvalRulesJson(source.approvalRules),
    ...(masking === NO_MASKING ? [] : [masking]),
  ])
  return createHash('sha256').update(canonical).digest('hex')
}

/** `PolicySet.masking` of a source. */
export function publishedMasking({ masking = NO_MASKING_RULES }: Pick<PolicySource, 'masking'>): string {
  return maskingRulesJson(masking)
}

/** Canonical: sorted by name, each rule's fields in one order. What `parseApprovalRules` reads. */
export function approvalRulesJson(rules: ApprovalRules): string {
  const names = Object.keys(rules).sort()
  const written: ApprovalRulesInput = Object.fromEntries(
    names.map((name) => {
      const rule = rules[name] as ApprovalRules[string]
      return [
        name,
        {
          reviewers: rule.reviewers.map((each) =>
            typeof each === 'string' ? each : { group: each.group, count: each.count },
          ),
          count: rule.count,
          expires: seconds(rule.expires),
          requesterMayReview: rule.requesterMayReview,
          onTimeout: rule.onTimeout,
          reason: rule.reason,
          denials: rule.denials,
          inTransaction: rule.inTransaction === 'deny' ? 'deny' : { hold: seconds(rule.inTransaction.hold) },
        },
      ]
    }),
  )
  return JSON.stringify(written)
}

const seconds = (ms: number): string => `${ms / SECOND_MS}s`

/** Throws PolicyUnavailable with every mistake. */
export function parseApprovalRules(json: string): ApprovalRules {
  const parsed = approvalRulesSchema.safeParse(parseJson(json))
  if (parsed.success) return parsed.data
  throw new PolicyUnavailable(
    'approval_rules_invalid',
    `the approval rules of the published policy set can't be used, so the set is not taken up: ${z.prettifyError(parsed.error)}; apply a set that ./sluice policy check finds good`,
  )
}

/**
 * What a published set holds; null where that is not what its hash says, which decisions and approvals name.
 * Throws PolicyUnavailable where its approval or masking rules can't be used.
 */
export function publishedSource({
  files,
  approvalRules,
  masking,
  contentHash,
}: PolicySet): Required<PolicySource> | null {
  const source = { files, approvalRules: parseApprovalRules(approvalRules), masking: publishedRules(masking) }
  return contentHashOf(source) === contentHash ? source : null
}

function publishedRules(json: string): MaskingRules {
  try {
    return parseMaskingRules(json)
  } catch (cause) {
    throw new PolicyUnavailable(
      'masking_rules_invalid',
      `the masking rules of the published policy set can't be used, so the set is not taken up: ${cause instanceof z.ZodError ? z.prettifyError(cause) : 'they are no JSON'}; apply a set that ./sluice policy check finds good`,
      { cause },
    )
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new PolicyUnavailable(
      'approval_rules_invalid',
      'the approval rules of the published policy set are no JSON, so the set is not taken up; apply it again with ./sluice policy apply',
      { cause },
    )
  }
}

const VERSION_CHARACTERS = 12

/** How decisions, requests and approvals name a set: the beginning of its content hash. */
export function policyVersionOf(contentHash: string): string {
  return contentHash.slice(0, VERSION_CHARACTERS)
}

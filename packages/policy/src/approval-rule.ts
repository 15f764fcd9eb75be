// An approval rule: who must agree before a held command runs, and for how long it waits.

import { z } from 'zod'

const SECOND_MS = 1000
const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: 60 * SECOND_MS, h: 3600 * SECOND_MS }
export const MAX_EXPIRES_MS = 24 * 3600 * SECOND_MS
const DEFAULT_EXPIRES = '10m'
const DEFAULT_IN_TRANSACTION = '30s'
const MAX_REVIEWERS = 20

const duration = (maxMs: number) =>
  z
    .string()
    .regex(/^\d{1,6}[smh]$/, 'must be a duration such as 30s, 10m or 1h')
    .transform((text) => Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] as number))
    .refine((ms) => ms > 0 && ms <= maxMs, `must be more than nothing and at most ${maxMs / SECOND_MS} s`)

const group = z.string().regex(/^group:[^\s:\p{C}]{1,255}$/u, 'must be group:NAME, in visible characters')
const count = z.int().min(1).max(MAX_REVIEWERS)

export const approvalRuleSchema = z
  .strictObject({
    /**
     * Groups of people. Plain entries: `count` people of any of them. Entries with a count of their own: so many people
     * of each. Someone who is in several groups counts once.
     */
    reviewers: z
      .array(z.union([group, z.strictObject({ group, count: count.default(1) })]))
      .min(1)
      .max(MAX_REVIEWERS),
    count: count.default(1),
    expires: duration(MAX_EXPIRES_MS).prefault(DEFAULT_EXPIRES),
    /** Written out for those who read the file: it can't be otherwise. */
    requesterMayReview: z.literal(false, 'must be false: who asks never reviews').default(false),
    onTimeout: z.literal('deny', 'must be deny: what nobody approved does not run').default('deny'),
    reason: z.enum(['required', 'optional']).default('optional'),
    /** So many denials end it. */
    denials: count.default(1),
    /** Holding inside a transaction keeps its locks: not at all, or at most so long. */
    inTransaction: z
      .union([z.literal('deny'), z.strictObject({ hold: duration(MAX_EXPIRES_MS) })])
      .prefault({ hold: DEFAULT_IN_TRANSACTION }),
  })
  .refine(({ reviewers, count: people }) => people === 1 || reviewers.some((entry) => typeof entry === 'string'), {
    path: ['count'],
    error:
      'counts people of plain groups, and every group here has a count of its own; write it as the count of a group',
  })

type ParsedRule = z.output<typeof approvalRuleSchema>

export type ApprovalRule = Readonly<Omit<ParsedRule, 'reviewers'>> & {
  readonly reviewers: readonly ParsedRule['reviewers'][number][]
}

export const approvalRulesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, - and _, beginning with a letter'),
  approvalRuleSchema,
)

/** Rules by name, as parsed: durations are milliseconds. */
export type ApprovalRules = Readonly<Record<string, ApprovalRule>>

/** As written in `sluice.yaml` and as published with a policy set: durations are texts. */
export type ApprovalRulesInput = z.input<typeof approvalRulesSchema>

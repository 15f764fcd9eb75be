// What people say about sensitive data: `masking:` in sluice.yaml, published with the policies.

import { z } from 'zod'
import { checkPattern } from '../detectors/user-patterns.ts'
import { readColumnPattern } from './column-pattern.ts'
import { DEFAULT_TAG_RULE, STRATEGIES, type Tag, type TagRule, TOUCH_RULES, UNKNOWN_TAG } from './plan.ts'

const MAX_RULES = 10_000
const MAX_TAGS = 1_000
const MAX_DETECTORS = 100
const MAX_PATTERN_CHARACTERS = 1_000
const MAX_VALUES = 1_000_000

export const tagSchema = z
  .string()
  .max(64)
  .regex(
    /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+){0,4}$/,
    'must be a tag such as pii.email: lower-case letters, digits, - and .',
  )

const columnRuleSchema = z.strictObject({
  match: z
    .string()
    .max(512)
    .refine((text) => readColumnPattern(text) !== null, 'must be CONNECTION/SCHEMA.TABLE.COLUMN, with * for anything'),
  /** Either of both. */
  tag: tagSchema.optional(),
  verdict: z.enum(['clean', 'scanned']).optional(),
})

const tagRuleSchema = z
  .strictObject({
    strategy: z.enum(STRATEGIES).default(DEFAULT_TAG_RULE.strategy),
    touch: z.enum(TOUCH_RULES).optional(),
    valuesPerStatement: z.int().min(0).max(MAX_VALUES).default(DEFAULT_TAG_RULE.valuesPerStatement),
    valuesPerDay: z.int().min(0).max(MAX_VALUES).default(DEFAULT_TAG_RULE.valuesPerDay),
    writtenPerDay: z.int().min(0).max(MAX_VALUES).default(DEFAULT_TAG_RULE.writtenPerDay),
  })
  .refine(({ strategy, touch }) => strategy !== 'partial' || touch === undefined || touch === 'deny', {
    path: ['touch'],
    error: 'must be deny with strategy: partial: who sees a part of the value finds the rest by comparing',
  })
  .transform(
    ({ touch, ...rule }): TagRule => ({
      ...rule,
      touch: touch ?? (rule.strategy === 'partial' ? 'deny' : DEFAULT_TAG_RULE.touch),
    }),
  )

const detectorSchema = z.strictObject({
  tag: tagSchema,
  pattern: z
    .string()
    .max(MAX_PATTERN_CHARACTERS)
    .superRefine((pattern, context) => {
      const check = checkPattern(pattern)
      if (!check.ok) context.addIssue(check.reason)
    }),
})

const raiseSchema = z.strictObject({
  minConfidence: z.number().min(0).max(1).default(0.9),
  minCount: z.int().min(1).max(MAX_VALUES).default(3),
})

const BUILT_IN_TAGS: Readonly<Record<Tag, TagRule>> = {
  'pii.email': { ...DEFAULT_TAG_RULE, strategy: 'partial', touch: 'deny' },
  'pci.pan': { ...DEFAULT_TAG_RULE, strategy: 'partial', touch: 'deny' },
  [UNKNOWN_TAG]: DEFAULT_TAG_RULE,
}

export const maskingRulesSchema = z.strictObject({
  /** The first that matches a column counts. */
  columns: z
    .array(
      columnRuleSchema.refine(({ tag, verdict }) => (tag === undefined) !== (verdict === undefined), {
        error: 'must have one of tag and verdict',
      }),
    )
    .max(MAX_RULES)
    .default([]),
  tags: z
    .record(tagSchema, tagRuleSchema)
    .refine((tags) => Object.keys(tags).length <= MAX_TAGS, `must be at most ${MAX_TAGS}`)
    .default({}),
  /** Patterns of the user's own for free text. */
  detectors: z.array(detectorSchema).max(MAX_DETECTORS).default([]),
  /** When a finding raises the plan: so sure, and seen so often. */
  raise: raiseSchema.prefault({}),
})

type ParsedRules = z.output<typeof maskingRulesSchema>

export type ColumnRule = ParsedRules['columns'][number]

/** As written in `sluice.yaml`. */
export type MaskingInput = z.input<typeof maskingRulesSchema>

export type MaskingRules = {
  readonly columns: readonly ColumnRule[]
  readonly tags: Readonly<Record<Tag, TagRule>>
  readonly detectors: readonly { readonly tag: Tag; readonly pattern: string }[]
  readonly raise: { readonly minConfidence: number; readonly minCount: number }
}

/** Nothing but what is built in. */
export const NO_MASKING_RULES: MaskingRules = maskingRulesSchema.parse({})

/** What holds for a tag: the rule as written, else what is built in, else the default. */
export function tagRuleOf(rules: MaskingRules, tag: Tag): TagRule {
  const own = Object.hasOwn(rules.tags, tag) ? rules.tags[tag] : undefined
  const builtIn = Object.hasOwn(BUILT_IN_TAGS, tag) ? BUILT_IN_TAGS[tag] : undefined
  return own ?? builtIn ?? DEFAULT_TAG_RULE
}

/** Canonical, `{}` where there are none. What `parseMaskingRules` reads. Takes settings that lie beside the rules, and leaves them out. */
export function maskingRulesJson(rules: MaskingRules): string {
  const { raise } = NO_MASKING_RULES
  const isDefaultRaise = rules.raise.minConfidence === raise.minConfidence && rules.raise.minCount === raise.minCount
  const tags = Object.keys(rules.tags).sort()
  return JSON.stringify({
    ...(rules.columns.length === 0
      ? {}
      : { columns: rules.columns.map(({ match, tag, verdict }) => ({ match, tag, verdict })) }),
    ...(tags.length === 0 ? {} : { tags: Object.fromEntries(tags.map((tag) => [tag, writtenTagRule(rules, tag)])) }),
    ...(rules.detectors.length === 0
      ? {}
      : { detectors: rules.detectors.map(({ tag, pattern }) => ({ tag, pattern })) }),
    ...(isDefaultRaise ? {} : { raise: { minConfidence: rules.raise.minConfidence, minCount: rules.raise.minCount } }),
  })
}

function writtenTagRule(rules: MaskingRules, tag: Tag): TagRule {
  const { strategy, touch, valuesPerStatement, valuesPerDay, writtenPerDay } = tagRuleOf(rules, tag)
  return { strategy, touch, valuesPerStatement, valuesPerDay, writtenPerDay }
}

/** Throws ZodError or SyntaxError. */
export function parseMaskingRules(json: string): MaskingRules {
  return maskingRulesSchema.parse(JSON.parse(json))
}

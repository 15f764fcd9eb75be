import { describe, expect, it } from 'vitest'
import { matchesColumn, namePartsOf, readColumnPattern } from './column-pattern.ts'
import {
  maskingRulesJson,
  maskingRulesSchema,
  NO_MASKING_RULES,
  parseMaskingRules,
  tagRuleOf,
} from './masking-rules.ts'

const COLUMN = { connection: 'shop', schema: 'public', table: 'customers', column: 'SSN' }

function matches(text: string, caseCounts = false, name = COLUMN): boolean {
  const pattern = readColumnPattern(text)
  if (pattern === null) throw new Error(`${text} is no pattern`)
  return matchesColumn(pattern, namePartsOf(name), caseCounts)
}

describe('a column pattern', () => {
  it.each(['*/*.*.ssn', 'shop/public.customers.ssn', 'sh*p/*.cust*ers.*s*n', '*/"public".customers."SSN"'])(
    '%s is about the column',
    (text) => {
      expect(matches(text)).toBe(true)
    },
  )

  it.each(['*/*.*.s', '*/*.*.ssn2', 'other/*.*.ssn', '*/private.*.ssn', '*/*.*."s*"', '*/*.*.*ssn*x'])(
    '%s is not',
    (text) => {
      expect(matches(text)).toBe(false)
    },
  )

  it('tells cases apart where they count', () => {
    expect(matches('*/*.*.ssn', true)).toBe(false)
    expect(matches('*/*.*.SSN', true)).toBe(true)
  })

  it('names what has dots, stars and quotes in double quotes', () => {
    const odd = { ...COLUMN, table: 'a.b', column: 'say "*"' }
    expect(matches('*/*."a.b"."say ""*"""', true, odd)).toBe(true)
    expect(matches('*/*."a.b"."say ""*"""', true, { ...odd, column: 'say "x"' })).toBe(false)
  })

  it.each(['', 'ssn', '*.ssn', '*/ssn', '*/*.ssn', '*/*.*.*.*', '*/*..ssn', '*/*.*.ssn ""', '*/*.*."', '*/*.*."a"b'])(
    'is not %s',
    (text) => {
      expect(readColumnPattern(text)).toBeNull()
    },
  )

  it('is matched in time, whatever it is', () => {
    const name = { ...COLUMN, column: 'a'.repeat(63) }
    const started = performance.now()
    for (let round = 0; round < 1_000; round++) expect(matches(`*/*.*.${'a*'.repeat(30)}b`, false, name)).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('masking rules', () => {
  it('are nothing but what is built in where nothing is written', () => {
    expect(maskingRulesJson(NO_MASKING_RULES)).toBe('{}')
    expect(parseMaskingRules('{}')).toEqual(NO_MASKING_RULES)
    expect(tagRuleOf(NO_MASKING_RULES, 'pii.email')).toMatchObject({ strategy: 'partial', touch: 'deny' })
    expect(tagRuleOf(NO_MASKING_RULES, 'pii.ssn')).toMatchObject({ strategy: 'redact', touch: 'equality' })
    expect(tagRuleOf(NO_MASKING_RULES, 'constructor')).toMatchObject({ strategy: 'redact', touch: 'equality' })
  })

  it('are read as they were published', () => {
    const rules = maskingRulesSchema.parse({
      columns: [
        { match: '*/*.*.ssn', tag: 'pii.ssn' },
        { match: 'shop/public.customers.id', verdict: 'clean' },
      ],
      tags: { 'pii.ssn': { touch: 'deny', valuesPerDay: 1 }, 'pii.email': { strategy: 'partial' } },
      detectors: [{ tag: 'internal.ticket', pattern: 'TCK-[0-9]{6}' }],
      raise: { minCount: 9 },
    })
    expect(parseMaskingRules(maskingRulesJson(rules))).toEqual(rules)
    expect(maskingRulesJson(parseMaskingRules(maskingRulesJson(rules)))).toBe(maskingRulesJson(rules))
    expect(rules.tags['pii.email']).toMatchObject({ strategy: 'partial', touch: 'deny' })
  })

  it('are published without the settings beside them', () => {
    const beside = { ...NO_MASKING_RULES, key: 'file:secret', planMaxAgeMs: 1 }
    expect(maskingRulesJson(beside)).toBe('{}')
  })

  it.each<readonly [string, object]>([
    ['neither tag nor verdict', { columns: [{ match: '*/*.*.a' }] }],
    ['both', { columns: [{ match: '*/*.*.a', tag: 'a', verdict: 'clean' }] }],
    ['a verdict that needs a tag', { columns: [{ match: '*/*.*.a', verdict: 'tagged' }] }],
    ['a pattern that is none', { columns: [{ match: 'ssn', tag: 'a' }] }],
    ['a tag that is none', { columns: [{ match: '*/*.*.a', tag: 'PII' }] }],
    ['partial with a comparison', { tags: { a: { strategy: 'partial', touch: 'equality' } } }],
    ['an unknown key', { colums: [] }],
    ['a pattern that could be slow', { detectors: [{ tag: 'a', pattern: '(a+)+b' }] }],
    ['a pattern that is none', { detectors: [{ tag: 'a', pattern: '(' }] }],
    ['a pattern that is empty', { detectors: [{ tag: 'a', pattern: '' }] }],
  ])('are refused with %s', (_what, written) => {
    expect(maskingRulesSchema.safeParse(written).success).toBe(false)
  })
})

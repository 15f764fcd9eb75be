import { describe, expect, it } from 'vitest'
import { checkPattern } from './user-patterns.ts'

describe('patterns of the user’s own', () => {
  it.each([
    'TCK-[0-9]{6}',
    'EMP[0-9]{4,8}',
    String.raw`\b(?:AB|CD)-\d{2}-\d{3}\b`,
    '(?<kind>cust|acct)_[a-z0-9]{10}',
    '[A-Z]{2}(?:-[0-9]{4}){3}',
    String.raw`\p{Lu}\d{1,3}\u{1F600}?x`,
  ])('takes %j', (source) => {
    expect(checkPattern(source)).toEqual({ ok: true })
  })

  it.each([
    ['a+', 'no upper bound'],
    ['a*b', 'no upper bound'],
    ['a{3,}', 'no upper bound'],
    ['(a{1,3}){2}', 'one quantifier in another'],
    ['(?:ab?){4}', 'one quantifier in another'],
    ['(?:a|bc){1,5}', 'variable length is repeated'],
    ['(a)x\\1', 'refers back'],
    ['(?<n>a)\\k<n>', 'refers back'],
    ['(?=a)b', 'looks ahead'],
    ['(?<!a)b', 'looks ahead or behind'],
    ['a{900}', 'above 200'],
    ['[a-z]{200}[a-z]{200}[a-z]{200}[a-z]{200}[a-z]{200}[a-z]{200}', 'longer than 1000'],
    ['a?b?c?d?e?f?g?h?i?x', 'ways'],
    ['[a-z]{0,100}[a-z]{0,100}x', 'ways'],
    ['(?:a|b|c){8}', 'ways'],
    ['a?', 'empty text'],
    ['a|', 'empty text'],
    ['[', 'Invalid'],
    ['x'.repeat(1001), 'longer than 1000 characters'],
    [`${'('.repeat(12)}a${')'.repeat(12)}`, 'groups'],
  ])('refuses %j: %s', (source, reason) => {
    expect(checkPattern(source)).toEqual({ ok: false, reason: expect.stringContaining(reason) as string })
  })
})

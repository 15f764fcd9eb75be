import { describe, expect, it } from 'vitest'
import { type ApprovalRulesInput, approvalRulesSchema } from './approval-rule.ts'
import { heldWords } from './held-words.ts'

const said = (rules: ApprovalRulesInput, seconds = 600): string =>
  heldWords(Object.values(approvalRulesSchema.parse(rules)), seconds)

describe('what is said of a wait', () => {
  it.each<[string, ApprovalRulesInput, string]>([
    ['one of a group', { a: { reviewers: ['group:x'] } }, 'a person of x approves'],
    ['one of several groups', { a: { reviewers: ['group:x', 'group:y'] } }, 'a person of x or y approves'],
    ['more than one', { a: { reviewers: ['group:x'], count: 2 } }, '2 people of x approve'],
    [
      'one of each',
      { a: { reviewers: [{ group: 'group:x' }, { group: 'group:y' }] } },
      'a person of x and a person of y approve',
    ],
    [
      'several rules',
      { a: { reviewers: ['group:x'] }, b: { reviewers: ['group:y'] } },
      'a person of x and a person of y approve',
    ],
    [
      'the same by two rules',
      { a: { reviewers: ['group:x'] }, b: { reviewers: ['group:x'] } },
      'a person of x approves',
    ],
  ])('names %s', (_, rules, who) => {
    expect(said(rules)).toBe(`held until ${who} (up to 10 minutes)`)
  })

  it.each<[number, string]>([
    [1, '1 second'],
    [30, '30 seconds'],
    [119, '119 seconds'],
    [120, '2 minutes'],
  ])('says %i s as %s', (seconds, words) => {
    expect(said({ a: { reviewers: ['group:x'] } }, seconds)).toContain(`(up to ${words})`)
  })
})

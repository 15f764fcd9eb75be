import type { CountedReviewer, Requested, Subject } from '@sluice/events'
import { type ApprovalRule, type ApprovalRulesInput, approvalRulesSchema, personsOf } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import { testRequest, testSaying } from '../control-world.fixture.ts'
import { entryOf } from './approval-entry.ts'
import { mayReview, maySeeApprovals, waitingFor } from './reviewers.ts'

const ISSUER = 'https://issuer.test'
const person = (id: string, changes: Partial<Subject> = {}): Subject => ({
  issuer: ISSUER,
  id,
  kind: 'human',
  groups: ['data-owners'],
  onBehalfOf: null,
  ...changes,
})
const rulesOf = (input: ApprovalRulesInput): readonly ApprovalRule[] => Object.values(approvalRulesSchema.parse(input))
const OWNERS = rulesOf({ a: { reviewers: ['group:data-owners'] } })
const NOBODY = personsOf([])

const held = (changes: Partial<Requested> = {}) => {
  const requested = testRequest(changes)
  return entryOf(testSaying('id', { kind: 'requested', requested }), requested)
}

describe('who may see held commands', () => {
  it.each<[string, Subject, boolean]>([
    ['a reviewer', person('ana'), true],
    ['an admin', person('ana', { groups: ['admins'] }), true],
    ['an analyst', person('ana', { groups: ['analysts'] }), true],
    ['someone else', person('ana', { groups: ['interns'] }), false],
    ['an agent of a group of reviewers', person('ana', { kind: 'agent' }), false],
    ['a service of the admins', person('ana', { kind: 'service', groups: ['admins'] }), false],
  ])('%s', (_, subject, may) => {
    const rules = approvalRulesSchema.parse({ a: { reviewers: [{ group: 'group:data-owners', count: 2 }] } })
    expect(maySeeApprovals(subject, rules)).toBe(may)
  })
})

describe('who may review', () => {
  const personOf = personsOf([
    {
      name: 'Ana',
      identities: [
        { issuer: ISSUER, id: 'ana' },
        { issuer: 'https://other.test', id: 'a.n' },
      ],
    },
  ])
  const anas = person('agent', { kind: 'agent', onBehalfOf: 'ana' })

  it.each<[string, Subject, Partial<Requested>, boolean]>([
    ['someone of the group', person('owner'), {}, true],
    ['someone of another group', person('owner', { groups: ['admins'] }), {}, false],
    ['a service of the group', person('owner', { kind: 'service' }), {}, false],
    ['a deputy', person('owner', { onBehalfOf: 'boss' }), {}, false],
    ['who asked', person('ana'), { subject: person('ana') }, false],
    [
      'another identity of who asked',
      person('a.n', { issuer: 'https://other.test' }),
      { subject: person('ana') },
      false,
    ],
    ['for whom was asked', person('ana'), { subject: anas }, false],
    [
      'another identity of for whom was asked',
      person('a.n', { issuer: 'https://other.test' }),
      { subject: anas },
      false,
    ],
    [
      'for whom was asked, with issuer',
      person('a.n', { issuer: 'https://other.test' }),
      { subject: { ...anas, onBehalfOf: `${ISSUER}|ana` } },
      false,
    ],
    ['someone of the same id elsewhere', person('ana', { issuer: 'https://third.test' }), { subject: anas }, true],
  ])('%s', (_, subject, requested, may) => {
    expect(mayReview(subject, held(requested), OWNERS, personOf)).toBe(may)
  })

  it('not twice, not after the end, and not by unknown rules', () => {
    const counted: CountedReviewer = { person: `${ISSUER}|ana`, issuer: ISSUER, id: 'ana', groups: [], reason: null }
    const may = (changes: object, rules: readonly ApprovalRule[] | null = OWNERS): boolean =>
      mayReview(person('ana'), { ...held(), ...changes }, rules, NOBODY)
    expect(may({})).toBe(true)
    expect(may({ approvals: [counted] })).toBe(false)
    expect(may({ denials: [counted] })).toBe(false)
    expect(may({ decided: { kind: 'denied', reason: null, time: 0 } })).toBe(false)
    expect(may({}, null)).toBe(false)
  })
})

describe('what is still needed', () => {
  const vote = (groups: readonly string[]): CountedReviewer => ({
    person: groups.join(),
    issuer: ISSUER,
    id: groups.join(),
    groups,
    reason: null,
  })

  it.each<[ApprovalRulesInput, readonly CountedReviewer[], string | null]>([
    [{ a: { reviewers: ['group:x'] } }, [], '1 of group x'],
    [{ a: { reviewers: ['group:x', 'group:y'], count: 3 } }, [vote(['y'])], '2 of groups x or y'],
    [{ a: { reviewers: [{ group: 'group:x' }, { group: 'group:y', count: 2 }] } }, [vote(['x'])], '2 of group y'],
    [{ a: { reviewers: ['group:x'] }, b: { reviewers: ['group:y'] } }, [], '1 of group x and 1 of group y'],
    [{ a: { reviewers: ['group:x'] }, b: { reviewers: ['group:x'] } }, [], '1 of group x'],
    [{ a: { reviewers: ['group:x'] } }, [vote(['x'])], null],
    [{ a: { reviewers: [{ group: 'group:x' }, { group: 'group:y' }] } }, [vote(['x', 'y'])], '1 of group y'],
  ])('%j', (rules, votes, words) => {
    expect(waitingFor(rulesOf(rules), votes)).toBe(words)
  })

  it('is not told where the rules are unknown', () => {
    expect(waitingFor(null, [])).toBeNull()
  })
})

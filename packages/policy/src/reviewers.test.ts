import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ApprovalRule, type ApprovalRulesInput, approvalRuleSchema } from './approval-rule.ts'
import { describeSeats, freeSeats, mayReview, personsOf, seatsOf } from './reviewers.ts'

const rule = (written: ApprovalRulesInput[string]): ApprovalRule => approvalRuleSchema.parse(written)
const freeOf = (each: ApprovalRule, people: readonly (readonly string[])[]): number =>
  freeSeats(each, people).reduce((sum, { count }) => sum + count, 0)

/** The same by trying everything: each person on each seat, or nowhere. */
function leastFree(seats: readonly (readonly string[])[], people: readonly (readonly string[])[]): number {
  const [first, ...others] = people
  if (first === undefined) return seats.length
  const without = leastFree(seats, others)
  const sitting = seats.flatMap((groups, index) =>
    groups.some((group) => first.includes(group)) ? [leastFree(seats.toSpliced(index, 1), others)] : [],
  )
  return Math.min(without, ...sitting)
}

const groupName = fc.constantFrom('a', 'b', 'c', 'd')
const entry = groupName.map((name) => `group:${name}`)
const anyRule = fc
  .record({
    reviewers: fc.array(fc.oneof(entry, fc.record({ group: entry, count: fc.integer({ min: 1, max: 2 }) })), {
      minLength: 1,
      maxLength: 3,
    }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  // A count of all is for plain groups.
  .map(({ reviewers, count }) =>
    rule(reviewers.some((each) => typeof each === 'string') ? { reviewers, count } : { reviewers }),
  )
const anyPeople = fc.array(fc.subarray(['a', 'b', 'c', 'd', 'x']), { maxLength: 5 })

describe('freeSeats', () => {
  it('finds what trying everything finds', () => {
    fc.assert(
      fc.property(anyRule, anyPeople, (each, people) => {
        const seats = seatsOf(each).flatMap(({ groups, count }) => Array.from({ length: count }, () => groups))
        expect(freeOf(each, people)).toBe(leastFree(seats, people))
      }),
      { numRuns: 300 },
    )
  })

  it('does not depend on the order of the people', () => {
    fc.assert(
      fc.property(anyRule, anyPeople, (each, people) => {
        expect(freeOf(each, people.toReversed())).toBe(freeOf(each, people))
      }),
    )
  })

  it('moves people on, also through a third seat', () => {
    const three = rule({ reviewers: [{ group: 'group:a' }, { group: 'group:b' }, { group: 'group:c' }] })
    expect(freeSeats(three, [['a', 'b'], ['b', 'c'], ['a']])).toEqual([])
    expect(
      freeSeats(three, [
        ['a', 'b'],
        ['a', 'b'],
        ['a', 'b'],
      ]),
    ).toEqual([{ groups: ['c'], count: 1 }])
  })

  it('takes the largest rule with all the people that are counted in a moment', () => {
    const groups = Array.from({ length: 20 }, (_, index) => `group:g${index}`)
    const largest = rule({ reviewers: groups.map((group) => ({ group, count: 20 })) })
    const everywhere = groups.map((group) => group.slice('group:'.length))
    const started = performance.now()
    expect(
      freeOf(
        largest,
        Array.from({ length: 500 }, () => everywhere),
      ),
    ).toBe(0)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('a rule', () => {
  it('with plain groups asks for its count of all of them together', () => {
    const plain = rule({ reviewers: ['group:a', 'group:b'], count: 2 })
    expect(freeSeats(plain, [['a']])).toEqual([{ groups: ['a', 'b'], count: 1 }])
    expect(freeSeats(plain, [['a'], ['a']])).toEqual([])
    expect(mayReview(plain, ['b'])).toBe(true)
    expect(mayReview(plain, ['c'])).toBe(false)
  })

  it('is told in words', () => {
    const mixed = rule({ reviewers: ['group:a', 'group:b', { group: 'group:c', count: 2 }] })
    expect(describeSeats(freeSeats(mixed, []))).toBe('1 of groups a or b and 2 of group c')
  })
})

describe('personsOf', () => {
  it('tells identities of other issuers apart, also where the parts could be cut elsewhere', () => {
    const personOf = personsOf([{ name: 'Olga', identities: [{ issuer: 'https://a.test', id: 'o' }] }])
    expect(personOf({ issuer: 'https://a.test', id: 'o' })).toBe('Olga')
    expect(personOf({ issuer: 'https://b.test', id: 'o' })).toBe('https://b.test|o')
  })
})

import { describe, expect, it } from 'vitest'
import { TouchBudget } from './touch-budget.ts'

const DAY_MS = 86_400_000

describe('TouchBudget', () => {
  it('counts different constants, of each subject, use and day', () => {
    let now = 10 * DAY_MS
    const budget = new TouchBudget(() => now)
    const one = budget.of('one')
    expect(one.spend('compared pii.ssn', ['a', 'b'], 3)).toBe(true)
    // The same again costs nothing.
    expect(one.spend('compared pii.ssn', ['a', 'b', 'c'], 3)).toBe(true)
    expect(one.spend('compared pii.ssn', ['d'], 3)).toBe(false)
    expect(one.spend('compared pii.ssn', ['c'], 3)).toBe(true)
    expect(one.spend('written pii.ssn', ['d'], 3)).toBe(true)
    expect(budget.of('other').spend('compared pii.ssn', ['d'], 3)).toBe(true)
    now += DAY_MS
    expect(one.spend('compared pii.ssn', ['d'], 3)).toBe(true)
  })

  it('counts nothing of what is refused', () => {
    const budget = new TouchBudget(() => 0).of('one')
    expect(budget.spend('compared x', ['a', 'b'], 1)).toBe(false)
    expect(budget.spend('compared x', ['b'], 1)).toBe(true)
    expect(budget.spend('compared x', ['a'], 1)).toBe(false)
  })
})

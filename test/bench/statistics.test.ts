import { describe, expect, it } from 'vitest'
import { median, percentiles, ratios, type Sample, spread } from './statistics.ts'

const sample = (target: string, round: number, value: number): Sample => ({ target, round, value, cpuMicros: null })

describe('statistics', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(spread([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 })
  })

  it('takes percentiles that were measured', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(percentiles(hundred)).toEqual({ p50: 50, p99: 99, highest: 100 })
    expect(percentiles([3, 1])).toEqual({ p50: 1, p99: 3, highest: 3 })
  })

  it('compares within a round, not across', () => {
    const samples = [sample('direct', 0, 100), sample('relay', 0, 50), sample('direct', 1, 10), sample('relay', 1, 5)]
    expect(ratios(samples, 'relay', 'direct')).toEqual({ median: 0.5, low: 0.5, high: 0.5 })
  })

  it('leaves out rounds that lack one side', () => {
    const samples = [sample('direct', 0, 100), sample('relay', 1, 50)]
    expect(ratios(samples, 'relay', 'direct')).toBeNull()
  })
})

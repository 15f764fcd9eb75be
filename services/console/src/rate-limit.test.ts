import { describe, expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

describe('a rate limit', () => {
  it('gives so many at once, and so many a second after that', () => {
    const limit = new RateLimit({ burst: 3, perSecond: 0.5, maxKeys: 10 })
    for (let i = 0; i < 3; i++) {
      expect(limit.waitSeconds('a', 1000)).toBe(0)
      limit.take('a', 1000)
    }
    expect(limit.waitSeconds('a', 1000)).toBe(2)
    expect(limit.waitSeconds('b', 1000)).toBe(0)
    expect(limit.waitSeconds('a', 2000)).toBe(1)
    expect(limit.waitSeconds('a', 3000)).toBe(0)
    expect(limit.waitSeconds('a', 0)).toBe(2)
    limit.take('a', 1_000_000)
    expect(limit.waitSeconds('a', 1_000_000)).toBe(0)
  })

  it('forgets the key that was idle longest', () => {
    const limit = new RateLimit({ burst: 1, perSecond: 1, maxKeys: 2 })
    for (const key of ['a', 'b', 'a', 'c']) limit.take(key, 0)
    expect(limit.size).toBe(2)
    expect([limit.waitSeconds('a', 0), limit.waitSeconds('b', 0), limit.waitSeconds('c', 0)]).toEqual([1, 0, 1])
  })
})

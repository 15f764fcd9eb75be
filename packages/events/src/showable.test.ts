import { describe, expect, it } from 'vitest'
import { isShowableClaim, isShowableName } from './showable.ts'

describe('isShowableName', () => {
  it.each(['id', 'public', 'order_items', 'v2024', '_x$1', 'A'.repeat(63)])('shows %s', (name) => {
    expect(isShowableName(name)).toBe(true)
  })
  it.each(['', '1a', 'a b', 'a-b', 'é', 'alice@example.com', 'ssn_123456789', 'a1b2c3d4e5', 'A'.repeat(64), 'a"b'])(
    'does not show %j',
    (name) => {
      expect(isShowableName(name)).toBe(false)
    },
  )
})

describe('isShowableClaim', () => {
  it.each(['', 'psql', 'PostgreSQL JDBC Driver', 'DBeaver 23.3.1 - Main', 'a/b (c), d'])('shows %j', (claim) => {
    expect(isShowableClaim(claim)).toBe(true)
  })
  it.each([
    'alice@example.com',
    '123-45-6789',
    '4111 1111 1111 1111',
    '12345',
    'a'.repeat(65),
    'ü',
    'a\nb',
    'a=b',
    "'",
  ])('does not show %j', (claim) => {
    expect(isShowableClaim(claim)).toBe(false)
  })
})

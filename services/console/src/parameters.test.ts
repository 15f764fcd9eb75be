import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { questionSchemas, readBody, readParameters, timeOf } from './parameters.ts'

const NOW_MS = Date.parse('2026-03-02T00:00:00Z')
const iso = (micros: number | null): string | null => (micros === null ? null : new Date(micros / 1000).toISOString())

describe('a point in time', () => {
  it.each([
    ['1d', '2026-03-01T00:00:00.000Z'],
    ['90s', '2026-03-01T23:58:30.000Z'],
    ['2w', '2026-02-16T00:00:00.000Z'],
    ['0m', '2026-03-02T00:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:30:00+02:00', '2026-03-01T10:30:00.000Z'],
    ['2026-03-01T12:30Z', '2026-03-01T12:30:00.000Z'],
    ['2026-03-01T12:30:00.25Z', '2026-03-01T12:30:00.250Z'],
    ['', null],
    ['1', null],
    ['1y', null],
    ['-1d', null],
    ['1234567d', null],
    ['2026-03-01T12:30:00', null],
    ['2026-13-01', null],
    ['1772366400', null],
    ['now', null],
  ])('%j', (text, expected) => {
    expect(iso(timeOf(text, NOW_MS))).toBe(expected)
  })
})

it('keeps the microseconds of a row', () => {
  expect(timeOf('2026-03-01T12:00:00.123456Z', NOW_MS)).toBe(1_772_366_400_123_456)
})

describe('what a request holds', () => {
  it('is read or refused, whatever it is', () => {
    const { sessions, sql } = questionSchemas(() => NOW_MS)
    const outcome = (run: () => unknown): string => {
      try {
        run()
        return 'read'
      } catch (error) {
        return (error as { problem: { code: string } }).problem.code
      }
    }
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(fc.string(), { minLength: 1 })), fc.string(), (all, body) => {
        expect(['read', 'parameter_invalid']).toContain(outcome(() => readParameters(sessions, all)))
        expect(['read', 'body_invalid']).toContain(outcome(() => readBody(sql, body)))
      }),
    )
  })

  it('is told back in one short printable line', () => {
    const endless = { [`a\n${'x'.repeat(5000)}`]: ['1'] }
    const detail = (() => {
      try {
        readParameters(z.strictObject({}), endless)
        return ''
      } catch (error) {
        return (error as Error).message
      }
    })()
    expect(detail).toMatch(/^[\x20-\x7e]{10,500}$/)
  })
})

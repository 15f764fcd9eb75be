import { describe, expect, it } from 'vitest'
import { FindingBook, maskedExample, type Sighting } from './finding-book.ts'

const RAISE = { minConfidence: 0.9, minCount: 3 }
const sighting: Sighting = {
  connection: 'shop',
  place: { kind: 'column', name: 'public.customers.name', databaseId: 1, relid: 20_001, attno: 2 },
  tag: 'pii.ssn',
  confidence: 0.95,
}

describe('what was seen', () => {
  it('is told at first, when it raises the plan, and when it is ten times as much', () => {
    const book = new FindingBook()
    const told = Array.from({ length: 40 }, () => book.see(sighting, RAISE, true))
    expect(told.flatMap((worth, index) => (worth === null ? [] : [[index + 1, worth.count, worth.raises]]))).toEqual([
      [1, 1, false],
      [3, 3, true],
      [30, 30, false],
    ])
    expect(told[0]).toEqual({ count: 1, confidence: 95, raises: false })
  })

  it('raises nothing where it is not sure, or where no plan could tag it', () => {
    const book = new FindingBook()
    const unsure = Array.from({ length: 20 }, () => book.see({ ...sighting, confidence: 0.8 }, RAISE, true))
    expect(unsure.some((worth) => worth?.raises)).toBe(false)
    const output = { ...sighting, place: { ...sighting.place, kind: 'output' as const, relid: null, attno: null } }
    const elsewhere = Array.from({ length: 20 }, () => book.see(output, RAISE, false))
    expect(elsewhere.some((worth) => worth?.raises)).toBe(false)
  })

  it('goes on where it was after a restart, and raises once', () => {
    const book = new FindingBook()
    const finding = {
      ...sighting,
      confidence: 95,
      count: 50,
      raised: true,
      findingId: '',
      time: 0,
      eventId: '',
      sessionId: '',
      detector: 'ssn',
      example: '',
      planVersion: '',
    }
    book.restore(finding)
    expect(Array.from({ length: 10 }, () => book.see(sighting, RAISE, true)).every((worth) => worth === null)).toBe(
      true,
    )
    const other = { ...sighting, tag: 'pii.email' }
    expect(book.see(other, { ...RAISE, minCount: 1 }, true)).toMatchObject({ count: 1, raises: true })
  })

  it('has an example without any of its characters', () => {
    expect(maskedExample('ann.müller@example.com')).toBe('aaa.aaaaaa@aaaaaaa.aaa')
    expect(maskedExample('123-45-6789')).toBe('999-99-9999')
    expect(maskedExample('\u001b[31m一٣')).toBe('??99aa9')
    expect(maskedExample('a'.repeat(500))).toHaveLength(60)
  })
})

import type { PublishedFinding } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { FindingsBook, MAX_FINDINGS } from './findings-book.ts'

function finding(given: Partial<PublishedFinding> = {}): PublishedFinding {
  return {
    findingId: '0199c2f0-0000-7000-8000-000000000001',
    connection: 'shop',
    time: 1_700_000_000_000_000,
    eventId: '0199c2f0-0000-7000-8000-000000000002',
    sessionId: '0199c2f0-0000-7000-8000-000000000003',
    place: { kind: 'column', name: 'public.customers.name', databaseId: 1, relid: 2, attno: 3 },
    tag: 'pii.ssn',
    detector: 'ssn',
    confidence: 95,
    count: 1,
    example: '***-**-6789',
    raised: false,
    planVersion: 'abc',
    ...given,
  }
}

describe('FindingsBook', () => {
  it('keeps the latest word on each place and tag, the latest first', () => {
    const book = new FindingsBook()
    book.apply(finding())
    book.apply(finding({ tag: 'pii.email' }))
    book.apply(finding({ count: 3, raised: true }))
    expect(book.list(null)).toMatchObject([
      { place: 'public.customers.name', tag: 'pii.ssn', count: 3, raised: true },
      { tag: 'pii.email', count: 1 },
    ])
    expect(book.list('other')).toEqual([])
  })

  it('is bounded', () => {
    const book = new FindingsBook()
    for (let index = 0; index <= MAX_FINDINGS; index++) book.apply(finding({ connection: `c${index}` }))
    expect(book.list(null)).toHaveLength(MAX_FINDINGS)
    expect(book.list('c0')).toEqual([])
  })
})

import type { FrameHeader, OpenedSegment, Segment, SegmentKind, SensitiveSpan } from '@sluice/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataRow, judgeOf, rowDescription } from './judged.fixture.ts'
import { sanitiseSql } from './sanitise.ts'

type Piece = { readonly kind: SegmentKind; readonly value: string | Buffer; readonly label?: string }

function sanitised(
  pieces: readonly Piece[],
  spans: readonly SensitiveSpan[] = [],
  header: Partial<FrameHeader> = {},
): ReturnType<typeof sanitiseSql> {
  const segments = pieces.map(
    ({ kind, value, label = '' }, index): Segment => ({
      kind,
      label,
      length: Buffer.from(value).length,
      commitment: Buffer.alloc(32, index + 1),
      part: 0,
      parts: 1,
    }),
  )
  const opened = pieces.map(
    ({ kind, value, label = '' }, index): OpenedSegment => ({
      kind,
      label,
      bytes: Buffer.from(value),
      nonce: Buffer.alloc(32, 0xf0 + index),
      part: 0,
      parts: 1,
    }),
  )
  return sanitiseSql(segments, opened, judgeOf(spans, header))
}

const CLEAN = [{ object: 'public.orders', column: 'clean columns', tag: null, how: 'output' }] as const

describe('an analysed statement', () => {
  it('is shown with its values, but for those that stand for sensitive columns', () => {
    const { text, segments } = sanitised(
      [
        { kind: 'text', value: 'select name from customers where ssn = \0 and city = \0 \0 limit \0' },
        { kind: 'literal', value: "'123-45-6789'" },
        { kind: 'literal', value: "'Bonn'" },
        { kind: 'comment', value: '/* for ann */' },
        { kind: 'literal', value: '100000' },
        { kind: 'bind', value: 'open' },
        { kind: 'bind', value: '123-45-6789' },
      ],
      [
        { segment: 1, start: 0, end: 13, tag: 'pii.ssn' },
        { segment: 6, start: 0, end: 11, tag: 'pii.ssn' },
      ],
    )
    expect(text).toBe("select name from customers where ssn = [pii.ssn] and city = 'Bonn' /*…*/ limit 100000")
    expect(segments.map(({ disclosure, reason, tag, bytes }) => [disclosure, reason, tag, bytes?.toString()])).toEqual([
      ['shown', null, null, 'select name from customers where ssn = \0 and city = \0 \0 limit \0'],
      ['altered', 'tag', 'pii.ssn', '[pii.ssn]'],
      ['shown', null, null, "'Bonn'"],
      ['withheld', 'comment', null, undefined],
      ['shown', null, null, '100000'],
      ['shown', null, null, 'open'],
      ['altered', 'tag', 'pii.ssn', '[pii.ssn]'],
    ])
    for (const { disclosure, nonce } of segments) expect(nonce === null).toBe(disclosure !== 'shown')
  })

  it('hides what is a value only with its neighbours', () => {
    const { text, segments } = sanitised([
      { kind: 'text', value: 'select \0 where ssn = \0-\0-\0' },
      { kind: 'literal', value: '7' },
      { kind: 'literal', value: '078' },
      { kind: 'literal', value: '05' },
      { kind: 'literal', value: '1120' },
    ])
    expect(text).toBe("select 7 where ssn = '…'-'…'-'…'")
    expect(segments.map(({ disclosure }) => disclosure)).toEqual(['shown', 'shown', 'withheld', 'withheld', 'withheld'])
  })

  it('hides all of a text whose own words are a value, or that has a span in itself', () => {
    const value = 'select \0'
    const literal = { kind: 'literal', value: '1' } as const
    const spanned = sanitised([{ kind: 'text', value }, literal], [{ segment: 0, start: 0, end: 1, tag: 'pii.ssn' }])
    expect([spanned.text, ...spanned.segments.map(({ bytes }) => bytes)]).toEqual([null, null, null])
  })

  it('withholds what was split: its spans count otherwise, and it is too large', () => {
    const bytes = Buffer.from("'a'")
    const part = (index: number) => ({
      segment: { kind: 'literal', label: '', length: 3, commitment: Buffer.alloc(32), part: index, parts: 2 } as const,
      opened: { kind: 'literal', label: '', bytes, nonce: Buffer.alloc(32), part: index, parts: 2 } as const,
    })
    const text = { kind: 'text', label: '', length: 8, commitment: Buffer.alloc(32), part: 0, parts: 1 } as const
    const opened = {
      kind: 'text',
      label: '',
      bytes: Buffer.from('select \0'),
      nonce: Buffer.alloc(32),
      part: 0,
      parts: 1,
    } as const
    const parts = [part(0), part(1)]
    const { segments } = sanitiseSql(
      [text, ...parts.map(({ segment }) => segment)],
      [opened, ...parts.map((each) => each.opened)],
      judgeOf(),
    )
    expect(segments.map(({ disclosure }) => disclosure)).toEqual(['shown', 'withheld', 'withheld'])
  })

  it('shows a result as it was delivered', () => {
    const result = Buffer.concat([rowDescription({ name: 'n' }), dataRow('7')])
    const { segments } = sanitised([{ kind: 'result', value: result }], [], { touches: CLEAN })
    expect(segments[0]).toMatchObject({ disclosure: 'shown', bytes: result })
    const spanned = sanitised([{ kind: 'result', value: result }], [{ segment: 0, start: 0, end: 1, tag: 'pii.ssn' }], {
      touches: CLEAN,
    })
    expect(spanned.segments[0]).toMatchObject({ disclosure: 'withheld', reason: 'tag' })
  })

  it('lets no sensitive value through, however it is made up', () => {
    const email = 'ann.miller@example.com'
    const card = '4111 1111 1111 1111'
    const ssn = '123-45-6789'
    const span = (segment: number) => ({ segment, start: 0, end: 1, tag: 'pii.ssn' })
    const pieces = fc.array(
      fc.record({
        kind: fc.constantFrom<SegmentKind>('literal', 'comment', 'bind', 'result', 'claim'),
        label: fc.constantFrom('', 'binary', 'user'),
        value: fc.constantFrom(
          `'${email}'`,
          `mail ${email}.`,
          `{"a":"${email.replace('@', '\\u0040')}"}`,
          `\\x${Buffer.from(email).toString('hex')}`,
          card,
          `'${card}'`,
          dataRow(email),
          Buffer.concat([rowDescription({ name: 'x' }), dataRow('1', card)]),
          Buffer.concat([rowDescription({ name: 'x' }), dataRow(card)]),
          `ssn: ${ssn}`,
          '12',
        ),
      }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(pieces, fc.array(fc.nat({ max: 8 }), { maxLength: 2 }), (list, spanned) => {
        const holes = list.findIndex(({ kind }) => kind !== 'literal' && kind !== 'comment')
        const shape = `select ${Array.from({ length: holes < 0 ? list.length : holes }, () => '\0').join(' ')}`
        const { segments, text, claims } = sanitised([{ kind: 'text', value: shape }, ...list], spanned.map(span), {
          touches: CLEAN,
        })
        const readable = [text ?? '', JSON.stringify(claims), ...segments.map(({ bytes }) => bytes?.toString() ?? '')]
        for (const secret of [email, card, ssn, 'ann.miller', Buffer.from(email).toString('hex')]) {
          expect(readable.join(' ')).not.toContain(secret)
        }
        for (const segment of spanned) expect(segments[segment]?.disclosure ?? 'withheld').not.toBe('shown')
        for (const { disclosure, nonce } of segments) expect(nonce === null).toBe(disclosure !== 'shown')
      }),
      { numRuns: 1_000 },
    )
  })
})

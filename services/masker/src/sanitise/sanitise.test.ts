import { type OpenedSegment, type Segment, type SegmentKind, WITHHELD } from '@sluice/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SHOWABLE_KINDS, sanitiseSql, withholdAll } from './sanitise.ts'

type Piece = {
  readonly kind: SegmentKind
  readonly value: string | Buffer
  readonly label?: string
  readonly part?: number
  readonly parts?: number
}

/** Segments and what the opener gives for them. */
function payload(...pieces: readonly Piece[]): { segments: Segment[]; opened: (OpenedSegment | null)[] } {
  const all = pieces.map(({ kind, value, label = '', part = 0, parts = 1 }, index) => {
    const bytes = Buffer.from(value)
    const segment: Segment = { kind, label, length: bytes.length, commitment: Buffer.alloc(32, index + 1), part, parts }
    const opened = { kind, label, bytes, nonce: Buffer.alloc(32, 0xf0 + index), part, parts }
    return { segment, opened: SHOWABLE_KINDS.has(kind) ? opened : null }
  })
  return { segments: all.map(({ segment }) => segment), opened: all.map(({ opened }) => opened) }
}

const sanitised = (...pieces: readonly Piece[]) => {
  const { segments, opened } = payload(...pieces)
  return sanitiseSql(segments, opened)
}

describe('sanitiseSql', () => {
  it('shows a statement, short integers, and nothing of other literals, comments, binds and results', () => {
    const { text, segments } = sanitised(
      { kind: 'text', value: 'select name from customers where ssn = \0 \0 limit \0' },
      { kind: 'literal', value: "'123-45-6789'" },
      { kind: 'comment', value: '-- alice' },
      { kind: 'literal', value: '10' },
      { kind: 'bind', value: 'secret' },
      { kind: 'result', value: 'D…' },
    )
    expect(text).toBe("select name from customers where ssn = '…' /*…*/ limit 10")
    expect(segments.map(({ disclosure, reason }) => [disclosure, reason])).toEqual([
      ['shown', null],
      ['withheld', 'literal'],
      ['withheld', 'comment'],
      ['shown', null],
      ['withheld', 'no-tags'],
      ['withheld', 'no-tags'],
    ])
  })

  it('gives nonce and bytes of what is shown, and neither of what is withheld', () => {
    const { segments } = sanitised({ kind: 'text', value: 'select \0' }, { kind: 'literal', value: "'x'" })
    expect(segments[0]).toMatchObject({ nonce: Buffer.alloc(32, 0xf0), bytes: Buffer.from('select \0') })
    expect(segments[1]).toMatchObject({ nonce: null, bytes: null, commitment: Buffer.alloc(32, 2), length: 3 })
  })

  it('alters a text with names that may hold a value, without its nonce', () => {
    const { text, segments } = sanitised(
      { kind: 'text', value: 'select c4111111111111111, \0' },
      { kind: 'literal', value: '7' },
    )
    expect(text).toBe(`select ${WITHHELD}, 7`)
    expect(segments[0]).toMatchObject({ disclosure: 'altered', reason: 'name', nonce: null })
  })

  it('withholds a text with another number of holes, invalid UTF-8, or uncut literals, and its literals with it', () => {
    const short = { kind: 'literal', value: '1' } as const
    for (const value of ['select \0 \0', 'select', "select 'a' \0", Buffer.from([0xff, 0])]) {
      const { text, segments } = sanitised({ kind: 'text', value }, short)
      expect(text).toBeNull()
      expect(segments.map(({ disclosure, nonce, bytes }) => [disclosure, nonce, bytes])).toEqual([
        ['withheld', null, null],
        ['withheld', null, null],
      ])
    }
  })

  it('judges the parts of a large text as one', () => {
    const shown = sanitised(
      { kind: 'text', value: 'select na', part: 0, parts: 2 },
      { kind: 'text', value: 'me, \0', part: 1, parts: 2 },
      { kind: 'literal', value: '12' },
    )
    expect(shown.text).toBe('select name, 12')
    expect(shown.segments.map(({ disclosure }) => disclosure)).toEqual(['shown', 'shown', 'shown'])
    const altered = sanitised(
      { kind: 'text', value: 'select n1234', part: 0, parts: 2 },
      { kind: 'text', value: '5678', part: 1, parts: 2 },
    )
    expect(altered.text).toBe(`select ${WITHHELD}`)
    expect(Buffer.concat(altered.segments.map(({ bytes }) => bytes ?? Buffer.alloc(0))).toString()).toBe(altered.text)
    const incomplete = sanitised({ kind: 'text', value: 'select', part: 0, parts: 2 }, { kind: 'bind', value: '' })
    expect(incomplete.segments[0]?.disclosure).toBe('withheld')
  })

  it.each([
    ['078-05-1120', "'…'-'…'-'…'"],
    ['(555) 123-4567', "('…') '…'-'…'"],
    ['4111,1111, 1111 ,1111', "'…','…', '…' ,'…'"],
    ['078/* */-/**/05-1120', "'…'/*…*/-/*…*/'…'-'…'"],
    ['12-3, 4', '12-3, 4'],
    ['1 between 2000 and 2024', '1 between 2000 and 2024'],
    ['12 limit 3000 offset 4000', '12 limit 3000 offset 4000'],
  ])('shows numbers that stand together only when they are short together: %s', (value, shown) => {
    const cuts = [...value.matchAll(/\d+|\/\*.*?\*\//g)].map(([cut]) => cut)
    const shape = cuts.reduce((text, cut) => text.replace(cut, '\0'), `select ${value}`)
    const { text, segments } = sanitised(
      { kind: 'text', value: shape },
      ...cuts.map((cut) => ({ kind: cut.startsWith('/') ? ('comment' as const) : ('literal' as const), value: cut })),
    )
    expect(text).toBe(`select ${shown}`)
    const disclosed = segments.slice(1).map(({ nonce, bytes }) => (nonce === null ? null : bytes?.toString()))
    const readable = shown.match(/\d+/g) ?? []
    expect(disclosed.filter((bytes) => bytes !== null)).toEqual(readable)
    expect(segments.slice(1).filter(({ bytes }) => bytes !== null)).toHaveLength(readable.length)
  })

  it('shows claims that can hardly be a value', () => {
    const { claims, segments } = sanitised(
      { kind: 'claim', label: 'application_name', value: 'psql (18.1)' },
      { kind: 'claim', label: 'user', value: 'alice@example.com' },
      { kind: 'claim', label: 'database', value: '123-45-6789' },
    )
    expect(claims).toEqual({ application_name: 'psql (18.1)' })
    expect(segments.map(({ disclosure }) => disclosure)).toEqual(['shown', 'withheld', 'withheld'])
  })

  it('lets no secret through, however the segments are made up', () => {
    const secret = '4111-1111-1111-1111'
    const pieces = fc.array(
      fc.record({
        kind: fc.constantFrom<SegmentKind>('text', 'literal', 'comment', 'bind', 'result', 'claim'),
        label: fc.constantFrom('', 'user'),
        value: fc.constantFrom(
          secret,
          `'${secret}'`,
          `x ${secret}`,
          `"${secret}"`,
          'select \0',
          '\0',
          `-- ${secret}`,
          '12',
          `a_${secret.replaceAll('-', '')}`,
        ),
        part: fc.nat({ max: 2 }),
        parts: fc.integer({ min: -1, max: 3 }),
      }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(pieces, (list) => {
        const { segments, text, claims } = sanitised(...list)
        expect(segments).toHaveLength(list.length)
        const readable = [
          text ?? '',
          JSON.stringify(claims),
          ...segments.map(({ bytes }) => bytes?.toString() ?? ''),
        ].join(' ')
        expect(readable).not.toContain(secret)
        expect(readable).not.toContain(secret.replaceAll('-', ''))
        for (const { disclosure, nonce } of segments) expect(nonce === null).toBe(disclosure !== 'shown')
      }),
      { numRuns: 500 },
    )
  })
})

describe('withholdAll', () => {
  it('keeps the descriptions only', () => {
    const { segments } = payload({ kind: 'text', value: 'select' })
    expect(withholdAll(segments, 'unsanitised')).toEqual({
      segments: [
        { ...segments[0], disclosure: 'withheld', nonce: null, bytes: null, reason: 'unsanitised', tag: null },
      ],
      text: null,
      claims: {},
    })
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from './analyze.ts'
import { type Review, reviewParameter, reviewText } from './review-text.ts'

beforeAll(loadParser)

const MAX_BYTES = 4096

function review(text: string): Exclude<Review, { tooLong: true }> {
  const reviewed = reviewText(text, { maxBytes: MAX_BYTES })
  if ('tooLong' in reviewed) throw new Error(`too long: ${text.slice(0, 80)}`)
  return reviewed
}

describe('a statement for a reviewer', () => {
  it.each<[string, string]>([
    ["update  orders\n\tset status='shipped'\n where id=7 ;", "update orders set status='shipped' where id=7 ;"],
    ["select 'Ada Lovelace', '', 12345678, 1.5, $1", "select 'Ada Lovelace', '', 12345678, 1.5, $1"],
    ['select 123456789, 1e30, 0x1F', 'select ‹9 digits›, 1e30, ‹4 characters›'],
    ["select '819-12-3456', 'a@b.example', 'x12345'", "select '‹11 characters›', '‹11 characters›', '‹6 characters›'"],
    ["select 'it''s'", "select '‹4 characters›'"],
    ["select ('42'::int4), '-1.5', '12345'", "select ('42'::int4), '-1.5', '‹5 characters›'"],
    [
      "select e'a\\x41b', E'plain', U&'d\\0061t', $tag$plain$tag$, $$a;b$$",
      "select '‹3 characters›', 'plain', '‹3 characters›', 'plain', '‹3 characters›'",
    ],
    ["select b'0101', x'ff'", "select '‹4 characters›', '‹2 characters›'"],
    ["select 'abcdefghijklmnopqrstuvwxyz'", "select '‹26 characters›'"],
    [`select '${'ab '.repeat(30)}'`, "select '‹90 characters›'"],
    ["select 'one'\n  'two'", "select 'onetwo'"],
    ['delete/**/from/* x /* y */ */t', 'delete from t'],
    [
      'select "a\u202eb", "x\u200by", "ｆull", "tаb", "é", "שלום"',
      'select "a\\u{202e}b", "x\\u{200b}y", "\\u{ff46}ull", "tаb", "é", "\\u{5e9}\\u{5dc}\\u{5d5}\\u{5dd}"',
    ],
    ["select 'Ada\u00a0x', 'e\u0301'", "select '‹5 characters›', '‹2 characters›'"],
    ['select t123456789, $123456789', 'select t‹9 digits›, $‹9 digits›'],
    ['select "a\u02bcb", "a\u115fb"', 'select "a\\u{2bc}b", "a\\u{115f}b"'],
    ['select "a\u0001b\u007f"', 'select "a\\u{1}b\\u{7f}"'],
    ["select 'not ended", "select '‹10 characters›'"],
  ])('%j', (text, shown) => {
    expect(review(text).text).toBe(shown)
  })

  it('counts the comments that it leaves out', () => {
    expect(review('/* 1 */ delete -- 2\n from /* 3 /* 3 */ */ t').commentsRemoved).toBe(3)
    expect(review("select 'a' -- it's\n 'b'")).toMatchObject({ text: "select 'ab'", commentsRemoved: 1 })
  })

  it.each<[string, string]>([
    ['/* select 1 */ update orders set a = 1 where id in (select u.id from u)', 'UPDATE orders'],
    ['with d as (select 1) delete from public.orders using d', 'DELETE public.orders'],
    ['insert into t select * from u', 'INSERT t'],
    ['drop table a, "B\u202ec"', 'DROP TABLE a, "B\\u{202e}c"'.replaceAll('"', '')],
    ['select * from customers', 'SELECT customers'],
    ['select 1', 'SELECT'],
    ['select * from a for update', 'SELECT FOR UPDATE a'],
    ['commit', 'COMMIT'],
    ['delete from t; commit', 'DELETE t; COMMIT'],
    ['delete frm t', 'DELETE'],
    ['', 'nothing'],
  ])('is summarised, verb and targets first: %s', (text, summary) => {
    expect(review(text).summary).toBe(summary)
  })

  it('is too long by what is shown, not by its comments and values', () => {
    expect(review(`${'/* x */ '.repeat(112_500)}delete from t`)).toMatchObject({
      text: 'delete from t',
      summary: 'DELETE t',
      commentsRemoved: 112_500,
    })
    expect(review(`/*${'x'.repeat(900_000)}*/ select '${'y'.repeat(900_000)}'`).text).toBe(
      "select '‹900000 characters›'",
    )
    expect(reviewText(`select ${'a, '.repeat(2000)} 1`, { maxBytes: MAX_BYTES })).toEqual({ tooLong: true })
    expect(reviewText(`select "${'a'.repeat(900_000)}"`, { maxBytes: MAX_BYTES })).toEqual({ tooLong: true })
  })
})

describe('a parameter for a reviewer', () => {
  it.each<[Buffer, boolean, number, string]>([
    [Buffer.from('7'), false, 0, '7'],
    [Buffer.from('123456789'), false, 0, '‹9 digits›'],
    [Buffer.from('shipped'), false, 0, "'shipped'"],
    [Buffer.from('819-12-3456'), false, 25, "'‹11 characters›'"],
    [Buffer.from('a\u202eb'), false, 25, "'‹3 characters›'"],
    [Buffer.from([0xff, 0xfe]), false, 25, "'‹2 characters›'"],
    [Buffer.from([0, 0, 0, 7]), true, 23, '7'],
    [Buffer.from([0x7f, 0xff, 0xff, 0xff]), true, 23, '‹10 digits›'],
    [Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]), true, 20, '7'],
    [Buffer.from([0, 7]), true, 21, '7'],
    [Buffer.from([0, 7]), true, 23, '‹2 bytes›'],
    [Buffer.from([1]), true, 16, 'true'],
    [Buffer.from([0]), true, 16, 'false'],
    [Buffer.from('shipped'), true, 25, "'shipped'"],
    [Buffer.from([1]), true, 0, '‹1 byte›'],
  ])('%j, binary: %s, of type %i', (bytes, binary, typeOid, shown) => {
    expect(reviewParameter(bytes, binary, typeOid)).toBe(shown)
  })
})

describe('whatever the text', () => {
  const HIDDEN = /[^\P{C}]|[^\P{Z} ]|[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u0590-\u08ff]/u
  const DIGITS = /\d{9}/
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\n',
      "E'",
      "U&'",
      'U&"',
      "b'",
      '\\',
      '\u202e',
      '\u200b',
      ' ',
    ),
    fc.constantFrom(
      '\u2066',
      '\u3164',
      '\ufe0f',
      '\u{e0041}',
      '\ud800',
      '\u0301',
      'שלום',
      'ｆ',
      '\u0085',
      '\u00ad',
      '\r',
    ),
    fc.stringMatching(/^[0-9]{1,30}$/),
    fc.constantFrom('select', 'update t set', 'from', '$1', '::', ';'),
  )
  const texts = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('').replaceAll('\0', ''))

  it('shows nothing hidden, no long number, and no more than allowed', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 400 }), (text, maxBytes) => {
        const reviewed = reviewText(text, { maxBytes })
        if ('tooLong' in reviewed) return
        for (const shown of [reviewed.text, reviewed.summary]) {
          expect(shown).not.toMatch(HIDDEN)
          expect(shown).not.toMatch(DIGITS)
        }
        expect(Buffer.byteLength(reviewed.text)).toBeLessThanOrEqual(maxBytes)
      }),
      { numRuns: 2000 },
    )
  })

  it('shows no more of a parameter', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), fc.constantFrom(0, 16, 20, 21, 23, 25), (bytes, binary, oid) => {
        const shown = reviewParameter(Buffer.from(bytes), binary, oid)
        expect(shown).not.toMatch(HIDDEN)
        expect(shown).not.toMatch(DIGITS)
        expect(shown.length).toBeLessThan(600)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes time by its length only', () => {
    const timeOf = (text: string): number => {
      const start = process.cpuUsage().user
      reviewText(text, { maxBytes: MAX_BYTES })
      return process.cpuUsage().user - start
    }
    for (const unit of ["'", '/*', '$a', "''", "E'\\", '--\n', "'a'\n", '"', 'U&"', '1', "'a'--\n"]) {
      const text = unit.repeat(Math.floor(900_000 / unit.length))
      // Quadratic time would be minutes.
      expect(timeOf(text)).toBeLessThan(3_000_000)
    }
  })
})

import fc from 'fast-check'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, it } from 'vitest'
import { cutLiterals, MAX_CUTS } from './cut-literals.ts'
import { walk } from './names.ts'
import { type FoundLiteral, stringLiterals, touchedLiterals } from './touched-literals.ts'

beforeAll(async () => {
  await loadModule()
})

function literalAt(text: string, byteOffset: number, serverMajor?: number): FoundLiteral | null {
  return touchedLiterals(text, [byteOffset], serverMajor)[0] ?? null
}

/** The literal where `‸` stands, which is no part of the text. */
function at(marked: string, serverMajor?: number): FoundLiteral | null {
  const text = marked.replace('‸', '')
  return literalAt(text, Buffer.byteLength(marked.slice(0, marked.indexOf('‸'))), serverMajor)
}

/** What its span covers in what is recorded. */
function recorded(marked: string): string | null {
  const span = at(marked)?.span
  if (!span) return null
  const segment = cutLiterals(marked.replace('‸', ''))[span.segment]
  return segment?.bytes.subarray(span.start, span.end).toString('utf8') ?? 'no such segment'
}

describe('a literal that was touched', () => {
  it.each<[string, string, string]>([
    ["select ‸'it''s'", "it's", "'it''s'"],
    ["select 'é', /* c */ ‸'x'::text", 'x', "'x'"],
    ["select date ‸'2020-01-01'", '2020-01-01', "'2020-01-01'"],
    ["select cast(‸'x' as text)", 'x', "'x'"],
    ["select ‸E'\\x41\\102\\u0043\\t\\'\\q''\\U0001f642'", "ABC\t'q'🙂", "E'\\x41\\102\\u0043\\t\\'\\q''\\U0001f642'"],
    ["select ‸e'\\xc3\\xa9\\ud83d\\ude42'", 'é🙂', "e'\\xc3\\xa9\\ud83d\\ude42'"],
    ["select ‸U&'d\\0061t\\+000061\\\\'", 'data\\', "U&'d\\0061t\\+000061\\\\'"],
    ["select ‸u&'!0061\\' /* c */ uescape -- d\n '!' from t", 'a\\', "u&'!0061\\'"],
    ["select ‸'a' -- b\n 'c'", 'ac', "'a' -- b\n 'c'"],
    ["select ‸$q$it's$$$q$", "it's$$", "$q$it's$$$q$"],
    ["select ‸b'101', 1", 'b101', "b'101'"],
    ["select ‸b'1' --0\n'1' --0\n''", 'b11', "b'1' --0\n'1' --0\n''"],
    ["select ‸b'' --1\n'0' --1\n'0'", 'b00', "b'' --1\n'0' --1\n'0'"],
    ["select ‸b'1010'", 'b1010', "b'1010'"],
    ["select ‸X'1F'", 'x1F', "X'1F'"],
    ['select 1, ‸2.50e3', '2.50e3', '2.50e3'],
    ['select ‸-5', '-5', '5'],
    ['select ‸- /* c */ 5.5', '-5.5', '5.5'],
    ['select ‸-(( 5 ))', '-5', '5'],
    ['select ‸- - -5', '-5', '5'],
    ['select - ‸-5', '-5', '5'],
    ['select ‸- -5', '5', '5'],
    ['select a=‸-1', '-1', '1'],
    ["select 🙂 from é where ñ = ‸'🙂'", '🙂', "'🙂'"],
  ])('%s', (marked, value, source) => {
    expect(at(marked)?.value).toBe(value)
    expect(recorded(marked)).toBe(source)
  })

  it.each([
    '‸select 1',
    'select ‸a',
    "select '‸x'",
    'select 1‸2',
    'select 1‸',
    'select ‸- a',
    "select ‸- '5'",
    'select ‸"x"',
    'select ‸$1',
  ])('none: %s', (marked) => {
    expect(at(marked)).toBeNull()
  })

  it('has no place for words in what is recorded', () => {
    expect(at('select a = ‸TRUE')).toMatchObject({ value: 'true', span: null })
    expect(at('select ‸null')).toMatchObject({ value: 'null', span: null })
    expect(literalAt('select 1', -1)).toBeNull()
    expect(literalAt("select 'é'", 9)).toBeNull()
  })

  it('reads as the version of the server does', () => {
    expect(at("select ‸E'\\v'", 16)?.value).toBe('v')
    expect(at("select ‸E'\\v'", 17)?.value).toBe('\v')
  })

  it('finds literals in what is beyond the last cut', () => {
    const head = `select ${"'é', ".repeat(MAX_CUTS)}`
    expect(recorded(`${head}‸'ü'`)).toBe("'ü'")
    expect(recorded(`${head}'ü', -- ö\n ‸'x'`)).toBe("'x'")
  })
})

const pieces = fc.constantFrom(
  "''",
  'a',
  'é',
  '🙂',
  '!',
  '\\\\',
  '\\n',
  '\\101',
  '\\xe9x',
  '\\u00e9',
  '\\ud83d\\ude42',
  '\\U0001F642',
  '!00e9',
  '!+01F642',
  '!!',
  '-- x',
  ' ',
  '\n',
)
const content = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''))
const literals = fc.oneof(
  content.map((inner) => `'${inner}'`),
  content.map((inner) => `E'${inner}'`),
  content.map((inner) => `U&'${inner.replaceAll('\\', '')}' uescape '!'`),
  content.map((inner) => `$é$${inner}$é$`),
  fc.constantFrom('1', '-2', '- 3.5', '-(4)', '1e5', '0x1F', '1_000', '-99999999999', 'true', 'null', "b'10'", "X'aF'"),
)

type Constant = {
  readonly location?: number
  readonly sval?: { readonly sval?: string }
  readonly ival?: { readonly ival?: number }
  readonly fval?: { readonly fval?: string }
}

describe('touchedLiterals', () => {
  it('finds what PostgreSQL’s parser found, with its value', () => {
    fc.assert(
      fc.property(fc.array(literals, { minLength: 1, maxLength: 6 }), (list) => {
        const text = `select 'é' as "'", ${list.join(' /* é */, ')} from t`
        let tree: unknown
        try {
          tree = parseSync(text)
        } catch {
          // Bytes that are no character, for instance.
          return
        }
        const constants: Constant[] = []
        walk(tree, (node, type) => {
          if (type === 'A_Const') constants.push(node)
          return true
        })
        const found = touchedLiterals(
          text,
          constants.map(({ location }) => location ?? 0),
        )
        const meant = constants.map(({ sval, ival }, index) => {
          const value = found[index]?.value ?? 'not found'
          return sval === undefined && ival !== undefined ? Number(value.replaceAll('_', '')) : value
        })
        const told = constants.map(
          ({ sval, ival }, index) => sval?.sval ?? ival?.ival ?? (sval ? '' : ival ? 0 : meant[index]),
        )
        expect(meant).toEqual(told)
        expect(meant).not.toContain('not found')
        const strings = constants.flatMap(({ sval }) => (sval === undefined ? [] : [sval.sval ?? '']))
        for (const value of strings) expect(stringLiterals(text)).toContain(value)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws, and finds spans of whole literals', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.array(fc.nat({ max: 80 }), { maxLength: 20 }),
        (noise, offsets) => {
          const text = noise.replaceAll('\0', '').toWellFormed()
          const segments = cutLiterals(text)
          for (const literal of touchedLiterals(text, offsets)) {
            if (literal === null || literal.span === null) continue
            const { segment, start, end } = literal.span
            expect(segments[segment]?.bytes.subarray(start, end).toString()).toBe(
              text.slice(literal.start, literal.end),
            )
          }
          stringLiterals(text)
        },
      ),
    )
  })

  it('takes time by the length of the text only', () => {
    const many = `select ${"'x', ".repeat(100_000)}1`
    const offsets = Array.from({ length: 5_000 }, (_, index) => 7 + 5 * (index * 20))
    const began = performance.now()
    expect(touchedLiterals(many, offsets).every((literal) => literal?.value === 'x')).toBe(true)
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskPlain } from '../strategies/scanned-text.ts'
import { detectors } from './detectors.ts'
import { FORMATTING } from './normalised-text.ts'
import { scanText } from './scan-text.ts'

const BUILT_IN = detectors({ detectors: [] })
const masked = (text: string): string => maskPlain(text, BUILT_IN.scan(text))

const letters = (fewest: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'.split('')), minLength: fewest, maxLength: most })
const token = (length: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(...'abcXYZ0123456789'.split('')), minLength: length - 1, maxLength: length - 1 })
    .map((text) => `${text}7`)
const digitsOf = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: length, maxLength: length })

const withCheckDigit = (digits: string): string => {
  const sum = digits.split('').reduce((total, digit, index) => {
    const doubled = Number(digit) * ((digits.length - index) % 2 === 1 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return digits + String((10 - (sum % 10)) % 10)
}

const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  email: fc.tuple(letters(1, 20), letters(1, 20), letters(2, 4)).map(([name, host, top]) => `${name}@${host}.${top}`),
  pan: fc
    .tuple(fc.constantFrom('4', '51', '55', '6011'), digitsOf(15), fc.constantFrom('', ' ', '-'))
    .map(([head, rest, separator]) =>
      (withCheckDigit((head + rest).slice(0, 15)).match(/.{4}/g) as string[]).join(separator),
    ),
  ssn: fc
    .tuple(fc.integer({ min: 1, max: 665 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 9999 }))
    .map(([area, group, serial]) =>
      [String(area).padStart(3, '0'), String(group).padStart(2, '0'), String(serial).padStart(4, '0')].join('-'),
    ),
  phone: digitsOf(10).map((rest) => `+4${rest}`),
  iban: fc.constantFrom('DE89370400440532013000', 'GB82 WEST 1234 5698 7654 32', 'NL91ABNA0417164300'),
  github: token(36).map((text) => `ghp_${text}`),
  aws: digitsOf(16).map((text) => `AKIA${text}`),
  jwt: token(30).map((text) => `eyJhbGciOiJ${text}.eyJ${text}.${text}`),
}

/** Text between words, as it could stand before and behind a value. */
const around = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        'ssn',
        'call',
        'card',
        'password: ',
        'password is ',
        'token=',
        '[pii.ssn]',
        '"',
        '{',
        '@',
        '123',
        '12 34',
        '\n',
        '://',
      ),
      ...Object.values(VALUES),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(' '))
const anyText = fc
  .array(fc.oneof(around, fc.string({ unit: 'binary' })), { maxLength: 5 })
  .map((parts) => parts.join(''))

describe('what is masked', () => {
  it.each(Object.keys(VALUES))('never holds the value, wherever it stands: %s', (kind) => {
    const edge = fc.constantFrom(' ', '\n', '"', "'", '(', ')', ',', ';', '<', '>', '|', '')
    fc.assert(
      fc.property(
        around,
        edge,
        VALUES[kind] as fc.Arbitrary<string>,
        edge,
        around,
        (before, left, value, right, after) => {
          // Without an edge, what stands beside would be a part of another value.
          const open = left === '' ? ' ' : left
          const close = right === '' ? ' ' : right
          expect(masked(`${before} ${open}${value}${close} ${after}`)).not.toContain(value)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('holds nothing that a second scan would find', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = masked(text)
        expect(masked(once)).toBe(once)
      }),
      { numRuns: 2000 },
    )
  })

  it('is what the look at bytes lets through: where a scan finds something, the look says so', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('plain', 'json', 'xml'), (text, syntax) => {
        const bytes = Buffer.from(`x${text}x`)
        const inside = bytes.toString('utf8', 1, bytes.length - 1)
        if (BUILT_IN.scan(inside, { syntax }).length === 0) return
        expect(BUILT_IN.mayHold(bytes, 1, bytes.length - 1)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('is in order and within the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let last = 0
        for (const { start, end } of BUILT_IN.scan(text)) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
          last = end
        }
      }),
    )
  })
})

describe('characters that are decoded', () => {
  it('are seen in bytes, each of them', () => {
    const unseen: string[] = []
    for (let code = 0x80; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const character = String.fromCodePoint(code)
      if (!FORMATTING.test(character)) continue
      const bytes = Buffer.from(`a${character}a`)
      if (!BUILT_IN.mayHold(bytes, 0, bytes.length)) unseen.push(code.toString(16))
    }
    expect(unseen).toEqual([])
  })
})

/** Counts every character that is looked at: as an index, by a method that looks at one, or within a piece that is cut out. */
const counted = (text: string): { readonly text: string; readonly steps: () => number } => {
  let steps = 0
  const target = Object(text) as object
  const counting = new Proxy(target, {
    get(_target, key) {
      if (key === 'length') return text.length
      if (typeof key === 'string' && /^-?\d+$/.test(key)) {
        steps++
        return text[Number(key)]
      }
      const method = Reflect.get(String.prototype, key) as unknown
      if (typeof method !== 'function') return method
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(method, text, args)
        steps += typeof result === 'string' && key !== 'toString' ? result.length : 1
        return result
      }
    },
  })
  return { text: counting as unknown as string, steps: () => steps }
}

describe('the work of a scan', () => {
  const MOST_STEPS = 150
  const stepsOf = (piece: string, length: number): number => {
    const { text, steps } = counted(piece.repeat(Math.ceil(length / piece.length)))
    scanText(text)
    return steps()
  }

  it.each(['a', 'a@', '1', '0123456789'])('is little for 200 kB of %j', (piece) => {
    expect(stepsOf(piece, 200_000)).toBeLessThan(10 * 200_000)
  })

  it.each([
    'a',
    '1',
    '@',
    ':',
    '-',
    '=',
    'a@',
    'a@a.',
    '1 ',
    '1-',
    '1234 ',
    '123-45-',
    'DE89',
    'eyJ',
    'eyJa.',
    'eyJ.',
    ' eyJaaaaaaaaaa.aaaaaaaaaaaa',
    'ghp_',
    'sk-',
    'AKIA',
    '://',
    'a://a:',
    'x://u:p',
    'password:',
    'token=',
    'password is ',
    'passw',
    'token=a',
    'password="',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\n',
    '"@a.b',
    '[pii.ssn] 1234567 ',
    '+1',
    '(1',
    '4111 ',
  ])('grows with the text, not faster: %j', (piece) => {
    expect(stepsOf(piece, 20_000)).toBeLessThan(MOST_STEPS * 20_000)
  })
})

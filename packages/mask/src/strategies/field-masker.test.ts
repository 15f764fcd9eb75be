import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectors } from '../detectors/detectors.ts'
import type { Source } from '../lineage/lineage.ts'
import type { MaskedOutput, OutputMask } from '../lineage/mask-decision.ts'
import type { Strategy } from '../plan/plan.ts'
import { fieldMasker, type MaskedField, SCANNED } from './field-masker.ts'
import { maskKeys } from './mask-keys.ts'
import type { FieldFormat } from './redact.ts'
import { detokenize } from './token.ts'

const DETECTORS = detectors({ detectors: [] })
const SECRET = Buffer.alloc(32, 7)
const KEYS = maskKeys(SECRET, 'shop')
const [TEXT, INT4, VARCHAR, BPCHAR, JSON_ID, JSONB, XML, BYTEA, TEXTS, JSONBS] = [
  25, 23, 1043, 1042, 114, 3802, 142, 17, 1009, 3807,
]

const source = (name: string, tags: readonly string[]): Source => ({
  relid: 1,
  attno: 1,
  name: `public.customers.${name}`,
  verdict: 'tagged',
  tags,
})

const output = (type: number, mask: OutputMask, sources: readonly Source[] = []): MaskedOutput => ({
  name: 'x',
  type,
  mask,
  sources,
})

const whole = (strategy: Strategy, computed = false, tag = 'pii.ssn'): OutputMask => ({
  kind: 'mask',
  strategy,
  tag,
  computed,
})

const show = (field: MaskedField): string | null | undefined =>
  Buffer.isBuffer(field) ? field.toString('utf8') : field

/** In the middle of a buffer, as in a row. */
const maskOne = (
  of: MaskedOutput,
  value: string | Buffer,
  { format = 'text', keys = KEYS }: { format?: FieldFormat; keys?: typeof KEYS | null } = {},
): string | null | undefined => {
  const bytes = Buffer.from(value)
  const row = Buffer.concat([Buffer.from('4111111111111111'), bytes, Buffer.from('@example.com')])
  return show(fieldMasker(of, format, keys, DETECTORS)?.mask(row, 16, 16 + bytes.length))
}

describe('fields', () => {
  it('pass where they are clear', () => {
    expect(fieldMasker(output(TEXT, { kind: 'clear' }), 'text', KEYS, DETECTORS)).toBeNull()
  })

  it('are NULL where they were, if they are stored ones', () => {
    const nulls = (['redact', 'partial', 'tokenize', 'hash'] as const).map(
      (strategy) => fieldMasker(output(TEXT, whole(strategy)), 'text', KEYS, DETECTORS)?.nullBecomes,
    )
    expect(nulls).toEqual([undefined, undefined, undefined, undefined])
    expect(fieldMasker(output(TEXT, { kind: 'scan' }), 'text', KEYS, DETECTORS)?.nullBecomes).toBeUndefined()
  })

  it('are one constant where they were computed, NULL or not, whatever the strategy', () => {
    for (const strategy of ['redact', 'partial', 'tokenize', 'hash'] as const) {
      const masker = fieldMasker(output(TEXT, whole(strategy, true)), 'text', KEYS, DETECTORS)
      const values = ['a', '', '123-45-6789'].map((value) => masker?.mask(Buffer.from(value), 0, value.length))
      expect([...values, masker?.nullBecomes].map(show)).toEqual(Array<string>(4).fill('[pii.ssn]'))
      // No row has a buffer of its own.
      expect(new Set([...values, masker?.nullBecomes]).size).toBe(1)
    }
    const unknown = fieldMasker(output(16_400, whole('redact', true)), 'binary', KEYS, DETECTORS)
    expect([unknown?.mask(Buffer.from('a'), 0, 1), unknown?.nullBecomes]).toEqual([null, null])
    const asNull = fieldMasker(output(TEXT, whole('null', true)), 'text', KEYS, DETECTORS)
    expect([asNull?.mask(Buffer.from('a'), 0, 1), asNull?.nullBecomes]).toEqual([null, null])
  })

  it('name no tag where they are of several', () => {
    const both = [source('ssn', ['pii.ssn']), source('email', ['pii.email'])]
    expect(maskOne(output(TEXT, whole('redact', true), both), 'a')).toBe('[redacted]')
    expect(maskOne(output(TEXT, whole('redact', true), both.slice(0, 1)), 'a')).toBe('[pii.ssn]')
  })

  it('are redacted where a strategy has no key, or the type is no text', () => {
    expect(maskOne(output(TEXT, whole('tokenize')), 'a', { keys: null })).toBe('[pii.ssn]')
    expect(maskOne(output(TEXT, whole('hash')), 'a', { keys: null })).toBe('[pii.ssn]')
    for (const strategy of ['partial', 'tokenize', 'hash'] as const) {
      expect(maskOne(output(INT4, whole(strategy)), '123456789')).toBe('0')
      expect(maskOne(output(JSONB, whole(strategy)), '"123456789"')).toBe('"[pii.ssn]"')
    }
  })
})

describe('parts', () => {
  it.each([
    ['pii.email', 'customer1@example.org', 'c****@example.org'],
    ['pii.email', 'jo@example.org', '****@example.org'],
    ['pii.email', 'Ünal.K@example.org', 'Ü****@example.org'],
    ['pii.email', 'a@b@example.org', '[pii.email]'],
    ['pii.email', '123-45-6789', '[pii.email]'],
    ['pii.ssn', '123-45-6789', '***-**-6789'],
    ['pii.ssn', '123456789', '***-**-6789'],
    ['pii.ssn', '6789', '[pii.ssn]'],
    ['pci.pan', '4111 1111 1111 1234', '**** **** **** 1234'],
    ['pci.pan', '378282246310005', '**** **** **** 0005'],
    ['pci.pan', '411', '[pci.pan]'],
    ['pii.iban', 'DE89 3704 0044 0532 0130 00', '****3000'],
    ['pii.phone', '+1 (415) 555-2671', '****2671'],
    ['pii.phone', 'call me', '[pii.phone]'],
    ['internal.id', 'ABCD-1234', '****1234'],
    ['internal.id', 'ABC1234', '[internal.id]'],
    ['internal.id', '😀😀😀😀😀😀😀', '[internal.id]'],
    ['internal.id', `${'x'.repeat(2000)}1234`, '[internal.id]'],
  ])('of %s: %j is %j', (tag, value, left) => {
    expect(maskOne(output(VARCHAR, whole('partial', false, tag)), value)).toBe(left)
  })

  it('leave out the spaces that fill a column of fixed width', () => {
    expect(maskOne(output(BPCHAR, whole('partial')), '123-45-6789   ')).toBe('***-**-6789')
  })
})

describe('tokens', () => {
  const token = maskOne(output(TEXT, whole('tokenize')), '123-45-6789') as string

  it('are the same for the same value, and are turned back with the key of their connection and tag only', () => {
    expect(token).toMatch(/^tok_ssn_[A-Za-z0-9_-]+$/)
    expect(maskOne(output(VARCHAR, whole('tokenize')), '123-45-6789')).toBe(token)
    expect(maskOne(output(TEXT, whole('tokenize')), '123-45-6780')).not.toBe(token)
    expect(detokenize(token, KEYS, 'pii.ssn')?.toString()).toBe('123-45-6789')
    expect(detokenize(token, KEYS, 'other.ssn')).toBeNull()
    expect(detokenize(token, maskKeys(SECRET, 'other'), 'pii.ssn')).toBeNull()
    expect(detokenize(token, maskKeys(Buffer.alloc(32, 8), 'shop'), 'pii.ssn')).toBeNull()
  })

  it('are none with a character changed, left out or added', () => {
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A'
      expect(detokenize(token.slice(0, at) + other + token.slice(at + 1), KEYS, 'pii.ssn')).toBeNull()
    }
    expect(detokenize(token.slice(0, -1), KEYS, 'pii.ssn')).toBeNull()
    expect(detokenize(`${token}A`, KEYS, 'pii.ssn')).toBeNull()
  })

  it('hold nothing as well', () => {
    const empty = maskOne(output(TEXT, whole('tokenize')), '') as string
    expect(detokenize(empty, KEYS, 'pii.ssn')?.length).toBe(0)
  })

  it('are others than hashes, which differ between connections', () => {
    const hash = maskOne(output(TEXT, whole('hash')), '123-45-6789')
    expect(hash).toMatch(/^hash_ssn_[A-Za-z0-9_-]{43}$/)
    const other = maskOne(output(TEXT, whole('hash')), '123-45-6789', { keys: maskKeys(SECRET, 'other') })
    expect(other).not.toBe(hash)
  })

  it('need a secret', () => {
    expect(() => maskKeys(Buffer.alloc(31), 'shop')).toThrow('less than 32 bytes')
  })
})

const hexEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const scanned = (type: number, sources: readonly Source[] = []): MaskedOutput => output(type, { kind: 'scan' }, sources)

describe('free text', () => {
  it('passes untouched where nothing is found, and has the tag instead of what is', () => {
    expect(maskOne(scanned(TEXT), 'nothing here')).toBeUndefined()
    expect(maskOne(scanned(TEXT), 'mail john@example.com, card 4111 1111 1111 1111.')).toBe(
      'mail [pii.email], card [pci.pan].',
    )
    expect(fieldMasker(scanned(TEXT), 'text', KEYS, DETECTORS)?.tag).toBe(SCANNED)
  })

  it('knows the column’s name, whatever the statement calls it', () => {
    expect(maskOne(scanned(TEXT), '587654321')).toBeUndefined()
    expect(maskOne(scanned(TEXT, [source('ssn', [])]), '587654321')).toBe('[pii.ssn]')
  })

  it.each([
    ['{"mail": "john@example.com", "n": 1}', '{"mail": "[pii.email]", "n": 1}'],
    [String.raw`{"mail": "john\u0040example.com"}`, '{"mail": "[pii.email]"}'],
    [String.raw`{"a": "x\n4111\u00201111 1111 1111\"y"}`, String.raw`{"a": "x\n[pci.pan]\"y"}`],
    ['{"john@example.com": true}', '{"[pii.email]": true}'],
    ['{"pan": 4111111111111111, "b": [1, 2]}', '{"pan": "[pci.pan]", "b": [1, 2]}'],
    ['{"ssn":587654321}', '{"ssn":"[pii.ssn]"}'],
    ['{"type":"ssn","value":"587654321"}', '{"type":"ssn","value":"[pii.ssn]"}'],
    ['{"password":"hunter2 x"}', '{"password":"[secret.password]"}'],
    ['"john@example.com"', '"[pii.email]"'],
    ['4111111111111111', '"[pci.pan]"'],
    [JSON.stringify({ inner: '{"mail":"john@example.com"}' }), String.raw`{"inner":"{\"mail\":\"[pii.email]\"}"}`],
  ])('stays JSON: %s', (value, masked) => {
    expect(maskOne(scanned(JSON_ID), value)).toBe(masked)
    expect(maskOne(scanned(JSONB), `\u0001${value}`, { format: 'binary' })).toBe(`\u0001${masked}`)
    expect(JSON.parse(masked)).toBeDefined()
  })

  it('stays JSON of the same shape, without any of the values, however they are escaped', () => {
    const value = fc.constantFrom('john@example.com', '4111 1111 1111 1111', '123-45-6789', '+41 44 123 45 67')
    const text = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), value, fc.constantFrom('', ' "', '\\', '\n'))
    const json = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        text.map(([before, found, after]) => `${before} ${found}${after}`),
        fc.constantFrom(4111111111111111, 5, true, null),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'ssn', 'x"y', 'password'), tie('node'), { maxKeys: 3 }),
      ),
    })).node
    const shapeOf = (node: unknown): unknown => {
      if (Array.isArray(node)) return node.map(shapeOf)
      if (typeof node !== 'object' || node === null) return 'leaf'
      return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, shapeOf(each)]))
    }
    fc.assert(
      fc.property(json, fc.boolean(), (node, escaped) => {
        const plain = JSON.stringify(node)
        const written = escaped ? plain.replace(/[@+ -]/g, (character) => hexEscape(character)) : plain
        const masked = maskOne(scanned(JSON_ID), written) ?? written
        expect(shapeOf(JSON.parse(masked))).toEqual(shapeOf(node))
        const shown = JSON.stringify(JSON.parse(masked))
        expect(shown).not.toMatch(/john@|4111 ?1111 ?1111|123-45-6789|123 45 67/)
      }),
      { numRuns: 500 },
    )
  })

  it('is masked whole where it is no JSON', () => {
    expect(maskOne(scanned(JSON_ID), '{"a": "john@example.com"')).toBe('"[redacted]"')
  })

  it('is masked whole where binary jsonb has another version', () => {
    expect(maskOne(scanned(JSONB), '\u0002{}', { format: 'binary' })).toBe('\u0001"[redacted]"')
    expect(maskOne(scanned(JSONB), '', { format: 'binary' })).toBe('\u0001"[redacted]"')
  })

  it.each([
    ['<a>john@example.com</a>', '<a>[pii.email]</a>'],
    ['<a b="john&#64;example.com"/>', '<a b="[pii.email]"/>'],
    ['<a>-----BEGIN PRIVATE KEY-----<b/>MIIEpAIBAAKCAQEA0123456789abcdefghijkl</a>', '<redacted>[redacted]</redacted>'],
    ['<![CDATA[x john@example.com]]>', '<redacted>[redacted]</redacted>'],
    ['<a>nothing</a>', undefined],
  ])('stays XML: %s', (value, masked) => {
    expect(maskOne(scanned(XML), value)).toBe(masked)
  })

  it.each([
    ['UTF-8', Buffer.from('john@example.com')],
    ['UTF-16', Buffer.from('ssn 587654321', 'utf16le')],
    ['gzip', gzipSync('john@example.com')],
    ['what is no gzip though it begins so', Buffer.from([0x1f, 0x8b, 1, 2, 3])],
  ])('within bytea goes as a whole: %s', (_what, bytes) => {
    const constant = Buffer.from('[redacted]')
    expect(maskOne(scanned(BYTEA), bytes, { format: 'binary' })).toBe(constant.toString())
    expect(maskOne(scanned(BYTEA), `\\x${bytes.toString('hex')}`)).toBe(`\\x${constant.toString('hex')}`)
    const escaped = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
    expect(maskOne(scanned(BYTEA), escaped)).toBe(`\\x${constant.toString('hex')}`)
  })

  it('within bytea passes where nothing is in it, and not where it can’t be read', () => {
    expect(maskOne(scanned(BYTEA), Buffer.from([0, 1, 2, 255]), { format: 'binary' })).toBeUndefined()
    expect(maskOne(scanned(BYTEA), gzipSync('nothing'), { format: 'binary' })).toBeUndefined()
    expect(maskOne(scanned(BYTEA), '\\x000102ff')).toBeUndefined()
    expect(maskOne(scanned(BYTEA), 'a\\\\b\\001')).toBeUndefined()
    expect(maskOne(scanned(BYTEA), '\\x0')).toContain('\\x')
    expect(maskOne(scanned(BYTEA), '\\x0g')).toContain('\\x')
    expect(maskOne(scanned(BYTEA), '\\q')).toContain('\\x')
  })

  const array = (element: number, ...values: readonly string[]): Buffer => {
    const head = Buffer.alloc(20)
    for (const [index, value] of [1, 0, element, values.length, 1].entries()) head.writeInt32BE(value, index * 4)
    const fields = values.map((value) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(Buffer.byteLength(value))
      return Buffer.concat([length, Buffer.from(value)])
    })
    return Buffer.concat([head, ...fields])
  }

  it('in arrays goes with the whole array', () => {
    expect(maskOne(scanned(TEXTS), '{a,"b c"}')).toBeUndefined()
    expect(maskOne(scanned(TEXTS), '{a,john@example.com}')).toBe('{[redacted]}')
    expect(maskOne(scanned(TEXTS), String.raw`{"password: \"Tr0ub4dor\""}`)).toBe('{[redacted]}')
    expect(maskOne(scanned(JSONBS), String.raw`{"{\"mail\": \"john\\u0040example.com\"}"}`)).toBe('{}')
    expect(maskOne(scanned(TEXTS), array(25, 'a', 'b'), { format: 'binary' })).toBeUndefined()
    const masked = maskOne(scanned(TEXTS), array(25, 'a', 'john@example.com'), { format: 'binary' })
    expect(masked).toBe(array(25, '[redacted]').toString())
    expect(maskOne(scanned(TEXTS), array(25, 'a').subarray(0, -1), { format: 'binary' })).toBe(masked)
    expect(maskOne(scanned(TEXTS), array(1043, 'a'), { format: 'binary' })).toBe(masked)
  })

  it('is masked always in types that are no text, and where it is too long to look at', () => {
    expect(maskOne(scanned(INT4), '5')).toBe('0')
    expect(maskOne(scanned(16_400), 'a=>b')).toBeNull()
    expect(maskOne(scanned(TEXT), 'x'.repeat(2 ** 22 + 1))).toBe('[redacted]')
  })
})

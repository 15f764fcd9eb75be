import { describe, expect, it } from 'vitest'
import { maskKeys } from './mask-keys.ts'
import { partialOf } from './partial.ts'
import { isPlaceholder, placeholderFor } from './placeholders.ts'
import { hashed, tokenize } from './token.ts'

const KEYS = maskKeys(Buffer.alloc(32, 7), 'shop')
const VALUE = Buffer.from('123-45-6789')

describe('placeholders', () => {
  it('name the tag, if it is one, and could be written anywhere', () => {
    expect(placeholderFor('pii.ssn')).toBe('[pii.ssn]')
    expect(placeholderFor('pii.ssn', 'pii.ssn')).toBe('[pii.ssn]')
    expect(placeholderFor('pii.ssn', 'pii.email')).toBe('[redacted]')
    expect(placeholderFor('a"b')).toBe('[redacted]')
    expect(placeholderFor('x'.repeat(61))).toBe('[redacted]')
  })

  it.each([
    placeholderFor('pii.ssn'),
    placeholderFor('pii.ssn', 'pii.email'),
    '[unknown]',
    '[PII.SSN]',
    'was [secret.api-key] once',
    '<redacted>[pii.ssn]</redacted>',
    String.raw`update t set b = '\x5b7069692e73736e5d'`,
    "update t set id = '****EFGH' where n = 1",
    tokenize(VALUE, KEYS, 'pii.ssn').toString(),
    `x${tokenize(Buffer.alloc(0), KEYS, '...').toString()}y`,
    hashed(VALUE, KEYS, 'pii.ssn').toString(),
    ...[
      ['pii.email', 'customer1@example.org'],
      ['pii.ssn', '123-45-6789'],
      ['pci.pan', '4111 1111 1111 1111'],
      ['pii.phone', '+1 415 555 2671'],
      ['pii.iban', 'GB82WEST12345698765432'],
      ['internal.id', 'ABCD-EFGH'],
    ].map(([tag = '', value = '']) => partialOf(tag)(value) ?? 'nothing is left'),
  ])('are recognised: %s', (text) => {
    expect(isPlaceholder(text, KEYS)).toBe(true)
  })

  it.each([
    'plain text',
    'a[0] = b[index]',
    '[link](https://example.org)',
    'ARRAY[1,2]',
    '**bold** and ***both*** and ****four****',
    String.raw`'\x5b5d' '\x0102'`,
    'tok_visa',
    'c@example.org',
    '{"a":["b"]}',
  ])('are no others: %s', (text) => {
    expect(isPlaceholder(text, KEYS)).toBe(false)
  })

  it('of single words are known by the tags there are', () => {
    expect(isPlaceholder('[salary]', KEYS)).toBe(false)
    expect(isPlaceholder('[salary]', KEYS, ['salary'])).toBe(true)
  })

  it('with keys were never made without them', () => {
    expect(isPlaceholder(tokenize(VALUE, KEYS, 'pii.ssn').toString(), null)).toBe(false)
  })
})

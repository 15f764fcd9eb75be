import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partialOf } from './partial.ts'
import { HiddenName } from './partial-email.ts'

const slowly = partialOf('pii.email')

const shown = (text: string): string | null => {
  const bytes = Buffer.from(`x${text}x`)
  const hidden = new HiddenName()
  if (!hidden.find(bytes, 1, bytes.length - 1)) return null
  return String(Buffer.concat([bytes.subarray(1, hidden.from), hidden.by, bytes.subarray(hidden.to, -1)]))
}

const label = fc.string({ unit: fc.constantFrom(...'aZ09-'.split('')), minLength: 1, maxLength: 70 })
const near = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'ab.+_-\'%é \t@"'.split('')), maxLength: 70 }),
    fc.array(fc.oneof(label, fc.constantFrom('org', 'x', '', 'ü', 'a b')), { maxLength: 11 }),
  )
  .map(([local, labels]) => `${local}@${labels.join('.')}`)

describe('HiddenName', () => {
  it.each([
    ['someone@example.org', 's****@example.org'],
    ['abc@sub.example.co', 'a****@sub.example.co'],
    ['ab@example.org', '****@example.org'],
    ['a@example.org', '****@example.org'],
  ])('shows of %s %s', (address, part) => {
    expect(shown(address)).toBe(part)
  })

  it.each([
    '',
    '@',
    'a@',
    '@example.org',
    'a@b@example.org',
    'a@example',
    'a@example.o',
    'a@.org',
    'a@example.org.',
    'a b@example.org',
    'é@example.org',
    'a@exämple.org',
    ' a@example.org',
    'a@example.org ',
    'a@-',
    `${'a'.repeat(65)}@example.org`,
  ])('is not sure of %j', (text) => {
    expect(shown(text)).toBeNull()
  })

  it('says what the slower way says, or nothing', () => {
    let sure = 0
    fc.assert(
      fc.property(fc.oneof(near, fc.string(), fc.emailAddress()), (text) => {
        const part = shown(text)
        if (part === null) return
        sure++
        expect(part).toBe(slowly(text))
      }),
      { numRuns: 2_000 },
    )
    expect(sure).toBeGreaterThan(100)
  })
})

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newApprovalCode, parseApprovalCode, showApprovalCode } from './approval-code.ts'

const fixed = (hex: string) => () => Buffer.from(hex, 'hex')

describe('approval codes', () => {
  it('take all forty bits, in order', () => {
    expect(newApprovalCode(fixed('0000000000'))).toBe('00000000')
    expect(newApprovalCode(fixed('ffffffffff'))).toBe('ZZZZZZZZ')
    expect(newApprovalCode(fixed('00443214c7'))).toBe('01234567')
  })

  it('ask for five bytes each', () => {
    const asked: number[] = []
    newApprovalCode((size) => {
      asked.push(size)
      return randomBytes(size)
    })
    expect(asked).toEqual([5])
  })

  it('are read as shown, in small letters, without the dash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (bytes) => {
        const code = newApprovalCode(() => Buffer.from(bytes))
        expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/)
        for (const typed of [code, code.toLowerCase(), showApprovalCode(code), ` ${showApprovalCode(code)}\n`]) {
          expect(parseApprovalCode(typed)).toBe(code)
        }
      }),
    )
  })

  it('take letters that no code has as what they look like', () => {
    expect(parseApprovalCode('oOiI-lL01')).toBe('00111101')
  })

  it.each([
    '',
    '7K3M',
    '7K3M-',
    '7K3M-Q9X',
    '7K3M-Q9XAA',
    '7K3-MQ9XA',
    '7K3M--Q9XA',
    '7K3M Q9XA',
    'UUUU-UUUU',
    '7K3M-Q9Xé',
    '７K3M-Q9XA',
  ])('are not read from %j', (text) => {
    expect(parseApprovalCode(text)).toBeNull()
  })
})

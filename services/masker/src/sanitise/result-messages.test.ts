import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COLUMNS, completed, dataRow, message, rowDescription } from './judged.fixture.ts'
import { readResult } from './result-messages.ts'

const RESULT = Buffer.concat([rowDescription(...COLUMNS), dataRow('1', null, '', 'x'), completed])

describe('a recorded result', () => {
  it('is read as a client reads it', () => {
    expect(readResult(RESULT)).toEqual([
      {
        kind: 'columns',
        columns: COLUMNS.map(({ name, relid, attno }) => ({ name, relid, attno, type: 25, format: 'text' })),
      },
      { kind: 'row', fields: [Buffer.from('1'), null, Buffer.alloc(0), Buffer.from('x')] },
      { kind: 'protocol' },
    ])
    expect(readResult(Buffer.alloc(0))).toEqual([])
  })

  it('is none where a byte of it is missing or too much, and of unknown kinds neither', () => {
    const ends = [rowDescription(...COLUMNS).length, RESULT.length - completed.length, RESULT.length]
    for (let length = 1; length <= RESULT.length; length++) {
      expect(readResult(RESULT.subarray(0, length)) === null).toBe(!ends.includes(length))
    }
    expect(readResult(message('D', Buffer.from([0, 0, 1])))).toBeNull()
    expect(readResult(message('T', Buffer.from([0, 1, 65])))).toBeNull()
    expect(readResult(message('D', Buffer.from([0, 1, 0x7f, 0xff, 0xff, 0xff])))).toBeNull()
    expect(readResult(message('X', Buffer.alloc(0)))).toBeNull()
  })

  it('never reads past its end, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom('T', 'D', 'd', 'C'), (bytes, type) => {
        expect(() => readResult(Buffer.from(bytes))).not.toThrow()
        expect(() => readResult(message(type, Buffer.from(bytes)))).not.toThrow()
      }),
      { numRuns: 2_000 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchBuffer, decodeBatch, MAX_RECORD_BYTES } from './record-batch.ts'

const record = fc.record({
  key: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  value: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.string({ unit: 'grapheme', maxLength: 200 }),
})

describe('BatchBuffer', () => {
  it('is read back as it was written, also when the buffer is used again', () => {
    const buffer = new BatchBuffer()
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        buffer.clear()
        for (const each of records) buffer.add(each)
        expect(buffer.count).toBe(records.length)
        expect(decodeBatch(Buffer.from(buffer.bytes), buffer.count)).toEqual(records)
      }),
    )
  })

  it('refuses a record over the bound and keeps what it had', () => {
    const buffer = new BatchBuffer()
    const small = { key: Buffer.from('k'), value: Buffer.from('v'), headers: '{}' }
    buffer.add(small)
    expect(() => buffer.add({ ...small, value: Buffer.alloc(MAX_RECORD_BYTES) })).toThrow(
      expect.objectContaining({ code: 'record_too_large' }),
    )
    expect(decodeBatch(buffer.bytes, 1)).toEqual([small])
  })
})

describe('decodeBatch', () => {
  it('throws log_corrupt for any cut, and for a wrong count', () => {
    const buffer = new BatchBuffer()
    buffer.add({ key: Buffer.from('key'), value: Buffer.from('value'), headers: '{"a":"b"}' })
    const corrupt = expect.objectContaining({ code: 'log_corrupt' })
    for (let end = 0; end < buffer.length; end += 1) {
      expect(() => decodeBatch(buffer.bytes.subarray(0, end), 1)).toThrow(corrupt)
    }
    expect(() => decodeBatch(buffer.bytes, 2)).toThrow(corrupt)
  })
})

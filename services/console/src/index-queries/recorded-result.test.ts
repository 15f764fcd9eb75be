import type { AuditSegment } from '@sluice/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordedResult } from './recorded-result.ts'

function segment(kind: AuditSegment['kind'], bytes: Buffer | null, reason: string | null = null): AuditSegment {
  const disclosure = bytes === null ? 'withheld' : 'shown'
  return { kind, disclosure, bytes, reason, nonce: null, tag: null } as unknown as AuditSegment
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

function columns(...names: readonly (readonly [string, number])[]): Buffer {
  const each = names.map(([name, format]) => Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(16), int16(format)]))
  return message('T', Buffer.concat([int16(names.length), ...each]))
}

function row(...fields: readonly (string | Buffer | null)[]): Buffer {
  const each = fields.map((field) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(field === null ? -1 : Buffer.from(field).length)
    return Buffer.concat([length, Buffer.from(field ?? '')])
  })
  return message('D', Buffer.concat([int16(fields.length), ...each]))
}

describe('a recorded result', () => {
  it('is its rows under their names', () => {
    const bytes = Buffer.concat([
      columns(['name', 0], ['ssn', 0], ['id', 1]),
      row('Ann', '[pii.ssn]', Buffer.from('AAAA')),
      row(null, 'a\0b', null),
      message('C', Buffer.from('SELECT 2\0')),
    ])
    expect(recordedResult([segment('text', Buffer.from('select')), segment('result', bytes)])).toEqual({
      kind: 'rows',
      columns: ['name', 'ssn', 'id'],
      rows: [
        ['Ann', '[pii.ssn]', '‹4 bytes›'],
        [null, '‹3 bytes›', null],
      ],
      more: 0,
    })
  })

  it('is one even where it is cut into parts, and of COPY its lines', () => {
    const bytes = Buffer.concat([message('d', Buffer.from('1\t[pii.ssn]\n')), row('x')])
    const parts = [segment('result', bytes.subarray(0, 3)), segment('result', bytes.subarray(3))]
    expect(recordedResult(parts)).toMatchObject({ columns: [], rows: [['1\t[pii.ssn]'], ['x']] })
  })

  it('is short', () => {
    const bytes = Buffer.concat(Array.from({ length: 25 }, () => row('x'.repeat(900))))
    const result = recordedResult([segment('result', bytes)])
    expect(result).toMatchObject({ kind: 'rows', more: 5 })
    expect(JSON.stringify(result).length).toBeLessThan(20 * 210)
  })

  it('is withheld as a whole where a part of it is', () => {
    const parts = [segment('result', row('Ann')), segment('result', null, 'revealed')]
    expect(recordedResult(parts)).toEqual({ kind: 'withheld', reason: 'revealed' })
  })

  it('is none where nothing was delivered', () => {
    expect(recordedResult([])).toBeNull()
    expect(recordedResult([segment('result', message('C', Buffer.from('BEGIN\0')))])).toBeNull()
  })

  it('of whatever bytes is read without an end beyond theirs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('T', 'D', 'd'), (noise, type) => {
        const bytes = Buffer.from(noise)
        for (const each of [bytes, message(type, bytes)]) {
          expect(JSON.stringify(recordedResult([segment('result', each)])).length).toBeLessThan(20 * each.length + 100)
        }
      }),
    )
  })
})

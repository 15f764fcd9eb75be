import type { FrameHeader, OpenedSegment, SegmentKind } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import {
  ANALYSED,
  COLUMNS,
  CUSTOMERS,
  completed,
  dataRow,
  headerOf,
  int32,
  judgeOf,
  message,
  rowDescription,
  type SentColumn,
} from './judged.fixture.ts'
import { isAnalysed, MAX_SHOWN_RESULT_BYTES, MAX_SHOWN_VALUE_BYTES } from './value-judge.ts'

const PAN = '4111111111111111'
const segment = (value: string | Buffer, kind: SegmentKind = 'literal', label = ''): OpenedSegment => ({
  kind,
  label,
  bytes: Buffer.from(value),
  nonce: Buffer.alloc(32),
  part: 0,
  parts: 1,
})

describe('an event', () => {
  it('is analysed where its record says so, and its result was not shown in clear', () => {
    const of = (...obligations: FrameHeader['obligations']) => isAnalysed(headerOf({ obligations }))
    expect(of(ANALYSED)).toBe(true)
    expect(of(ANALYSED, { kind: 'mask', tag: 'pii.email', count: 3 })).toBe(true)
    expect(of()).toBe(false)
    expect(of({ kind: 'mask', tag: 'lineage', count: 1 })).toBe(false)
    expect(of(ANALYSED, { kind: 'reveal', tag: 'all', count: 1 })).toBe(false)
  })
})

describe('a literal or a parameter', () => {
  const value = (text: string | Buffer, kind: SegmentKind = 'literal', label = '') =>
    judgeOf().value(1, segment(text, kind, label))

  it('is cut out where it stands for a sensitive column, whatever it is', () => {
    const judge = judgeOf([{ segment: 1, start: 1, end: 3, tag: 'pii.ssn' }])
    const altered = { kind: 'altered', reason: 'tag', tag: 'pii.ssn', text: '[pii.ssn]' }
    expect(judge.value(1, segment("'x'"))).toEqual(altered)
    expect(judge.value(1, segment(Buffer.from([0, 255]), 'bind', 'binary'))).toEqual(altered)
    expect(judge.value(2, segment("'x'"))).toEqual({ kind: 'shown' })
  })

  it('is shown where the detectors find nothing', () => {
    for (const text of ["'open'", '12345', "'München'", "'2024-01-01'"]) expect(value(text)).toEqual({ kind: 'shown' })
    expect(value('open', 'bind')).toEqual({ kind: 'shown' })
    expect(value('', 'bind', 'null')).toEqual({ kind: 'shown' })
  })

  it('is shown without what they find', () => {
    expect(value(`'card ${PAN} please'`)).toMatchObject({ kind: 'altered', text: "'card [pci.pan] please'" })
    expect(value('ann@example.com', 'bind')).toMatchObject({ kind: 'altered', tag: 'pii.email', text: '[pii.email]' })
    const hex = Buffer.from(PAN).toString('hex')
    expect(value(`\\x${hex}`, 'bind')).toMatchObject({ kind: 'withheld', reason: 'detected', tag: 'pci.pan' })
    const escaped = value('{"a":"ann\\u0040example.com"}', 'bind')
    expect(escaped).toMatchObject({ reason: 'detected', tag: 'pii.email' })
    expect(JSON.stringify(escaped)).not.toContain('ann')
  })

  it('is withheld where nobody here can say what it says', () => {
    expect(value(Buffer.from([0x00, 0x0e, 0x9b]), 'bind', 'binary')).toMatchObject({ reason: 'binary' })
    expect(value(int32(0x20202020), 'bind', 'binary')).toMatchObject({ reason: 'binary' })
    expect(value("E'\\x34111'")).toMatchObject({ kind: 'withheld', reason: 'literal' })
    expect(value("U&'d!0061' UESCAPE '!'")).toMatchObject({ kind: 'withheld', reason: 'literal' })
    expect(value(Buffer.from([0xff]))).toMatchObject({ kind: 'withheld' })
    expect(value('x'.repeat(MAX_SHOWN_VALUE_BYTES + 1))).toMatchObject({ kind: 'withheld', reason: 'too-large' })
  })
})

describe('a result', () => {
  const TOUCHED = { object: 'public.customers', column: 'email', tag: 'pii.email', how: 'output' } as const
  const CLEAN = { object: 'public.customers', column: 'clean columns', tag: null, how: 'output' } as const
  const MASKED = { obligations: [ANALYSED, { kind: 'mask', tag: 'pii.email', count: 1 }], touches: [TOUCHED] }
  const judged = (bytes: Buffer, header: Partial<FrameHeader> = MASKED) => judgeOf([], header).result(bytes)
  const rows = (...fields: readonly (string | Buffer | null)[]) =>
    Buffer.concat([rowDescription(...COLUMNS), dataRow(...fields), completed])
  const one = (column: Partial<SentColumn>, field: string | Buffer) =>
    judged(Buffer.concat([rowDescription({ name: 'x', ...column }), dataRow(field), completed]), { touches: [CLEAN] })

  it('is shown as it was delivered where nothing objects', () => {
    expect(judged(rows('1', 'Ann', 'a****@example.com', 'call [pci.pan]'))).toEqual({ kind: 'shown' })
    expect(judged(rows('1', null, '[pii.email]', null))).toEqual({ kind: 'shown' })
    expect(judged(completed, {})).toEqual({ kind: 'shown' })
  })

  it.each<readonly [string, Buffer]>([
    ['in a clean column', rows('1', `Ann ${PAN}`, null, null)],
    ['in a column that was tagged after it was delivered', rows('1', null, 'ann@example.com', null)],
    ['in free text that the proxy overlooked', rows('1', null, null, 'ann@example.com')],
    ['in a computed output', Buffer.concat([rowDescription({ name: 'y' }), dataRow('ann@example.com')])],
    ['in a result that goes on without its description', dataRow('1', 'ann@example.com')],
    ['in the name of a column', rowDescription({ name: 'ann@example.com' })],
    ['in an error', message('E', Buffer.from('SERROR\0MKey (x)=(ann@example.com)\0\0'))],
    ['in a line of COPY', message('d', Buffer.from('1\tann@example.com\n'))],
  ])('is withheld with a finding %s', (_what, bytes) => {
    expect(judged(bytes)).toMatchObject({ kind: 'withheld', reason: 'detected' })
  })

  it('is withheld where a sensitive column in it was not masked: some may see some tags', () => {
    const clear = rows('1', 'Ann', 'a name', null)
    expect(judged(clear, { touches: [TOUCHED] })).toMatchObject({ kind: 'withheld', reason: 'revealed' })
    const other = { kind: 'mask', tag: 'pii.ssn', count: 1 }
    expect(judged(clear, { touches: [TOUCHED], obligations: [ANALYSED, other] })).toMatchObject({ reason: 'revealed' })
    expect(judged(rows('1', 'Ann', null, null), { touches: [] })).toMatchObject({ reason: 'revealed' })
    expect(judged(rows('1', 'Ann', null, null), { touches: [CLEAN] })).toEqual({ kind: 'shown' })
    const line = message('d', Buffer.from('x\n'))
    expect(judged(line, { touches: [TOUCHED] })).toMatchObject({ reason: 'revealed' })
    expect(judged(Buffer.concat([rowDescription(...COLUMNS), completed]), { touches: [TOUCHED] })).toEqual({
      kind: 'shown',
    })
    const both = [TOUCHED, { ...TOUCHED, tag: 'pii.name' }, { ...TOUCHED, column: 'notes', tag: 'scanned' }]
    expect(judged(clear, { ...MASKED, touches: both })).toEqual({ kind: 'shown' })
  })

  it('is looked at as its reader sees it', () => {
    const int8 = Buffer.alloc(8)
    int8.writeBigInt64BE(BigInt(PAN))
    expect(one({ type: 20, format: 1 }, int8)).toMatchObject({ reason: 'detected', tag: 'pci.pan' })
    const double = Buffer.alloc(8)
    double.writeDoubleBE(Number(PAN))
    expect(one({ type: 701, format: 1 }, double)).toMatchObject({ reason: 'detected' })
    expect(one({ type: 23, format: 1 }, int32(7))).toEqual({ kind: 'shown' })
    expect(one({ type: 2950, format: 1 }, Buffer.alloc(16, 0xe9))).toEqual({ kind: 'shown' })
    expect(one({ type: 1700, format: 1 }, int32(7))).toMatchObject({ reason: 'binary' })
    expect(one({ type: 17, format: 1 }, Buffer.from('abc'))).toMatchObject({ reason: 'binary' })
    const hex = `\\x${Buffer.from('ann@example.com').toString('hex')}`
    expect(one({ type: 17 }, hex)).toMatchObject({ reason: 'detected' })
    expect(one({ type: 114 }, '{"m":"ann\\u0040example.com"}')).toMatchObject({ reason: 'detected' })
    expect(one({ type: 142 }, '<m>ann&#64;example.com</m>')).toMatchObject({ reason: 'detected' })
    const jsonb = Buffer.from('\u0001{"m":"ann\\u0040example.com"}')
    expect(one({ type: 3802, format: 1 }, jsonb)).toMatchObject({ reason: 'detected' })
  })

  it('is withheld where it is not what it should be', () => {
    expect(judged(Buffer.from('x'))).toMatchObject({ reason: 'result' })
    expect(judged(rows('1'))).toMatchObject({ reason: 'result' })
    expect(judged(rowDescription({ name: 'c12345' }))).toMatchObject({ reason: 'name' })
    expect(judged(rowDescription({ name: '?column?' }))).toEqual({ kind: 'shown' })
    expect(one({ relid: CUSTOMERS, attno: 99 }, 'x')).toMatchObject({ reason: 'result' })
    expect(one({ relid: 77_777, attno: 1 }, 'x')).toMatchObject({ reason: 'result' })
    expect(judged(Buffer.concat([completed, Buffer.alloc(MAX_SHOWN_RESULT_BYTES)]))).toMatchObject({
      reason: 'too-large',
    })
    expect(one({}, Buffer.from([0xff]))).toMatchObject({ reason: 'binary' })
  })

  it('tells what was seen at columns that the plan calls clean, and at outputs', () => {
    const judge = judgeOf([], MASKED)
    judge.result(
      Buffer.concat([
        rowDescription(...COLUMNS, { name: 'both' }),
        dataRow('1', `Ann ${PAN}`, 'ann@example.com', 'bob@example.com', 'eve@example.com'),
      ]),
    )
    expect(judge.seen.map(({ column, detection }) => [column?.name, detection.tag])).toEqual([
      ['name', 'pci.pan'],
      ['both', 'pii.email'],
    ])
    const begun = judgeOf()
    begun.beginning(dataRow('eve@example.com'))
    expect(begun.seen).toEqual([])
    begun.beginning(Buffer.concat([rowDescription({ name: 'x' }), dataRow('eve@example.com')]))
    expect(begun.seen).toHaveLength(1)
  })
})

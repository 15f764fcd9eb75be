import type { Detectors, MaskedOutput } from '@sluice/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { MaskedColumns, type MaskParts } from './masked-columns.ts'
import {
  bodies,
  constant,
  cut,
  cuts,
  dataRow,
  expected,
  type Field,
  fieldsOf,
  MASKERS,
  maskerNames,
  throughFramer,
} from './row-masker.fixture.ts'
import { compileRowMasker, DataRowMasker } from './row-masker.ts'
import { RowUnexpected } from './row-unexpected.ts'

const NO_DETECTORS: Detectors = { scan: () => [], mayHold: () => false, scanBytes: () => null }
const PARTS = { keys: null, detectors: NO_DETECTORS }
const TEXT = 25
const INT4 = 23

const output = (mask: 'clear' | 'redact', type = TEXT): MaskedOutput => ({
  name: 'c',
  type,
  sources: [],
  mask: mask === 'clear' ? { kind: 'clear' } : { kind: 'mask', strategy: 'redact', tag: 'pii.ssn', computed: false },
})

const maskerOf = (names: readonly string[]): DataRowMasker =>
  new DataRowMasker(new MaskedColumns(names.map((name) => MASKERS[name] ?? null)))

const field = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: fc.constantFrom('s', 'secret', '').map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constantFrom(30_000, 70_000, 200_000).map((size) => Buffer.alloc(size, 'qs')) },
)

const table = maskerNames.chain((names) =>
  fc.record({
    names: fc.constant(names),
    rows: fc.array(fc.tuple(...names.map(() => field)), { minLength: 1, maxLength: 12 }),
  }),
)

describe('DataRowMasker', () => {
  it('masks each field as its masker says and leaves all others as they are, however the bytes are cut', () => {
    fc.assert(
      fc.property(table, cuts, ({ names, rows }, places) => {
        const stream = Buffer.concat([...rows.map(dataRow), encode.readyForQuery('I')])
        const masker = maskerOf(names)
        const masked = throughFramer(cut(stream, places), (run) => masker.rows(run))
        const wanted = rows.map((row) => dataRow(row.map((each, index) => expected(names[index] ?? '', each))))
        const whole = Buffer.concat([...wanted, encode.readyForQuery('I')])
        expect(masked.toString('latin1')).toBe(whole.toString('latin1'))
      }),
    )
  })

  it('never shows a value of a masked column', () => {
    const value = fc.stringMatching(/^value-[0-9]{6}$/)
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), cuts, (values, places) => {
        const rows = values.map((each) => dataRow([Buffer.from('1'), Buffer.from(each), null]))
        const masker = new DataRowMasker(new MaskedColumns([null, constant('pii.ssn'), null]))
        const masked = throughFramer(cut(Buffer.concat(rows), places), (run) => masker.rows(run))
        expect(masked.includes('value-')).toBe(false)
        expect(masker.counts).toEqual(new Map([['pii.ssn', values.length]]))
      }),
    )
  })

  it('changes nothing that it has handed out, or that lies around what it was given', () => {
    const masker = new DataRowMasker(new MaskedColumns([null, constant('a')]))
    const rows = [
      dataRow([Buffer.from('kept'), Buffer.from('longer than its mask')]),
      dataRow([null, Buffer.from('s')]),
    ]
    for (const inner of [Buffer.concat(rows), Buffer.concat(rows.toReversed())]) {
      const memory = Buffer.concat([Buffer.from('before'), inner, Buffer.from('behind')])
      const first = masker.rows(memory.subarray(6, 6 + inner.length))
      const handedOut = first.toString('latin1')
      masker.rows(dataRow([Buffer.from('other'), Buffer.from('value')]))
      expect(first.toString('latin1')).toBe(handedOut)
      expect(memory.toString('latin1').startsWith('before')).toBe(true)
      expect(memory.toString('latin1').endsWith('behind')).toBe(true)
    }
  })

  it('masks where the bytes are as long as that makes them no longer', () => {
    const masker = new DataRowMasker(new MaskedColumns([null, constant('a')]))
    const run = dataRow([Buffer.from('kept'), Buffer.from('longer than its mask')])
    expect(masker.rows(run).buffer).toBe(run.buffer)
  })

  it('hands on the same bytes where nothing was to be masked', () => {
    const run = dataRow([Buffer.from('plain')])
    expect(maskerOf(['sometimes']).rows(run)).toBe(run)
  })

  it('adds up what it masked by tag', () => {
    const masker = new DataRowMasker(new MaskedColumns([constant('a'), constant('b'), constant('a')]))
    const row: Field[] = [Buffer.from('x'), Buffer.from('y'), null]
    masker.rows(Buffer.concat([dataRow(row), dataRow(row)]))
    masker.rows(dataRow(row))
    expect(masker.counts).toEqual(
      new Map([
        ['a', 3],
        ['b', 3],
      ]),
    )
  })

  const good = dataRow([Buffer.from('one'), Buffer.from('two')])
  const patched = (at: number, ...bytes: readonly number[]): Buffer => {
    const copy = Buffer.from(good)
    copy.set(bytes, at)
    return copy
  }
  it.each([
    ['fewer fields', dataRow([Buffer.from('one')])],
    ['more fields', dataRow([Buffer.from('one'), Buffer.from('two'), null])],
    ['no fields', encode.message(SERVER.dataRow)],
    ['a count of other fields than there are', patched(5, 0, 3)],
    ['a field longer than the row', patched(14, 0, 0, 0, 4)],
    ['a field shorter than what is left', patched(14, 0, 0, 0, 2)],
    ['a field with a length below NULL', patched(7, 0xff, 0xff, 0xff, 0xfe)],
    ['a length beyond the message', patched(1, 0, 0, 1, 0)],
    ['a length below four', patched(1, 0, 0, 0, 3)],
    ['another message', encode.message(SERVER.copyData, good.subarray(5))],
    ['part of a row', good.subarray(0, -1)],
    ['part of a header', good.subarray(0, 4)],
    ['a row behind a good one', Buffer.concat([good, dataRow([])])],
  ])('refuses %s', (_name, run) => {
    expect(() => maskerOf(['clear', 'constant']).rows(run)).toThrow(RowUnexpected)
  })
})

describe('compileRowMasker', () => {
  const masked = (formats: readonly number[]): readonly Field[] => {
    const row = dataRow([Buffer.from([0, 0, 0, 7]), Buffer.from([0, 0, 0, 9])])
    const masker = compileRowMasker([output('redact', INT4), output('clear', INT4)], formats, PARTS)
    return fieldsOf(bodies(masker?.rows(row) ?? row, SERVER.dataRow)[0] as Buffer)
  }

  it('has nothing to do where every column is clear', () => {
    expect(compileRowMasker([output('clear')], [], PARTS)).toBeNull()
  })

  it.each([
    ['none', [], Buffer.from('0')],
    ['one for all', [1], Buffer.alloc(4)],
    ['one for each', [1, 0], Buffer.alloc(4)],
    ['another for each', [0, 1], Buffer.from('0')],
  ])('reads formats: %s', (_name, formats, zero) => {
    expect(masked(formats)).toEqual([zero, Buffer.from([0, 0, 0, 9])])
  })

  it('makes maskers anew for other formats, keys or detectors', () => {
    const outputs = [output('redact', INT4)]
    const valueIn = (formats: readonly number[], parts: MaskParts): Field | undefined => {
      const masker = compileRowMasker(outputs, formats, parts)
      return fieldsOf(
        bodies(masker?.rows(dataRow([Buffer.alloc(4, 7)])) ?? Buffer.alloc(0), SERVER.dataRow)[0] as Buffer,
      )[0]
    }
    const [text, binary] = [Buffer.from('0'), Buffer.alloc(4)]
    const all = [[], [], [1], [0], [1]].map((formats) => valueIn(formats, PARTS))
    expect(all).toEqual([text, text, binary, text, binary])
    const finds: Detectors = {
      ...NO_DETECTORS,
      mayHold: () => true,
      scanBytes: () => ({ text: 'x', detections: [{ start: 0, end: 1, tag: 'a', confidence: 1, detector: 'd' }] }),
    }
    const scanned: readonly MaskedOutput[] = [{ ...output('clear'), mask: { kind: 'scan' } }]
    const row = (): Buffer => dataRow([Buffer.from('x')])
    const shown = [NO_DETECTORS, finds, NO_DETECTORS].map((detectors) =>
      compileRowMasker(scanned, [], { keys: null, detectors })?.rows(row()).equals(row()),
    )
    expect(shown).toEqual([true, false, true])
  })

  it.each([
    ['of another number', [0, 1, 0]],
    ['that nobody knows', [2]],
  ])('refuses formats %s', (_name, formats) => {
    expect(() => masked(formats)).toThrow(RowUnexpected)
  })
})

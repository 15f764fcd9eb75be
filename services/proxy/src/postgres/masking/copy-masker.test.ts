import type { CopyFormat } from '@sluice/sql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { awkward, copied, copyFormat, FORMATS, OPENING, TRAILER } from './copy-masker.fixture.ts'
import { CopyDataMasker } from './copy-masker.ts'
import { MaskedColumns } from './masked-columns.ts'
import { cut, cuts, expected, type Field, MASKERS, maskerNames, throughFramer, tuple } from './row-masker.fixture.ts'
import { RowUnexpected } from './row-unexpected.ts'

const columnNames = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `col,${index}`)

const maskerOf = (names: readonly string[], copy: CopyFormat): CopyDataMasker =>
  new CopyDataMasker(new MaskedColumns(names.map((name) => MASKERS[name] ?? null)), copy, columnNames(names.length))

const field = fc.option(
  awkward.map((text) => Buffer.from(text)),
  { nil: null, freq: 6 },
)

/** Where NULL is written like a value could be, it is taken for that value. */
const asWritten = (value: Field, copy: CopyFormat): Field =>
  value === null && copy.format === 'text' && !copy.null.startsWith('\\') ? Buffer.from(copy.null) : value

const table = maskerNames.chain((names) =>
  fc.record({
    names: fc.constant(names),
    copy: fc.constantFrom(...FORMATS),
    rows: fc.array(fc.tuple(...names.map(() => field)), { maxLength: 12 }),
  }),
)

describe('CopyDataMasker', () => {
  it('masks each field in each format and leaves all others as they are, however the bytes are cut', () => {
    fc.assert(
      fc.property(table, cuts, ({ names, copy, rows }, places) => {
        const masker = maskerOf(names, copy)
        const stream = copied(columnNames(names.length), rows, copy)
        const masked = throughFramer(cut(stream, places), (run) => masker.rows(run))
        const wanted = rows.map((row) =>
          row.map((each, index) => {
            const name = names[index] ?? ''
            return MASKERS[name] ? expected(name, asWritten(each, copy)) : each
          }),
        )
        expect(masked.toString('latin1')).toBe(copied(columnNames(names.length), wanted, copy).toString('latin1'))
      }),
    )
  })

  it('writes a masked field in one way, however the value was written', () => {
    const copy = copyFormat('csv')
    const masked = ['plain', 'with, comma', 'with "quotes"', 'line\nbreak', ''].map((value) => {
      const masker = maskerOf(['constant', 'clear'], copy)
      return masker.rows(copied([], [[Buffer.from(value), Buffer.from('x')]], copy)).toString()
    })
    expect(new Set(masked).size).toBe(1)
  })

  it('hands on the same bytes where nothing was to be masked', () => {
    const copy = copyFormat('csv')
    const run = copied([], [[Buffer.from('a "quoted" one')]], copy)
    expect(maskerOf(['sometimes'], copy).rows(run)).toBe(run)
  })

  const message = (body: string | Buffer): Buffer => encode.message(SERVER.copyData, Buffer.from(body as string))
  const one = ['constant', 'clear']
  it.each<[string, Partial<CopyFormat> & Pick<CopyFormat, 'format'>, string | Buffer]>([
    ['fewer fields in text', { format: 'text' }, 'a\n'],
    ['more fields in text', { format: 'text' }, 'a\tb\tc\n'],
    ['no line in text', { format: 'text' }, 'a\tb'],
    ['nothing in text', { format: 'text' }, ''],
    ['two lines in text', { format: 'text' }, 'a\tb\nc\td\n'],
    ['a line in a line in text', { format: 'text' }, 'a\nx\tb\n'],
    ['an escape that nobody writes', { format: 'text' }, 'a\\x41\tb\n'],
    ['a NULL marker inside a field', { format: 'text' }, 'a\\N\tb\n'],
    ['a backslash at the end', { format: 'text' }, 'a\tb\\\n'],
    ['fewer fields in csv', { format: 'csv' }, 'a\n'],
    ['more fields in csv', { format: 'csv' }, 'a,b,c\n'],
    ['no line in csv', { format: 'csv' }, 'a,b'],
    ['two lines in csv', { format: 'csv' }, 'a,b\nc,d\n'],
    ['a line in a line in csv', { format: 'csv' }, 'a\nx,b\n'],
    ['a quote that does not end', { format: 'csv' }, 'a,"b\n'],
    ['a quote that does not end before its line', { format: 'csv' }, 'a,"b""\n'],
    ['text behind a quote', { format: 'csv' }, '"a"b,c\n'],
    ['a quote inside a plain field', { format: 'csv' }, 'a"b,c\n'],
    ['another header', { format: 'csv', header: true }, 'secret,b\n'],
    ['another opening', { format: 'binary' }, Buffer.concat([Buffer.from('PGCOPX'), OPENING.subarray(6), TRAILER])],
    [
      'flags in the opening',
      { format: 'binary' },
      Buffer.concat([OPENING.subarray(0, 14), Buffer.from([1]), OPENING.subarray(15)]),
    ],
    ['an opening that does not end', { format: 'binary' }, OPENING.subarray(0, 12)],
    ['fewer fields in binary', { format: 'binary' }, Buffer.concat([OPENING, tuple([null])])],
    ['something behind the trailer', { format: 'binary' }, Buffer.concat([OPENING, TRAILER, Buffer.from([0])])],
  ])('refuses %s', (_name, { format, ...options }, body) => {
    const masker = maskerOf(one, copyFormat(format, options))
    expect(() => masker.rows(message(body))).toThrow(RowUnexpected)
  })

  it('refuses tuples behind the end', () => {
    const masker = maskerOf(['clear'], copyFormat('binary'))
    const rows = copied([], [[null]], copyFormat('binary'))
    masker.rows(rows)
    expect(() => masker.rows(message(tuple([null])))).toThrow(RowUnexpected)
  })

  it.each([
    copyFormat('text', { delimiter: '\\' }),
    copyFormat('text', { delimiter: 'n' }),
    copyFormat('csv', { delimiter: 'é' }),
    copyFormat('csv', { quote: 'x' }),
    copyFormat('csv', { escape: '\\' }),
    copyFormat('binary', { header: true }),
  ])('refuses a format that is not certain: %o', (copy) => {
    expect(() => maskerOf(one, copy)).toThrow(RowUnexpected)
  })
})

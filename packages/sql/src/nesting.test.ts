import { beforeAll, describe, expect, it } from 'vitest'
import { analyze, judged } from './analysis.fixture.ts'
import { loadParser, MAX_INLINE_CHARACTERS } from './analyze.ts'

beforeAll(loadParser)

describe('texts that can not be read', () => {
  it.each<[string, string]>([
    ["select 'x", 'a quoted string does not end'],
    ['select /* x', 'a /* comment does not end'],
    ['select 12ab', 'trailing junk after a number'],
    ['select $1ab', 'trailing junk after a parameter'],
    ['selct 1', 'syntax error at or near "selct"'],
    ["select from '819-12-3456'", 'syntax error at or near "‹withheld›"'],
    ['select 1 819123456', 'syntax error at or near "‹withheld›"'],
    ["select U&'\\zz'", 'invalid Unicode escape'],
    ['select (', 'syntax error at end of input'],
  ])('%s', (text, message) => {
    expect(analyze(text)).toMatchObject({ kind: 'unparsable', message: expect.stringContaining(message) })
  })
})

describe('hostile texts', () => {
  const repeat = (count: number, [before, inner, after, start]: Form): string =>
    (start ?? 'select ') + before.repeat(count) + inner + after.repeat(count)
  type Form = readonly [before: string, inner: string, after: string, start?: string]

  it.each<[string, Form]>([
    ['parentheses', ['(', '1', ')']],
    ['brackets', ['array[', '1', ']']],
    ['subscripts', ['a[', '1', ']']],
    ['operators', ['1+', '1', '']],
    ['prefix operators', ['- ', '1', '']],
    ['right-associative operators', ['', '1', ' ^1']],
    ['not', ['not ', 'true', '']],
    ['casts', ['', '1', '::int']],
    ['is null', ['', 'a', ' isnull']],
    ['collate', ['', 'a', ' collate "C"']],
    ['union', ['', '1', ' union select 1']],
    ['joins', ['', '', ' join b on true and true', 'select 1 from a']],
    ['nested joins', ['a join ', 'b', ' on true', 'select 1 from ']],
    ['case', ['case when a and b then c else ', '1', ' end']],
    ['sub-selects', ['(select ', '1', ')']],
    ['lateral sub-selects', ['(select * from ', 't', ')', 'select * from ']],
    ['functions', ['abs(', '1', ')']],
    ['between', ['1 between 2 and not ', 'true', '']],
    ['field selections', ['', '(a)', '.key']],
    ['with', ['with a as (', 'select 1', ') select 1', '']],
  ])('survives %s', (_, form) => {
    const unit = form[0].length + form[2].length
    const huge = repeat(Math.floor((MAX_INLINE_CHARACTERS - 40) / unit), form)
    expect(JSON.stringify(analyze(huge))).not.toContain('restarted')
    // Whatever the estimate lets pass is read to its end.
    for (const count of [100, 240, 490]) expect(JSON.stringify(analyze(repeat(count, form)))).not.toContain('restarted')
    expect(judged(repeat(100, form))).toBe('plain')
    expect(judged('select 1')).toBe('plain')
  })

  it('reads no tree that copies itself', () => {
    const columns = (count: number): string => Array.from({ length: count }, (_, at) => `a${at}`).join(', ')
    const wide = (count: number): string => `update t set (${columns(count)}) = (select ${columns(count)}) where id = 1`
    expect(judged(wide(100))).toBe('write t')
    expect(analyze(wide(1000))).toEqual({ kind: 'too_large', limit: 'tree' })
    for (const [before, after] of [
      ['(a, b) = (', ')'],
      ['(a, b)/**/= row(1, (', '))'],
      ['(a, b) = 1 + (', ')'],
      ['(a, b) = case when true then (', ') end'],
    ] as const) {
      let text = 'select 1'
      for (let depth = 0; depth < 24; depth++) {
        text = `with x as (update t set ${before}${text}${after} returning 1) select 1`
      }
      expect(analyze(text)).toEqual({ kind: 'too_large', limit: 'tree' })
    }
    expect(judged(`select 1 from t where ${'(a, b) = (1, 2) or '.repeat(400)} true`)).toBe('plain')
  })

  it('answers long flat texts', () => {
    const list = `select * from t where id in (${'1,'.repeat(3000)}1)`
    expect(judged(list)).toBe('plain')
    expect(judged(`select * from t where ${'a = 1 or '.repeat(1000)} true`)).toBe('plain')
    expect(judged(`select ${'a + b, '.repeat(1000)} 1 from t`)).toBe('plain')
    expect(analyze(`select ${'a, '.repeat(MAX_INLINE_CHARACTERS)} 1`)).toEqual({ kind: 'too_large', limit: 'bytes' })
  })
})

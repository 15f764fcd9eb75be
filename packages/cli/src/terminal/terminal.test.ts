import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeControls, escapeLines } from './escape.ts'
import { outputInto } from './output.ts'
import { printTable } from './table.ts'
import { cutTo, padTo, widthOf, wrapTo } from './width.ts'

/** What no terminal may be sent from data. */
const OBEYED = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u

describe('data on a terminal', () => {
  it('shows control characters and tricks with direction as escapes', () => {
    expect(escapeControls('a\x1b[2Jb\x9bc\x00\r\n\t')).toBe('a\\x1b[2Jb\\x9bc\\x00\\r\\n\\t')
    expect(escapeControls('x\u202egnp.exe\u2066')).toBe('x\\u{202e}gnp.exe\\u{2066}')
    expect(escapeControls('Jürgen 東京 🎉')).toBe('Jürgen 東京 🎉')
    expect(escapeControls('ali\u3164ce\u115f \u034fbob\ufe00\u180e\u2800\u{e0101}')).toBe(
      'ali\\u{3164}ce\\u{115f} \\u{34f}bob\\u{fe00}\\u{180e}\\u{2800}\\u{e0101}',
    )
    expect(escapeLines('a\nb\x07')).toBe('a\nb\\x07')
  })

  it('never lets one through, whatever the data', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeControls(text)).not.toMatch(OBEYED)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        const lines: string[] = []
        printTable(outputInto(lines, 40), [{ title: 'A', value: (value: string) => value, flexible: true }], values)
        expect(lines.filter((line) => OBEYED.test(line))).toEqual([])
      }),
    )
  })

  it('is safe to look at as JSON too', () => {
    const lines: string[] = []
    outputInto(lines).json({ text: '\x1b[2J\x9b31m\u202e' })
    expect(OBEYED.test(lines.join('').replaceAll('\n', ''))).toBe(false)
    expect(JSON.parse(lines.join(''))).toEqual({ text: '\x1b[2J\x9b31m\u202e' })
  })
})

describe('widths', () => {
  it('count columns, not characters', () => {
    expect([widthOf('abc'), widthOf('東京'), widthOf('e\u0301'), widthOf('🎉')]).toEqual([3, 4, 1, 2])
  })

  it('are never exceeded by a cut text, and always reached by a padded one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
        expect(widthOf(cutTo(text, columns))).toBeLessThanOrEqual(columns)
        expect(widthOf(padTo(cutTo(text, columns), columns))).toBe(columns)
      }),
    )
  })
})

describe('wrapped text', () => {
  it('breaks at spaces, and inside of words that are too long', () => {
    expect(wrapTo('update orders set status', 13)).toEqual(['update orders', 'set status'])
    expect(wrapTo('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij'])
    expect(wrapTo('東京東京', 5)).toEqual(['東京', '東京'])
    expect(wrapTo('', 5)).toEqual([''])
    // A space between words in Chinese, one column of which would be lost with it.
    expect(wrapTo('a\u3000', 5)).toEqual(['a\u3000'])
  })

  it('loses nothing but spaces, and is never too wide', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const lines = wrapTo(escapeControls(text), columns)
        expect(lines.join('').replaceAll(' ', '')).toBe(escapeControls(text).replaceAll(' ', ''))
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

describe('a table', () => {
  const columns = [
    { title: 'WHO', value: (row: { who: string }) => row.who },
    { title: 'ROWS', align: 'right' as const, value: (row: { rows: number }) => String(row.rows) },
    { title: 'STATEMENT', flexible: true as const, value: (row: { text: string }) => row.text },
  ]
  const rows = [
    { who: 'agent', rows: 7, text: 'select * from customers where id = 1' },
    { who: '東京', rows: 12_000, text: 'x' },
  ]

  it('is aligned and whole in a pipe', () => {
    const lines: string[] = []
    printTable(outputInto(lines), columns, rows)
    expect(lines).toEqual([
      'WHO     ROWS  STATEMENT',
      'agent      7  select * from customers where id = 1',
      '東京   12000  x',
    ])
  })

  it('is cut to the terminal at its flexible column', () => {
    const lines: string[] = []
    printTable(outputInto(lines, 30), columns, rows)
    expect(lines[1]).toBe('agent      7  select * from c…')
  })
})

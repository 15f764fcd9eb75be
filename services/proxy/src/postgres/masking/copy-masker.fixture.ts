// COPY … TO STDOUT as servers write it, by the plainest means: what the masker's output is compared with.

import type { CopyFormat } from '@sluice/sql'
import fc from 'fast-check'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { type Field, tuple } from './row-masker.fixture.ts'

export const copyFormat = (format: CopyFormat['format'], options: Partial<CopyFormat> = {}): CopyFormat => {
  const csv = format === 'csv'
  const usual = { delimiter: csv ? ',' : '\t', quote: '"', null: csv ? '' : '\\N', header: false }
  return { format, ...usual, escape: options.quote ?? usual.quote, ...options }
}

export const FORMATS: readonly CopyFormat[] = [
  copyFormat('text'),
  copyFormat('text', { delimiter: ',', header: true }),
  copyFormat('text', { delimiter: '|', null: 'NULL' }),
  copyFormat('text', { delimiter: ';', null: '' }),
  copyFormat('csv'),
  copyFormat('csv', { delimiter: ';', quote: "'", header: true }),
  copyFormat('csv', { delimiter: '\t', null: '\\N' }),
  copyFormat('csv', { delimiter: '|', null: 'NULL', header: true }),
  copyFormat('binary'),
]

const copyData = (body: Buffer): Buffer => encode.message(SERVER.copyData, body)

const LETTERS: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '\\': '\\',
}

const textField = (field: Field, copy: CopyFormat): string =>
  field === null
    ? copy.null
    : field
        .toString('latin1')
        .split('')
        .map((each) => (each in LETTERS || each === copy.delimiter ? `\\${LETTERS[each] ?? each}` : each))
        .join('')

const csvField = (field: Field, copy: CopyFormat): string => {
  if (field === null) return copy.null
  const value = field.toString('latin1')
  const quoted =
    value === copy.null ||
    value === '\\.' ||
    [copy.delimiter, copy.quote, '\n', '\r'].some((each) => value.includes(each))
  return quoted ? copy.quote + value.replaceAll(copy.quote, copy.quote + copy.quote) + copy.quote : value
}

const line = (fields: readonly Field[], copy: CopyFormat): Buffer =>
  copyData(
    Buffer.from(
      `${fields.map((field) => (copy.format === 'csv' ? csvField : textField)(field, copy)).join(copy.delimiter)}\n`,
      'latin1',
    ),
  )

export const OPENING = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const TRAILER = Buffer.from([0xff, 0xff])

/** All CopyData messages of a table, one after the other. */
export const copied = (names: readonly string[], rows: readonly (readonly Field[])[], copy: CopyFormat): Buffer => {
  if (copy.format !== 'binary') {
    const header = copy.header
      ? [
          line(
            names.map((name) => Buffer.from(name)),
            copy,
          ),
        ]
      : []
    return Buffer.concat([...header, ...rows.map((row) => line(row, copy))])
  }
  const [first, ...rest] = [...rows.map(tuple), TRAILER]
  return Buffer.concat([copyData(Buffer.concat([OPENING, first ?? TRAILER])), ...rest.map(copyData)])
}

/** Texts that some format has to write in another way, or could take for something else. */
export const awkward = fc.oneof(
  fc.constantFrom(
    '',
    '\\N',
    'NULL',
    '\\.',
    '\\',
    's',
    '"',
    '""',
    "'",
    "it's",
    'a,b;c|d',
    '\t',
    'line\nbreak',
    'cr\r',
    '\\t',
  ),
  fc.string({ unit: fc.constantFrom(...'abs,;|"\'\\\t\n\r\v\b\fNéÜ漢 '.split('')), maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', '')),
)

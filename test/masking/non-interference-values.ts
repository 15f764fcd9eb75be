// What is in the two databases: clean columns alike, sensitive ones replaced one to one. Equal values stay equal and NULL
// stays NULL; order, lengths, contents and what they could be cast to differ. The sizes of rows are the same, because
// pages, and by them ctid and a plan, depend on those.

import { createHash } from 'node:crypto'
import { type SchemaColumn, TABLES } from './random-query-schema.ts'
import { Choices, seedOf } from './random-query-source.ts'

export const SIDES = ['left', 'right'] as const
export type Side = (typeof SIDES)[number]

const ROWS: Readonly<Record<string, number>> = { customers: 60, orders: 140, payments: 90, employees: 25 }
const CITIES = ['Bonn', 'Lyon', 'Graz', 'Turku', 'Bergen']
const STATUS = ['new', 'paid', 'sent', 'lost']
const WORDS = ['true', 'blue', '1234', 'zero', 'aaaa', '9999', 'null', 'last', '{}  ']
const MAIL_AND_NOTE = 64
/** Distinct values of a tag: fewer than rows, so that many are equal. */
const SSNS = 30
const CARDS = 40

function choicesFor(side: Side, tag: string, index: number): Choices {
  let hash = 7
  for (const char of `${side} ${tag}`) hash = Math.imul(hash, 31) + char.charCodeAt(0)
  return new Choices(seedOf(hash, index))
}

/**
 * Nine characters, distinct for each index: a number on one side, perhaps not on the other. One that occurs, or, with a
 * large index, none that does.
 */
export function ssnOf(side: Side, index: number): string {
  const choices = choicesFor(side, 'pii.ssn', index)
  const unique = String(side === 'left' ? index + 10 : 99 - index)
  const kind = choices.below(4)
  const rest = String(choices.below(9_000_000) + 1_000_000)
  if (kind === 0) return `${rest.slice(0, 6)}x${unique}`
  if (kind === 1) return `${unique}-${rest.slice(0, 6)}`
  return kind === 2 ? `${rest}${unique}` : `${unique}${rest}`
}

/** Sixteen digits. */
export function cardOf(side: Side, index: number): string {
  const choices = choicesFor(side, 'pci.pan', index)
  return `4${choices.below(9_000_000) + 1_000_000}${choices.below(900_000) + 100_000}${(side === 'left' ? index : CARDS - index) + 10}`
}

function mailOf(side: Side, index: number): string {
  const choices = choicesFor(side, 'pii.email', index)
  const name = 'abcdefghijklmnopqrstuvwxyz'.slice(choices.below(10), 12 + choices.below(14))
  return `${name}${index}@${choices.of(['example.org', 'mail.test'])}`
}

/** Words, numbers, JSON, names of relations: whatever a cast or a parser would tell apart. Distinct by its end. */
function noteOf(side: Side, tag: string, index: number, length: number): string {
  const choices = choicesFor(side, tag, index)
  const start = choices.of(['true', '7', '{"a":1}', 'orders', '2020-01-01', 'a & b', '<a/>', '%', 'it is ', "it's", ''])
  const filler = choices.of(['x', ' ', '0', 'ab ', '9'])
  const end = `${filler}${tag === 'pii.note' ? 'n' : 'o'}${side === 'left' ? index + 100 : 900 - index}`
  return `${start}${filler.repeat(length)}`.slice(0, length - end.length) + end
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

type RowPlace = { readonly side: Side; readonly table: string; readonly row: number }

/** A clean value: the same on both sides. */
function cleanValue({ table, row }: RowPlace, { name, type }: SchemaColumn): string {
  const choices = new Choices(seedOf(table.length * 1000 + name.length, row))
  switch (type) {
    case 'int':
      if (name === 'id') return String(row + 1)
      return name === 'manager_id' && row % 5 === 0 ? 'null' : String(1 + choices.below(name === 'order_id' ? 140 : 60))
    case 'numeric':
      return `${1000 + choices.below(9000)}.${10 + choices.below(80)}`
    case 'text':
      if (name === 'city') return quoted(choices.of(CITIES))
      if (name === 'status' || name === 'method' || name === 'dept') return quoted(choices.of(STATUS))
      return quoted(`${choices.of(['Ada', 'Bo', 'Cy', 'Di', 'Ed'])} ${row % 17}`)
    case 'bool':
      return choices.chance(0.6) ? 'true' : 'false'
    case 'date':
      return `date '2024-01-01' + ${choices.below(300)}`
    case 'jsonb':
      return quoted(`{"items": [${row % 3}, ${row % 7}], "gift": ${row % 2 === 0}}`)
    case 'bytea':
    case 'texts':
      throw new Error(`no clean ${type}`)
    default:
      return type satisfies never
  }
}

function sensitiveValue({ side, table, row }: RowPlace, { name, type, tag }: SchemaColumn): string {
  // Whether there is a value is the same on both sides, whichever column.
  const present = new Choices(seedOf(table.length * 100 + name.length * 7, row))
  if (name !== 'email' && name !== 'notes' && present.chance(0.1)) return 'null'
  const shared = present.below(100)
  const choices = choicesFor(side, `${table}.${name}`, row)
  if (tag === 'pii.ssn') return quoted(ssnOf(side, shared % SSNS))
  if (tag === 'pci.pan') return quoted(cardOf(side, shared % CARDS))
  if (name === 'email') return quoted(mailOf(side, row))
  if (name === 'notes') return quoted(noteOf(side, 'pii.note', row, MAIL_AND_NOTE - mailOf(side, row).length))
  const left = side === 'left'
  switch (type) {
    case 'text':
      return quoted(noteOf(side, table, row, 30))
    case 'int': {
      const index = shared % 30
      if (name === 'salary') return String(left ? 1000 + 37 * index : 9000 - 53 * index)
      return String(left ? index * 3 - 20 : 50 - index * 2)
    }
    case 'numeric': {
      const whole = left ? 1000 + 31 * (row + 1) : 9000 - 17 * row
      return `${whole}.${10 + choices.below(80)}`
    }
    case 'date':
      return `date '1990-01-01' ${left ? '+' : '-'} ${97 * (shared % 50)}`
    case 'jsonb': {
      const code = String(1000 + choices.below(8999))
      return quoted(
        `{"ssn": "${ssnOf(side, shared % SSNS)}", "level": ${code}, "vip": ${choices.chance(0.5)}, "path": ["${code}"]}`,
      )
    }
    case 'bytea':
      return `'\\x${Array.from({ length: 8 }, () => (16 + choices.below(239)).toString(16)).join('')}'`
    case 'texts': {
      const index = left ? shared % WORDS.length : WORDS.length - 1 - (shared % WORDS.length)
      return `array['${WORDS[index]}', '${WORDS[(index * 5) % WORDS.length]}']`
    }
    case 'bool':
      throw new Error('no sensitive boolean')
    default:
      return type satisfies never
  }
}

/** Fills the tables of one side. */
export function rowsSql(side: Side): string {
  return TABLES.map((table) => {
    const rows = Array.from({ length: ROWS[table.name] ?? 0 }, (_, row) => {
      const place = { side, table: table.name, row }
      const values = table.columns.map((column) =>
        column.tag === null ? cleanValue(place, column) : sensitiveValue(place, column),
      )
      return `(${values.join(', ')})`
    })
    return `insert into ${table.name} values ${rows.join(',\n')};`
  }).join('\n')
}

/** Fills the large tables of one side. */
export const largeSql = (side: Side): readonly string[] => [
  `insert into archive select n, (array['Bonn', 'Kyiv', 'Lyon', 'Oslo', 'Rome'])[n % 50], repeat(md5(n::text), 30),
    md5('${side} ' || n % 1500) from generate_series(1, 2000) n`,
  `insert into vault select n, repeat(md5(n::text), 30), md5('${side} ' || n) from generate_series(1, 2000) n`,
  'vacuum analyze archive, vault',
]

/** The SSN of a row of the vault. */
export const vaultConstantOf = (side: Side, id: number): string =>
  createHash('md5').update(`${side} ${id}`).digest('hex')

// What is told of a statement with a query inside is what real servers make of it.

import type pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeStatement, loadParser } from './analyze.ts'
import { startSession } from './server.fixture.ts'
import type { CopyFormat, UtilityFacts } from './utility-facts.ts'

beforeAll(loadParser)

const OBJECTS = `
  create table t (id int, "Ä b" text, c int generated always as (id * 2) stored);
  create table child (d int) inherits (t);
  insert into t values (1, 'x'), (2, null), (3, 'it''s; "q", \\t\\\\ é');
  insert into t values (4, ''), (5, E'a\\tb\\nc|d;e'), (6, '\\N'), (7, 'NULL');
  insert into child values (8, 'child', default, 1);`

function utility(text: string, major: number): UtilityFacts {
  const analysis = analyzeStatement(text, { serverMajor: major, lineage: true })
  const [facts] = analysis.kind === 'parsed' ? analysis.statements : []
  const found = facts?.kind === 'command' || facts?.kind === 'session' ? facts.utility : null
  if (found === null) throw new Error(`${JSON.stringify(analysis)}: ${text}`)
  return found
}

function innerOf(found: UtilityFacts): string {
  if (!('inner' in found)) throw new Error(`no query inside: ${found.kind}`)
  return found.inner.text
}

async function answer(session: pg.Client, text: string): Promise<unknown> {
  const { fields, rows } = await session.query({ text, rowMode: 'array' })
  return { fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]), rows: rows as unknown[] }
}

const EXPLAINED = [
  'analyze',
  'analyze verbose',
  '(analyze)',
  '(analyze true)',
  '(analyze on, costs off)',
  '(analyze 1)',
  "(analyze 'TRUE')",
  '(analyze false)',
  '(analyze off)',
  '(analyze 0)',
  "(analyze 'Off')",
  '(analyze false, analyze)',
  '(analyze, analyze false)',
  '(verbose)',
  'verbose',
  '',
]

const COPIED = [
  'copy t to stdout',
  'copy public.t ("Ä b", id) to stdout',
  'copy (select id, "Ä b" as ")" from t order by 1) to stdout',
  'copy t (id, "Ä b") to stdout csv header',
  `copy t (id, "Ä b") to stdout (format csv, delimiter ';', quote '''', null '\\N', force_quote *)`,
  `copy t (id, "Ä b") to stdout with delimiter '|' null '\\N'`,
  `copy t (id, "Ä b") to stdout (format csv, delimiter '|', null 'NULL', encoding 'UTF8')`,
  `copy (values (1, E'\\t'), (2, ',')) to stdout with (delimiter ',')`,
]

/** The rows of a COPY by its format alone, a field as the client would read it. */
function fieldsOf(data: string, { format, delimiter, quote, null: nothing, header }: CopyFormat): (string | null)[][] {
  const rows: (string | null)[][] = []
  const unescaped: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\' }
  let at = 0
  while (at < data.length) {
    const row: (string | null)[] = []
    for (;;) {
      let raw = ''
      let value = ''
      let quoted = false
      while (at < data.length) {
        const character = data[at] as string
        if (format === 'csv' && character === quote) {
          if (quoted && data[at + 1] === quote) value += data[at++]
          else quoted = !quoted
          raw += quote
        } else if (!quoted && (character === delimiter || character === '\n')) break
        else if (format === 'text' && character === '\\') {
          const next = data[++at] as string
          raw += `\\${next}`
          value += unescaped[next] ?? next
        } else {
          raw += character
          value += character
        }
        at++
      }
      row.push(raw === nothing ? null : value)
      if (data[at++] === '\n') break
    }
    rows.push(row)
  }
  return header ? rows.slice(1) : rows
}

describe.each([13, 18] as const)('PostgreSQL %i', (major) => {
  it('runs the query that was cut out', { timeout: 60_000 }, async () => {
    const session = await startSession(major)
    await session.query(OBJECTS)
    await session.query('begin')
    for (const text of [
      'declare c cursor for select id as "for", c from only t order by 1',
      'declare c no scroll cursor with hold for /* as */ (table t) union select 1, $$for$$, 2 order by 1',
      'declare c insensitive cursor for with "for" as (values (1)) select * from "for";',
    ]) {
      await session.query(text)
      expect(await answer(session, 'fetch all from c')).toEqual(await answer(session, innerOf(utility(text, major))))
      await session.query('close c')
    }
    for (const text of [
      'prepare p as select id as "as" from t order by 1;',
      'prepare p (int, text[]) as (values (1)) order by 1',
    ]) {
      await session.query(text)
      expect(await answer(session, text.includes('int') ? "execute p(1, '{}')" : 'execute p')).toEqual(
        await answer(session, innerOf(utility(text, major))),
      )
      await session.query('deallocate p')
    }
    for (const text of [
      'create table made as select id as "as", "Ä b" from t with data',
      'create temp table made (a, b) as (select 1 as "with", 2 as no)',
      'select id, "Ä b" into made from t where id < 3 union select 9, \'into\'',
      'create materialized view made as select 1 as data, 2 as "no"',
      'create view made as select id as data from t with check option',
    ]) {
      const inner = await answer(session, innerOf(utility(text, major)))
      await session.query('savepoint s')
      await session.query(text)
      const made = (await answer(session, 'select * from made')) as { rows: unknown[] }
      expect(made.rows.map(String).sort()).toEqual((inner as { rows: unknown[] }).rows.map(String).sort())
      await session.query('rollback to s')
    }
  })

  it('runs what EXPLAIN is said to analyze, and nothing else', { timeout: 60_000 }, async () => {
    const session = await startSession(major)
    await session.query('create table t (a int)')
    for (const options of EXPLAINED) {
      const text = `explain ${options} insert into t values (1)`
      const found = utility(text, major)
      await session.query('begin')
      await session.query(text)
      const { rows } = await session.query('select from t')
      await session.query('rollback')
      expect({ text, analyze: found.kind === 'explain' && found.analyze }).toEqual({ text, analyze: rows.length > 0 })
    }
  })

  it('writes the rows of COPY as its format tells', { timeout: 60_000 }, async () => {
    const session = await startSession(major)
    await session.query(OBJECTS)
    let data = ''
    const { connection } = session as unknown as { connection: NodeJS.EventEmitter }
    connection.on('copyData', ({ chunk }: { readonly chunk: Buffer }) => {
      data += chunk.toString('utf8')
    })
    for (const text of COPIED) {
      const found = utility(text, major)
      if (found.kind !== 'copy-out') throw new Error(found.kind)
      data = ''
      await session.query(text)
      const told = fieldsOf(data, found.format)
      const types = { getTypeParser: () => (value: unknown) => value }
      const { rows } = await session.query({ text: innerOf(found), rowMode: 'array', types } as pg.QueryArrayConfig)
      // Without a list of columns, COPY leaves generated ones out.
      const bare = found.table !== null && found.columns === null
      expect(told).toEqual((rows as (string | null)[][]).map((row) => (bare ? row.slice(0, 2) : row)))
    }
  })
})

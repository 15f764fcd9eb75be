// What real servers write is taken apart and put together so that they read it again, on each supported version.

import type { PostgresMajor } from '@sluice/demo'
import type { CopyFormat } from '@sluice/sql'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../../../../../test/stand/database.ts'
import { authenticateBy, openTls, query, type Reply, WireClient } from '../../../../../test/stand/wire-client.ts'
import * as encode from '../wire/encode.ts'
import { CLIENT, SERVER } from '../wire/message-types.ts'
import { awkward, copyFormat, FORMATS } from './copy-masker.fixture.ts'
import { CopyDataMasker } from './copy-masker.ts'
import { MaskedColumns } from './masked-columns.ts'
import { bodies, expected, type Field, fieldsOf, MASKERS } from './row-masker.fixture.ts'
import { RowUnexpected } from './row-unexpected.ts'

const MAJORS: readonly PostgresMajor[] = [13, 14, 15, 16, 17, 18]
/** In text format since then. */
const TEXT_HEADER_SINCE = 15
const ROWS = 150
const SEED = 4711

const COLUMNS = ['id', 'the, "name"', 'note', 'blob', 'amount']
const MASKED = ['clear', 'longer', 'sometimes', 'clear', 'constant']
const DEFINITION = `(id int, "the, ""name""" text, note text, blob bytea, amount text)`

const literal = (text: string | null): string => (text === null ? 'null' : `'${text.replaceAll("'", "''")}'`)

const values = fc
  .sample(fc.tuple(...[1, 2, 3].map(() => fc.option(awkward, { freq: 8 }))), { numRuns: ROWS, seed: SEED })
  .map(([name = null, note = null, amount = null], id) => {
    const blob = `'\\x${Buffer.from(note ?? '').toString('hex')}'`
    return `(${id}, ${literal(name)}, ${literal(note)}, ${blob}, ${literal(amount)})`
  })

const options = (copy: CopyFormat, forced: boolean): string => {
  if (copy.format === 'binary') return '(format binary)'
  const { format, delimiter, header, quote } = copy
  const csv = format === 'csv' ? `, quote ${literal(quote)}${forced ? ', force_quote *' : ''}` : ''
  return `(format ${format}, delimiter ${literal(delimiter)}, null ${literal(copy.null)}${header ? ', header' : ''}${csv})`
}

describe.each(MAJORS)('COPY of PostgreSQL %i', (major) => {
  let database: Database
  let client: WireClient
  beforeAll(async () => {
    database = await startDatabase(major)
    const { port, user, password } = database.server
    const authority = database.authority.certificate
    client = new WireClient(await openTls({ host: '127.0.0.1', port, authority }))
    await authenticateBy(client, { user, password })
    await run(`create table t ${DEFINITION}; create table back ${DEFINITION}; create table plain ${DEFINITION}`)
    await run(`insert into t values ${values.join(', ')}`)
  })
  afterAll(async () => {
    client.end()
    await database.stop()
  })

  const run = async (...messages: readonly [string, ...Buffer[]]): Promise<readonly Reply[]> => {
    const [sql, ...data] = messages
    client.send(query(sql), ...data)
    const replies = await client.until()
    const failed = replies.find(({ type }) => type === 'E')
    if (failed !== undefined) throw new Error(`${sql.slice(0, 200)}: ${failed.bytes.toString('utf8')}`)
    return replies
  }

  const copyOut = async (source: string, copy: CopyFormat, forced: boolean) => {
    const replies = await run(`copy ${source} to stdout ${options(copy, forced)}`)
    const of = (type: string): readonly Buffer[] =>
      replies.filter((reply) => reply.type === type).map(({ bytes }) => bytes)
    return { opening: Buffer.concat(of('H')), messages: of('d') }
  }

  const copyIn = async (table: string, copy: CopyFormat, data: Buffer): Promise<void> => {
    await run(`truncate ${table}`)
    await run(`copy ${table} from stdin ${options(copy, false)}`, data, encode.message(CLIENT.copyDone))
  }

  const rowsOf = async (table: string): Promise<readonly (readonly Field[])[]> => {
    const replies = await run(`select * from ${table} order by id`)
    return bodies(
      Buffer.concat(replies.filter(({ type }) => type === 'D').map(({ bytes }) => bytes)),
      SERVER.dataRow,
    ).map(fieldsOf)
  }

  const masker = (copy: CopyFormat): CopyDataMasker =>
    new CopyDataMasker(new MaskedColumns(MASKED.map((name) => MASKERS[name] ?? null)), copy, COLUMNS)

  /** Text format writes NULL as a value with that text, if its marker has no backslash: nobody can tell them apart. */
  const isCertain = ({ format, null: marker }: CopyFormat): boolean => format !== 'text' || marker.startsWith('\\')

  const usable = FORMATS.filter(({ format, header }) => format !== 'text' || !header || major >= TEXT_HEADER_SINCE)
  const forms = usable.flatMap((copy) =>
    (copy.format === 'csv' ? [false, true] : [false]).map((forced) => [copy, forced] as const),
  )

  it.each(forms)('reads what was masked, as it was masked: %o, quotes forced: %s', async (copy, forced) => {
    const { opening, messages } = await copyOut('t', copy, forced)
    const masking = masker(copy)
    masking.opened(opening)
    const original = await rowsOf('t')
    await copyIn('plain', copy, Buffer.concat(messages))
    const unmasked = await rowsOf('plain')
    await copyIn('back', copy, masking.rows(Buffer.concat(messages)))
    const wanted = original.map((row, at) =>
      row.map((field, column) => {
        const name = MASKED[column] ?? ''
        if (name === 'clear') return unmasked[at]?.[column]
        if (isCertain(copy)) return expected(name, field)
        const masked = expected(name, field ?? Buffer.from(copy.null))
        return masked?.toString() === copy.null ? null : masked
      }),
    )
    expect(original).toHaveLength(ROWS)
    expect(await rowsOf('back')).toEqual(wanted)
  })

  it('masks a query’s rows and single columns, whatever stands alone on a line', async () => {
    const copy = copyFormat('csv')
    const { messages } = await copyOut("(select v from unnest(array['\\.', '', 'plain', null]) v)", copy, false)
    const rows = (name: string): string =>
      new CopyDataMasker(new MaskedColumns([MASKERS[name] ?? null]), copy, ['v'])
        .rows(Buffer.concat(messages))
        .toString()
    expect(rows('clear')).toContain('"\\."\n')
    expect(rows('constant').match(/\[pii\.one\]\n/g)).toHaveLength(3)
    expect(rows('constant').endsWith('d\0\0\0\x05\n')).toBe(true)
  })

  it('sends one row a message, and the opening of binary format with the first', async () => {
    for (const [copy, forced] of forms) {
      const { messages } = await copyOut('t', copy, forced)
      expect(messages).toHaveLength(ROWS + (copy.header ? 1 : 0) + (copy.format === 'binary' ? 1 : 0))
    }
  })

  it('masks no rows where there are none', async () => {
    for (const [copy, forced] of forms) {
      const { opening, messages } = await copyOut('(select * from t where false)', copy, forced)
      const masking = masker(copy)
      masking.opened(opening)
      expect(masking.rows(Buffer.concat(messages))).toEqual(Buffer.concat(messages))
    }
  })

  it('refuses a COPY that was announced otherwise', async () => {
    const { opening } = await copyOut('t', copyFormat('binary'), false)
    const fewer = (await copyOut('t (id, note)', copyFormat('text'), false)).opening
    expect(() => masker(copyFormat('text')).opened(opening)).toThrow(RowUnexpected)
    expect(() => masker(copyFormat('text')).opened(fewer)).toThrow(RowUnexpected)
  })
})

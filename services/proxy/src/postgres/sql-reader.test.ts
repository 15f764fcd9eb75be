import { loadParser, MAX_CUTS, MAX_INLINE_CHARACTERS } from '@sluice/sql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALL_NAMES } from './session/name-registry.ts'
import { SqlReaders } from './sql-reader.ts'

const readers = new SqlReaders()
beforeAll(loadParser)
afterAll(() => readers.close())

const long = (tail: string): string =>
  `select * from t where a in (${'4711,'.repeat(MAX_INLINE_CHARACTERS / 4)}1) ${tail}`

const NAMES = {
  schemas: ['public'],
  functions: new Set<string>(),
  rowFunctions: new Set<string>(),
  operators: new Set<string>(),
  digest: 'none',
}

describe('SqlReader', () => {
  it('reads a statement for decision and record', () => {
    expect(
      readers
        .readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false })
        .read("select * from customers where ssn = '819'"),
    ).toMatchObject({
      access: { connection: 'shop', actions: ['sql:read'], resources: ['shop/customers'] },
      segments: [{ kind: 'text' }, { kind: 'literal', bytes: Buffer.from("'819'") }],
      deallocates: null,
    })
  })

  it('keeps what it read for all sessions of a connection, by the exact text', async () => {
    const read = await readers
      .readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false })
      .read('select 42')
    expect(
      await readers.readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false }).read('select 42'),
    ).toBe(read)
    expect(
      await readers.readerFor({ connection: 'other', serverMajor: 18, names: NAMES, lineage: false }).read('select 42'),
    ).not.toBe(read)
    expect(
      await readers.readerFor({ connection: 'shop', serverMajor: 13, names: NAMES, lineage: false }).read('select 42'),
    ).not.toBe(read)
    expect(
      await readers.readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false }).read('select 43'),
    ).not.toBe(read)
  })

  it.each<[string, string | symbol | null]>([
    ['deallocate p', 'p'],
    ['deallocate all', ALL_NAMES],
    ['discard all', ALL_NAMES],
    ['discard plans', null],
    ['select 1', null],
  ])('%s deallocates what it says', async (text, name) => {
    expect(
      (await readers.readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false }).read(text))
        .deallocates,
    ).toBe(name)
  })

  it('reads long statements in a worker', { timeout: 20_000 }, async () => {
    const pending = readers
      .readerFor({ connection: 'shop', serverMajor: 18, names: NAMES, lineage: false })
      .read(long('for update'))
    expect(pending).toBeInstanceOf(Promise)
    const read = await pending
    expect(read.access).toMatchObject({ actions: ['sql:write', 'sql:read'], resources: ['shop/t'] })
    expect(read.segments).toHaveLength(MAX_CUTS + 1)
  })
})

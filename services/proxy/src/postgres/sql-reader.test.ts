import {
  LargeAnalyzer,
  loadParser,
  MAX_CUTS,
  MAX_INLINE_CHARACTERS,
  MAX_LARGE_CHARACTERS,
  MAX_WAITING,
} from '@sluice/sql'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ALL_NAMES } from './session/name-registry.ts'
import { SqlReaders } from './sql-reader.ts'

const readers = new SqlReaders()
beforeAll(loadParser)
afterAll(() => readers.close())

const options = { serverMajor: 18 }
const long = (tail: string): string =>
  `select * from t where a in (${'4711,'.repeat(MAX_INLINE_CHARACTERS / 4)}1) ${tail}`

const SCHEMAS = ['public']

describe('SqlReader', () => {
  it('reads a statement for decision and record', () => {
    expect(readers.readerFor('shop', 18, SCHEMAS).read("select * from customers where ssn = '819'")).toMatchObject({
      access: { connection: 'shop', actions: ['sql:read'], resources: ['shop/customers'], objections: [] },
      segments: [{ kind: 'text' }, { kind: 'literal', bytes: Buffer.from("'819'") }],
      deallocates: null,
    })
  })

  it('keeps what it read for all sessions of a connection, by the exact text', async () => {
    const read = await readers.readerFor('shop', 18, SCHEMAS).read('select 42')
    expect(await readers.readerFor('shop', 18, SCHEMAS).read('select 42')).toBe(read)
    expect(await readers.readerFor('other', 18, SCHEMAS).read('select 42')).not.toBe(read)
    expect(await readers.readerFor('shop', 13, SCHEMAS).read('select 42')).not.toBe(read)
    expect(await readers.readerFor('shop', 18, SCHEMAS).read('select 43')).not.toBe(read)
  })

  it.each<[string, string | symbol | null]>([
    ['deallocate p', 'p'],
    ['deallocate all', ALL_NAMES],
    ['discard all', ALL_NAMES],
    ['discard plans', null],
    ['select 1', null],
  ])('%s deallocates what it says', async (text, name) => {
    expect((await readers.readerFor('shop', 18, SCHEMAS).read(text)).deallocates).toBe(name)
  })

  it('reads long statements in a worker', { timeout: 20_000 }, async () => {
    const pending = readers.readerFor('shop', 18, SCHEMAS).read(long('for update'))
    expect(pending).toBeInstanceOf(Promise)
    const read = await pending
    expect(read.access).toMatchObject({ actions: ['sql:write'], resources: ['shop/t'] })
    expect(read.segments).toHaveLength(MAX_CUTS + 1)
  })
})

describe('LargeAnalyzer', { timeout: 20_000 }, () => {
  it('answers in order, and refuses what is beyond its bounds', async () => {
    const analyzer = new LargeAnalyzer()
    onTestFinished(() => analyzer.close())
    const answers = await Promise.all([
      analyzer.analyze(long(''), options),
      analyzer.analyze(long("limit '"), options),
      analyzer.analyze(`select ${'('.repeat(20_000)}`, options),
      analyzer.analyze('x'.repeat(MAX_LARGE_CHARACTERS + 1), options),
    ])
    expect(answers).toEqual([
      { kind: 'parsed', statements: [{ kind: 'select', tables: ['t'], functions: [] }] },
      { kind: 'unparsable', message: 'a quoted string does not end' },
      { kind: 'too_large', limit: 'nesting' },
      { kind: 'too_large', limit: 'bytes' },
    ])
  })

  it('gives up at its deadline, and goes on with the next', async () => {
    const analyzer = new LargeAnalyzer({ deadlineMs: 1 })
    onTestFinished(() => analyzer.close())
    const slow = `select ${'a + b, '.repeat(50_000)} 1 from t`
    const waiting = [analyzer.analyze(slow, options), analyzer.analyze(slow, options)]
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ kind: 'too_large', limit: 'time' })))
  })

  it('lets only so many wait', async () => {
    const analyzer = new LargeAnalyzer()
    const waiting = Array.from({ length: MAX_WAITING + 1 }, () => analyzer.analyze(long(''), options))
    expect(await analyzer.analyze(long(''), options)).toEqual({ kind: 'too_large', limit: 'time' })
    await analyzer.close()
    await Promise.all(waiting)
  })

  it('answers what waits when it is closed', async () => {
    const analyzer = new LargeAnalyzer()
    const waiting = [analyzer.analyze(long(''), options), analyzer.analyze(long(''), options)]
    await analyzer.close()
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ kind: 'too_large', limit: 'time' })))
    expect(await analyzer.analyze('select 1', options)).toEqual({ kind: 'too_large', limit: 'time' })
  })
})

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type QueryParams } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeEngineConfiguration } from './engine-configuration.ts'
import { EngineProcess } from './engine-process.ts'

const PASSWORD = "pass'word"
let dir: string
let engine: EngineProcess
let url: string
let client: ClickHouseClient
const restarts: Promise<void>[] = []

function connect(options: { password?: string; database?: string } = {}): ClickHouseClient {
  return createClient({
    url,
    username: 'sluice',
    log: { level: ClickHouseLogLevel.OFF },
    password: options.password ?? PASSWORD,
    database: options.database ?? 'sluice',
  })
}

async function rows<T>(query: string, options: Omit<QueryParams, 'query' | 'format'> = {}): Promise<T[]> {
  const result = await client.query({ query, ...options, format: 'JSONEachRow' })
  return result.json<T>()
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-engine-'))
  const configFile = writeEngineConfiguration(join(dir, 'engine'), 'sluice')
  let listening = Promise.withResolvers<void>()
  restarts.push(listening.promise)
  engine = new EngineProcess(
    { dataDir: join(dir, 'data'), configFile, host: '127.0.0.1', port: 0, user: 'sluice', password: PASSWORD },
    {
      onListening: () => {
        listening.resolve()
        listening = Promise.withResolvers<void>()
        restarts.push(listening.promise)
      },
    },
  )
  url = `http://127.0.0.1:${await engine.start()}`
  client = connect()
  await connect({ database: 'default' }).command({ query: 'CREATE DATABASE sluice' })
  await client.command({
    query:
      'CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
  })
})

afterAll(async () => {
  await client.close()
  await engine.stop()
  rmSync(dir, { recursive: true })
})

describe('the embedded engine behind its HTTP front', { timeout: 60_000 }, () => {
  it('answers ping, commands, inserts and queries of the official client', async () => {
    expect(await client.ping()).toEqual({ success: true })
    await client.insert({ table: 't', values: [{ a: '18446744073709551615', b: "it's\n‹x›" }], format: 'JSONEachRow' })
    const clickhouse_settings = { output_format_json_quote_64bit_integers: 1 } as const
    expect(await rows('SELECT * FROM t', { clickhouse_settings })).toEqual([
      { a: '18446744073709551615', b: "it's\n‹x›" },
    ])
  })

  it('binds parameters of every shape', async () => {
    const query_params = { s: "it's \\ \t \n ‹x›", list: ["a'b", 'c,d'], n: '18446744073709551615', at: new Date(0) }
    expect(
      await rows('SELECT {s:String} AS s, {list:Array(String)} AS list, {n:UInt64} AS n, {at:DateTime64(3)} AS at', {
        query_params,
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
      }),
    ).toEqual([{ s: query_params.s, list: query_params.list, n: query_params.n, at: '1970-01-01 00:00:00.000' }])
  })

  it('refuses a wrong password, and says nothing else', async () => {
    const stranger = connect({ password: 'guess' })
    await expect(stranger.command({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' })
    await stranger.close()
  })

  it('reports an exception with its code and name', async () => {
    await expect(rows('SELECT nope FROM t')).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' })
    await expect(client.command({ query: 'SELECT 1; SELECT 2' })).rejects.toMatchObject({ code: '62' })
  })

  it('lets no setting stick to another request', async () => {
    const insert = (token?: string, b = 'x') =>
      client.insert({
        table: 't',
        values: [{ a: 7, b }],
        format: 'JSONEachRow',
        ...(token === undefined ? {} : { clickhouse_settings: { insert_deduplication_token: token } }),
      })
    const count = async () => (await rows<{ n: number }>('SELECT toUInt32(count()) AS n FROM t WHERE a = 7'))[0]?.n
    await insert('one')
    await insert('one')
    expect(await count()).toBe(1)
    // Rows that differ: without a token their content is what is compared.
    await insert(undefined, 'y')
    await insert(undefined, 'z')
    expect(await count()).toBe(3)
    await rows('SELECT 1', { clickhouse_settings: { readonly: '1' } })
    await client.command({ query: 'ALTER TABLE t DELETE WHERE a = 7', clickhouse_settings: { mutations_sync: '1' } })
    expect(await count()).toBe(0)
  })

  it('keeps each request within its limits', async () => {
    const long = 'SELECT count() FROM numbers_mt(100000000000) WHERE sipHash64(number) = 1'
    await expect(rows(long, { clickhouse_settings: { max_execution_time: 1 } })).rejects.toMatchObject({
      type: 'TIMEOUT_EXCEEDED',
    })
    await expect(
      rows('SELECT groupArray(number) FROM numbers(100000000)', {
        clickhouse_settings: { max_memory_usage: '50000000' },
      }),
    ).rejects.toMatchObject({ type: 'MEMORY_LIMIT_EXCEEDED' })
    await expect(rows('SELECT repeat(toString(number), 100) FROM numbers(1000000)')).rejects.toMatchObject({
      code: '396',
    })
  })

  it('does not let a long question hold up anything else', async () => {
    const abort = new AbortController()
    const question = rows('SELECT count() FROM numbers_mt(100000000000) WHERE sipHash64(number) = 1', {
      abort_signal: abort.signal,
      clickhouse_settings: { readonly: '1' },
    })
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await client.insert({ table: 't', values: [{ a: 2, b: 'meanwhile' }], format: 'JSONEachRow' })
    abort.abort()
    await expect(question).rejects.toThrow(/abort/i)
  })

  it('takes many requests at once, each with its own parameters', async () => {
    const answers = Array.from({ length: 60 }, async (_, index) => {
      const [row] = await rows<{ n: number }>('SELECT {n:UInt32} AS n, count() FROM t', { query_params: { n: index } })
      await client.insert({ table: 't', values: [{ a: 1_000 + index, b: 'many' }], format: 'JSONEachRow' })
      return row?.n
    })
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 60 }, (_, index) => index))
    expect(await rows("SELECT toUInt32(count()) AS n FROM t WHERE b = 'many'")).toEqual([{ n: 60 }])
  })

  it('ends a query whose client went away', async () => {
    const abort = new AbortController()
    const query = rows('SELECT count() FROM numbers_mt(100000000000) WHERE sipHash64(number) = 1', {
      abort_signal: abort.signal,
    })
    setTimeout(() => abort.abort(), 200)
    await expect(query).rejects.toThrow(/abort/i)
    // Reads are taken one at a time: an answer means that the other one has ended.
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it.each([
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/x', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
    "INSERT INTO FUNCTION file('/tmp/x', 'CSV') SELECT 1",
    "CREATE TABLE f (a String) ENGINE = File(CSV, '/tmp/x')",
    'CREATE TABLE default.f (a String) ENGINE = MergeTree ORDER BY a',
    'CREATE FUNCTION f AS x -> x',
    'CREATE USER u',
    'DROP DATABASE sluice',
    "BACKUP TABLE t TO File('/tmp/x')",
  ])('has no right to: %s', async (query) => {
    await expect(client.command({ query })).rejects.toMatchObject({ type: 'ACCESS_DENIED' })
  })

  it('keeps its configuration to its owner', () => {
    for (const file of ['config.xml', 'users.xml']) expect(statSync(join(dir, 'engine', file)).mode & 0o077).toBe(0)
  })

  it('refuses a second engine on its folder, with the reason', async () => {
    const second = new EngineProcess({
      dataDir: join(dir, 'data'),
      configFile: join(dir, 'engine/config.xml'),
      host: '127.0.0.1',
      port: 0,
      user: 'sluice',
      password: PASSWORD,
    })
    await expect(second.start()).rejects.toMatchObject({ code: 'engine_locked' })
  })

  it('comes back on its port after it was killed, with its data', async () => {
    await client.insert({ table: 't', values: [{ a: 1, b: 'kept' }], format: 'JSONEachRow' })
    process.kill(engine.pid ?? 0, 'SIGKILL')
    await restarts[1]
    expect(await rows("SELECT b FROM t WHERE b = 'kept'")).toEqual([{ b: 'kept' }])
  })
})

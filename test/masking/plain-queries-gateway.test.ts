// The plain queries through the gateway with masking, and past it: the same rows, descriptions and counts to the byte.

import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALL_BUT_REVEAL } from '../stand/control-plane.ts'
import { type Database, GATEWAY_PASSWORD, GATEWAY_ROLE, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { loadPlainTables, PLAIN_RULES, type PlainQuery, plainQueries, resetSequences } from './plain-queries.ts'
import { psqlQueries } from './plain-queries-psql.ts'
import { isRefusedByMistake } from './plain-queries-refused.ts'

const MAX_REFUSED_SHARE = 0.02
const MIN_QUERIES = 300

type Answer = { readonly error: string } | { readonly columns: unknown; readonly rows: unknown }

/** Shows that values are masked at all. */
const SENSITIVE: PlainQuery = { name: 'ssn', sql: 'select ssn from customers', values: undefined, varies: false }

/** Values as they come: text, or bytes where the format is binary. */
const RAW = { getTypeParser: () => (value: unknown) => value } as unknown as pg.CustomTypesConfig

async function answerOf(client: pg.Client, { sql, values, varies }: PlainQuery, binary: boolean): Promise<Answer> {
  const asked = values ?? (binary ? [] : undefined)
  const config = {
    text: sql,
    types: RAW,
    rowMode: 'array',
    ...(asked === undefined ? {} : { values: [...asked] }),
  } as const
  await client.query('begin')
  try {
    const { command, rowCount, fields, rows } = await client.query(config)
    return { columns: [command, varies ? null : rowCount, fields], rows: varies ? null : rows }
  } catch (error) {
    const { code, message } = error as pg.DatabaseError
    return { error: `${code}: ${message}` }
  } finally {
    await client.query('rollback')
  }
}

describe.each([13, 18] as const)('plain queries through the gateway to PostgreSQL %i', (major) => {
  let database: Database
  let proxy: RunningProxy
  let queries: readonly PlainQuery[]

  beforeAll(async () => {
    database = await startDatabase(major)
    await loadPlainTables(database)
    proxy = await startProxy(database, { policies: ALL_BUT_REVEAL, masking: PLAIN_RULES, plannedBy: 'test' })
    queries = [...plainQueries(), ...(await psqlQueries(database))]
  }, 120_000)
  afterAll(async () => {
    await proxy?.stop()
    await database?.stop()
  })

  async function answers(config: pg.ClientConfig, binary: boolean): Promise<readonly Answer[]> {
    const client = new pg.Client({ ...config, ...(binary ? { binary } : {}) })
    await client.connect()
    try {
      const all: Answer[] = []
      all.push(await answerOf(client, SENSITIVE, binary))
      for (const query of queries) {
        if (/^insert/i.test(query.sql)) await resetSequences(database)
        all.push(await answerOf(client, query, binary))
      }
      return all
    } finally {
      await client.end()
    }
  }

  it.each([false, true])(
    'are answered as without it, all but a few that are known; binary: %s',
    { timeout: 180_000 },
    async (binary) => {
      const direct = { host: 'localhost', database: database.name, user: GATEWAY_ROLE, password: GATEWAY_PASSWORD }
      const expected = await answers(
        { ...direct, port: database.server.port, ssl: { ca: database.authority.certificate } },
        binary,
      )
      const login = await proxy.ticket()
      const through = await answers(
        { host: 'localhost', port: proxy.port, database: database.name, ...login, ssl: { ca: proxy.authority } },
        binary,
      )
      expect(through[0]).not.toEqual(expected[0])
      const asked = queries.map((query, index) => ({ query, direct: expected[index + 1], masked: through[index + 1] }))
      // What this version, or the gateway's role, may not ask in the first place is the same either way or not at all.
      const answered = asked.filter(({ direct: answer }) => answer !== undefined && !('error' in answer))
      const known = answered.filter(({ query }) => isRefusedByMistake(query, ['tree', 'text']))
      expect(known.filter(({ masked }) => masked !== undefined && !('error' in masked))).toEqual([])
      const different = answered
        .filter(
          ({ query, direct: answer, masked }) =>
            !isRefusedByMistake(query, ['tree', 'text']) && !isDeepStrictEqual(answer, masked),
        )
        .map(({ query, masked }) => [
          query.name,
          masked !== undefined && 'error' in masked ? masked.error : masked,
          query.sql,
        ])
      expect(different).toEqual([])
      expect(answered.length).toBeGreaterThan(MIN_QUERIES)
      expect(known.length / answered.length).toBeLessThan(MAX_REFUSED_SHARE)
    },
  )
})

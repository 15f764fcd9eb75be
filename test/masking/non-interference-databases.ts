// Two databases of one server that differ only in their sensitive values: copies of a third, so that relations have the
// same ids in both, filled in the same order.

import pg from 'pg'
import { type Database, GATEWAY_ROLE, startDatabase } from '../stand/database.ts'
import type { ProxiedDatabase } from '../stand/proxy.ts'
import { largeSql, rowsSql, type Side } from './non-interference-values.ts'
import { SCHEMA_SQL, TABLES } from './random-query-schema.ts'

export type Twins = {
  readonly database: Database
  readonly proxied: Readonly<Record<Side, ProxiedDatabase>>
  /** A session of the superuser, past the gateway. */
  readonly connect: (side: Side | 'shop', options?: string) => Promise<pg.Client>
  readonly stop: () => Promise<void>
}

const SIDES = ['left', 'right'] as const

/** Plans follow from sizes alone, and a query that runs away ends. */
const SETTINGS = [
  'autovacuum = off',
  'max_parallel_workers_per_gather = 0',
  "statement_timeout = '10s'",
  "log_min_messages = 'fatal'",
]

export async function startTwins(major: 13 | 14 | 15 | 16 | 17 | 18): Promise<Twins> {
  const database = await startDatabase(major)
  const { server, authority } = database
  const connect: Twins['connect'] = async (side, options = '') => {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: side,
      ssl: { ca: authority.certificate },
      options,
    })
    await client.connect()
    return client
  }
  const run = async (side: Side | 'shop', ...texts: readonly string[]): Promise<void> => {
    const client = await connect(side)
    try {
      for (const text of texts) await client.query(text)
    } finally {
      await client.end()
    }
  }
  await run(
    'shop',
    ...SETTINGS.map((setting) => `alter system set ${setting}`),
    'select pg_reload_conf()',
    'drop table customers, orders',
    SCHEMA_SQL,
    `grant select, insert, update, delete on all tables in schema public to ${GATEWAY_ROLE}`,
  )
  for (const side of SIDES) {
    await run('shop', `create database "${side}" template shop`)
    await run(side, rowsSql(side), ...largeSql(side))
  }
  await expectSameSizes(connect)
  return {
    database,
    proxied: { left: { ...database, name: 'left' }, right: { ...database, name: 'right' } },
    connect,
    stop: database.stop,
  }
}

/** Else the two would differ in what nobody promises to hide: pages, and plans. */
async function expectSameSizes(connect: Twins['connect']): Promise<void> {
  const sizes = await Promise.all(
    SIDES.map(async (side) => {
      const client = await connect(side)
      const found: string[] = []
      for (const { name } of TABLES) {
        const { rows } = await client.query(`select array_agg(ctid::text || id) as places from ${name}`)
        found.push(String(rows[0]?.places))
      }
      await client.end()
      return found.join()
    }),
  )
  if (sizes[0] !== sizes[1]) throw new Error('rows lie elsewhere in the two databases')
}

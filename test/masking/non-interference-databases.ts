// Two databases of one server that differ only in their sensitive values: copies of a third, so that relations have the
// same ids in both, filled in the same order.

import { type Database, GATEWAY_ROLE, type ProxiedDatabase, startDatabase } from '../stand/database.ts'
import { largeSql, rowsSql, SIDES, type Side } from './non-interference-values.ts'
import { SCHEMA_SQL, TABLES } from './random-query-schema.ts'

export type Twins = {
  readonly database: Database
  readonly proxied: Readonly<Record<Side, ProxiedDatabase>>
  readonly stop: () => Promise<void>
}

/** Plans follow from sizes alone, and a query that runs away ends. */
const SETTINGS = [
  'autovacuum = off',
  'max_parallel_workers_per_gather = 0',
  "statement_timeout = '10s'",
  "log_min_messages = 'fatal'",
]

export async function startTwins(major: 13 | 14 | 15 | 16 | 17 | 18): Promise<Twins> {
  const database = await startDatabase(major)
  const run = async (side: Side | 'shop', ...texts: readonly string[]): Promise<void> => {
    for (const text of texts) await database.query(text, side)
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
  await expectSameSizes(database)
  return {
    database,
    proxied: { left: { ...database, name: 'left' }, right: { ...database, name: 'right' } },
    stop: database.stop,
  }
}

/** Else the two would differ in what nobody promises to hide: pages, and plans. */
async function expectSameSizes(database: Database): Promise<void> {
  const sizes = await Promise.all(
    SIDES.map(async (side) => {
      const found: string[] = []
      for (const { name } of TABLES) {
        const { rows } = await database.query(`select array_agg(ctid::text || id) as places from ${name}`, side)
        found.push(String(rows[0]?.places))
      }
      return found.join()
    }),
  )
  if (sizes[0] !== sizes[1]) throw new Error('rows lie elsewhere in the two databases')
}

// One PostgreSQL and one proxy for all clients of a version, and what their tests have in common: a table with a value
// of every usual type, statements that take long, and a list of the refusals that clients were told.

import { writeFileSync } from 'node:fs'
import type { PostgresMajor } from '@sluice/demo'
import { vi } from 'vitest'
import { GATEWAY_PASSWORD, GATEWAY_ROLE, startDatabase } from '../../stand/database.ts'
import { type Login, type RunningProxy, startProxy } from '../../stand/proxy.ts'

/** What a client needs to connect: through Sluice, or past it as the same role of the database. */
export type Target = {
  readonly host: 'localhost'
  readonly port: number
  readonly database: string
  readonly authority: string
  readonly authorityFile: string
} & Login

export type ClientStand = {
  readonly major: PostgresMajor
  readonly proxy: RunningProxy
  readonly sluice: Target
  readonly direct: Target
  /** Resolves when the statement that `longStatement(name)` makes is running in the database. */
  readonly untilRunning: (name: string) => Promise<void>
  readonly untilStopped: (name: string) => Promise<void>
  /** What the database holds, seen past the gateway. */
  readonly orders: () => Promise<number>
  /** Event ids of all refusals that clients were told. */
  readonly refusals: string[]
  readonly stop: () => Promise<void>
}

/** Runs for minutes with little memory. */
export const longStatement = (name: string): string =>
  `select count(*) as ${name} from generate_series(1, 100000) a, generate_series(1, 100000) b`

export const ORDERS = 100
const CONDITION = { timeout: 10_000, interval: 20 }

const KINDS = `
  create table kinds (
    id int primary key, small int2, big int8, exact numeric, approx float8, yes bool, word text, fixed char(5),
    bytes bytea, moment timestamptz, local timestamp, day date, clock time, span interval, uid uuid, doc json,
    docb jsonb, ints int[], words text[], grid int[][], address inet, name name
  );
  insert into kinds values
    (1, -32768, 9223372036854775807, 12345678901234567890.123456789, 0.1, true, 'Ünïcödé ✓ 🎉 ''quoted'' "too" \\ \t', 'ab',
     '\\x00ff10deadbeef', '2024-02-29 23:59:59.123456+00', '1999-12-31 12:00:00', '2024-02-29', '13:37:00.5',
     '1 year 2 mons 3 days 04:05:06.789', '123e4567-e89b-12d3-a456-426614174000', '{"a": [1, 2.5, null]}',
     '{"b": {"c": "ü"}, "a": 1}', '{1,NULL,-3}', '{"a b","c,d","e\\"f",NULL,""}', '{{1,2},{3,4}}', '10.1.2.3/8', 'nm'),
    (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
     null, null),
    (3, 0, -9223372036854775808, 'NaN', 'infinity', false, '', '', '', '1900-01-01 00:00:00+00', 'infinity', '0001-01-01',
     '00:00:00', '-1 days', '00000000-0000-0000-0000-000000000000', 'null', '[]', '{}', '{}', '{}', '::1', '');
  grant select on kinds to ${GATEWAY_ROLE};
`

export async function startClientStand(major: PostgresMajor): Promise<ClientStand> {
  const database = await startDatabase(major)
  const proxy = await startProxy(database)
  await database.query(KINDS)
  const databaseAuthorityFile = `${proxy.dir}/database-authority.pem`
  writeFileSync(databaseAuthorityFile, database.authority.certificate)
  const admin = await database.connect()
  const running = async (name: string): Promise<number> => {
    const text = `select 1 from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like $1`
    return (await admin.query(text, [`%count(*) as ${name} from%`])).rows.length
  }
  return {
    major,
    proxy,
    sluice: {
      host: 'localhost',
      port: proxy.port,
      database: 'shop',
      authority: proxy.authority,
      authorityFile: proxy.authorityFile,
      ...(await proxy.ticket()),
    },
    direct: {
      host: 'localhost',
      port: database.server.port,
      database: 'shop',
      authority: database.authority.certificate,
      authorityFile: databaseAuthorityFile,
      user: GATEWAY_ROLE,
      password: GATEWAY_PASSWORD,
    },
    untilRunning: (name) =>
      vi.waitFor(async () => {
        if ((await running(name)) === 0) throw new Error(`${name} does not run`)
      }, CONDITION),
    untilStopped: (name) =>
      vi.waitFor(async () => {
        if ((await running(name)) > 0) throw new Error(`${name} still runs`)
      }, CONDITION),
    orders: async () => Number((await admin.query('select count(*) from orders')).rows[0].count),
    refusals: [],
    stop: async () => {
      await admin.end()
      await proxy.stop()
      await database.stop()
    },
  }
}

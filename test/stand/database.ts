// A real PostgreSQL of any supported version with small tables, behind TLS, for the tests of the gateway.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, type PostgresMajor, type PostgresServer, startPostgres } from '@sluice/demo'
import { type Authority, createAuthority, issueServerCertificate } from '@sluice/identity'
import pg from 'pg'

export const GATEWAY_ROLE = 'sluice_gateway'
export const GATEWAY_PASSWORD = 'gateway-only'

export type Database = {
  readonly server: PostgresServer
  readonly authority: Authority
  readonly name: 'shop'
  /** Runs SQL as superuser, past the gateway. */
  readonly query: (sql: string) => Promise<pg.QueryResult>
  /** A session of the superuser, past the gateway. */
  readonly connect: () => Promise<pg.Client>
  readonly stop: () => Promise<void>
}

const TABLES = `
  create table customers (id int primary key, name text, email text, ssn text, notes text);
  insert into customers
    select n, 'Customer ' || n, 'customer' || n || '@example.org', lpad(n::text, 9, '9'), null from generate_series(1, 1000) n;
  create table orders (id int primary key, customer_id int, status text, amount numeric);
  insert into orders select n, n, 'new', n * 1.5 from generate_series(1, 100) n;
  grant select, insert, update, delete on all tables in schema public to ${GATEWAY_ROLE};
`

export type DatabaseOptions = {
  /** Lines of pg_hba.conf; without them a login needs TLS. */
  readonly hba?: readonly string[]
  /** Each line that the server logs. */
  readonly onLog?: (line: string) => void
}

export async function startDatabase(major: PostgresMajor = 18, options: DatabaseOptions = {}): Promise<Database> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-database-'))
  const authority = await createAuthority('Sluice test upstream authority')
  const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  const server = await startPostgres({
    binaries: findPostgres(major),
    dir,
    password: 'superuser-only',
    tls,
    settings: { fsync: 'off', log_statement: 'none' },
    ...options,
  })
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database,
      ssl: { ca: authority.certificate },
    })
    await client.connect()
    return client
  }
  const run = async (database: string, sql: string): Promise<pg.QueryResult> => {
    const client = await connect(database)
    try {
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await run('postgres', `create role ${GATEWAY_ROLE} login password '${GATEWAY_PASSWORD}'`)
  await run('postgres', 'create database shop')
  await run('shop', TABLES)
  return {
    server,
    authority,
    name: 'shop',
    query: (sql) => run('shop', sql),
    connect: () => connect('shop'),
    stop: async () => {
      await server.remove()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

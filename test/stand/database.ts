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
  readonly name: string
  /** Runs SQL as superuser, past the gateway; in `shop` unless said otherwise. */
  readonly query: (sql: string, database?: string) => Promise<pg.QueryResult>
  /** A session of the superuser, past the gateway, with libpq's `options`; of `shop` unless said otherwise. */
  readonly connect: (database?: string, options?: string) => Promise<pg.Client>
  readonly stop: () => Promise<void>
}

/** What a proxy, or a reader of the catalog, has to know of the database in front of which it stands. */
export type ProxiedDatabase = {
  readonly name: string
  readonly server: Pick<Database['server'], 'host' | 'port'>
  readonly authority: Pick<Database['authority'], 'certificate'>
}

const SHOP = 'shop'

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
  const connect: Database['connect'] = async (database = SHOP, options = '') => {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database,
      ssl: { ca: authority.certificate },
      options,
    })
    await client.connect()
    return client
  }
  const query: Database['query'] = async (sql, database) => {
    const client = await connect(database)
    try {
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await query(`create role ${GATEWAY_ROLE} login password '${GATEWAY_PASSWORD}'`, 'postgres')
  await query(`create database ${SHOP}`, 'postgres')
  await query(TABLES)
  return {
    server,
    authority,
    name: SHOP,
    query,
    connect,
    stop: async () => {
      await server.remove()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

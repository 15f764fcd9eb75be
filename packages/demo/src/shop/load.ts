/** Makes the demo database `shop` and the one role by which the gateway works on it. Safe to run again after a cut. */
import type pg from 'pg'
import { shopCustomers, shopOrders } from './rows.ts'

export const SHOP_DATABASE = 'shop'
export const GATEWAY_ROLE = 'sluice_gateway'

export type ShopServer = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** PEM of the CA, where the server offers TLS. */
  readonly authority?: string
}

const TABLES = `
  create table customers (
    id int primary key, name text not null, email text not null, ssn text not null, card text not null, notes text);
  create table orders (
    id int primary key, customer_id int not null references customers, status text not null, amount numeric(10,2) not null);
`

const INDEXES = `
  create index orders_by_customer on orders (customer_id);
  create index customers_by_email on customers (email);
  create index customers_by_ssn on customers (ssn);
  comment on table customers is 'People who bought something; all invented.';
  comment on table orders is 'What they bought.';
  comment on column customers.email is 'Where invoices go. sluice:pii.email';
`

/**
 * The gateway may change rows of these two tables, and nothing else: no temporary tables, no objects of its own. It has
 * the server print how it understood a statement; what it may set keeps that out of the server's log.
 */
const GRANTS = `
  revoke all on schema public from public;
  grant usage on schema public to ${GATEWAY_ROLE};
  grant set on parameter log_min_messages to ${GATEWAY_ROLE};
  grant select, insert, update, delete on customers, orders to ${GATEWAY_ROLE};
`

/** @param gatewayPassword becomes the password of `sluice_gateway` */
export async function loadShop(server: ShopServer, gatewayPassword: string): Promise<void> {
  await withClient(server, 'postgres', async (client) => {
    await client.query(`drop database if exists ${SHOP_DATABASE}`)
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [GATEWAY_ROLE])
    // What the role may set belongs to no database.
    if (rowCount !== 0) await client.query(`drop owned by ${GATEWAY_ROLE}; drop role ${GATEWAY_ROLE}`)
    const password = client.escapeLiteral(gatewayPassword)
    await client.query(
      `create role ${GATEWAY_ROLE} login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls
       password ${password}`,
    )
    await client.query(`create database ${SHOP_DATABASE}`)
    await client.query(`revoke all on database ${SHOP_DATABASE}, postgres, template1 from public`)
    await client.query(`grant connect on database ${SHOP_DATABASE} to ${GATEWAY_ROLE}`)
  })
  await withClient(server, SHOP_DATABASE, async (client) => {
    await client.query('begin')
    await client.query(TABLES)
    await insertCustomers(client)
    await insertOrders(client)
    await client.query(INDEXES)
    await client.query(GRANTS)
    await client.query('commit')
    await client.query('analyze')
  })
}

/** Whether `loadShop` came to its end: granting is its last step before the commit. */
export async function shopIsLoaded(server: ShopServer): Promise<boolean> {
  const exists = await withClient(server, 'postgres', async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [SHOP_DATABASE])
    return rowCount === 1
  })
  if (!exists) return false
  return withClient(server, SHOP_DATABASE, async (client) => {
    const { rowCount } = await client.query(`select from information_schema.table_privileges
      where grantee = '${GATEWAY_ROLE}' and table_schema = 'public' and table_name = 'orders'`)
    return rowCount === RIGHTS
  })
}

/** select, insert, update and delete. */
const RIGHTS = 4

async function insertCustomers(client: pg.Client): Promise<void> {
  const rows = [...shopCustomers()]
  await client.query(
    `insert into customers select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.name),
      rows.map((row) => row.email),
      rows.map((row) => row.ssn),
      rows.map((row) => row.card),
      rows.map((row) => row.notes),
    ],
  )
}

async function insertOrders(client: pg.Client): Promise<void> {
  const rows = [...shopOrders()]
  await client.query(
    `insert into orders select id, customer, status, cents / 100.0
     from unnest($1::int[], $2::int[], $3::text[], $4::int[]) as row (id, customer, status, cents)`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.customerId),
      rows.map((row) => row.status),
      rows.map((row) => row.amount),
    ],
  )
}

async function withClient<T>(
  server: ShopServer,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port, user, password, authority } = server
  const ssl = authority === undefined ? false : { ca: authority }
  // Loaded only here: whoever uses this package for its names should not pay for a database client.
  const { default: postgres } = await import('pg')
  const client = new postgres.Client({ host, port, user, password, database, ssl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPostgres } from '../postgres/binaries.ts'
import { type PostgresServer, startPostgres } from '../postgres/server.ts'
import { GATEWAY_ROLE, loadShop, SHOP_DATABASE, shopIsLoaded } from './load.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-shop-test-'))
let server: PostgresServer
let gateway: pg.Client

beforeAll(async () => {
  server = await startPostgres({
    binaries: findPostgres(18),
    dir: join(dir, 'pg'),
    password: 'secret',
    settings: { fsync: 'off' },
  })
  await loadShop(server, "it's quoted")
  gateway = new pg.Client({ ...server, user: GATEWAY_ROLE, password: "it's quoted", database: SHOP_DATABASE })
  await gateway.connect()
}, 60_000)

afterAll(async () => {
  await gateway?.end()
  await server?.remove()
  rmSync(dir, { recursive: true, force: true })
}, 20_000)

describe('the demo database', () => {
  it('has its rows, readable by the gateway', async () => {
    const { rows } = await gateway.query(
      `select (select count(*)::int from customers) as customers, (select count(*)::int from orders) as orders,
              (select ssn from customers where id = 1) as ssn, (select min(amount) > 0 from orders) as priced`,
    )
    expect(rows).toEqual([{ customers: 10_000, orders: 20_000, ssn: '123-45-6789', priced: true }])
  })

  it('says which column is what, and lets the gateway keep statements out of the log', async () => {
    const { rows } = await gateway.query(
      `select col_description('customers'::regclass, 3) as said, has_parameter_privilege('log_min_messages', 'SET') as may`,
    )
    expect(rows).toEqual([{ said: 'Where invoices go. sluice:pii.email', may: true }])
  })

  it('lets the gateway change rows: who may do that is decided in front of it', async () => {
    await gateway.query('begin')
    const { rowCount } = await gateway.query("update orders set status = 'seen' where id = 1")
    await gateway.query('rollback')
    expect(rowCount).toBe(1)
  })

  it.each([
    'truncate orders',
    'drop table orders',
    'create table mine (id int)',
    'create temp table mine (id int)',
    'create schema mine',
    'create database mine',
    'create role mine',
    "select pg_read_file('/etc/passwd')",
    "copy customers to program 'cat'",
    'select passwd from pg_shadow',
  ])('refuses the gateway: %s', async (sql) => {
    await expect(gateway.query(sql)).rejects.toMatchObject({ code: '42501' })
  })

  it('lets the gateway into no other database', async () => {
    const other = new pg.Client({ ...server, user: GATEWAY_ROLE, password: "it's quoted", database: 'postgres' })
    await expect(other.connect()).rejects.toMatchObject({ code: '42501' })
  })

  it('knows whether it was loaded, and loads again over a half', async () => {
    expect(await shopIsLoaded(server)).toBe(true)
    await gateway.end()
    const admin = new pg.Client({ ...server, database: SHOP_DATABASE })
    await admin.connect()
    await admin.query('drop table orders')
    await admin.end()
    expect(await shopIsLoaded(server)).toBe(false)
    const started = performance.now()
    await loadShop(server, 'another')
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(await shopIsLoaded(server)).toBe(true)
  }, 30_000)
})

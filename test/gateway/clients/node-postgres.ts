// `pg` of npm: text and binary, named statements, portals, transactions, its pipeline, cancel, and how it fails.

import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientStand, longStatement, ORDERS, type Target } from './client-stand.ts'
import { expectRefusal, type Refusal } from './refusal.ts'

/** With what the type definitions lack. */
type ClientConfig = pg.ClientConfig & {
  readonly binary?: boolean
  readonly pipeline?: boolean
  readonly enableChannelBinding?: boolean
}

/** The `rows` of a query: it is read by a portal, that many rows at a time. Absent from the type definitions. */
type PagedQuery = pg.QueryConfig & { readonly rows: number }

const configOf = ({ host, port, database, user, password, authority }: Target): ClientConfig => ({
  host,
  port,
  database,
  user,
  password,
  ssl: { ca: authority },
})

/** Connected until the test is over. */
export async function connectPg(target: Target, config: ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...configOf(target), ...config })
  client.on('error', () => undefined)
  onTestFinished(() => client.end())
  await client.connect()
  return client
}

const failure = async (work: Promise<unknown>): Promise<pg.DatabaseError> => {
  const result = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(result instanceof Error)) throw new Error('that should have failed')
  return result as pg.DatabaseError
}

const refusalOf = ({ code, message, detail, hint }: pg.DatabaseError): Refusal => ({
  sqlState: code,
  message,
  detail,
  hint,
})

const MANY = "select n, 'row ' || n as word from generate_series(1, 10000) n"

export function testNodePostgres(get: () => ClientStand): void {
  describe('pg', () => {
    const connect = (config?: ClientConfig): Promise<pg.Client> => connectPg(get().sluice, config)
    const refused = async (work: Promise<unknown>, what: string): Promise<void> =>
      expectRefusal(get(), refusalOf(await failure(work)), what)

    it('reads values of every usual type', async () => {
      const client = await connect()
      const { rows } = await client.query('select * from kinds where id <= 2 order by id')
      expect(rows[0]).toMatchObject({
        small: -32768,
        big: '9223372036854775807',
        exact: '12345678901234567890.123456789',
        approx: 0.1,
        yes: true,
        word: 'Ünïcödé ✓ 🎉 \'quoted\' "too" \\ \t',
        bytes: Buffer.from('00ff10deadbeef', 'hex'),
        moment: new Date('2024-02-29T23:59:59.123Z'),
        doc: { a: [1, 2.5, null] },
        docb: { a: 1, b: { c: 'ü' } },
        ints: [1, null, -3],
        words: ['a b', 'c,d', 'e"f', null, ''],
        grid: [
          [1, 2],
          [3, 4],
        ],
      })
      expect(Object.entries(rows[1]).filter(([, value]) => value !== null)).toEqual([['id', 2]])
    })

    it.each([false, true])('sends parameters and reads 10,000 rows, binary: %s', async (binary) => {
      const client = await connect({ binary })
      const text =
        "select n, $1::text || n as word, $2::int4[] as ints, encode($3, 'hex') as bytes from generate_series(1, $4::int) n"
      const { rows, rowCount } = await client.query(text, ['zeile ü ', [1, 2], Buffer.from([0, 255]), 10_000])
      expect(rowCount).toBe(10_000)
      expect(rows[9_999]).toEqual({ n: 10_000, word: 'zeile ü 10000', ints: [1, 2], bytes: '00ff' })
    })

    it('runs a named statement again and again', async () => {
      const client = await connect()
      for (const id of [1, 2, 1001]) {
        const { rows } = await client.query({
          name: 'by-id',
          text: 'select name from customers where id = $1',
          values: [id],
        })
        expect(rows).toEqual(id === 1001 ? [] : [{ name: `Customer ${id}` }])
      }
    })

    it('pages through 10,000 rows by a portal', async () => {
      const client = await connect()
      await client.query('begin')
      const paged: PagedQuery = { text: MANY, values: [], rows: 999 }
      const { rows } = await client.query(paged)
      expect(rows).toHaveLength(10_000)
      expect(rows.at(-1)).toEqual({ n: 10_000, word: 'row 10000' })
      await client.query('commit')
    })

    it('is refused with an ordinary error, and goes on', async () => {
      const client = await connect()
      await refused(client.query('delete from orders'), 'DELETE')
      await refused(client.query('delete from orders where id = $1', [1]), 'DELETE')
      await refused(client.query({ name: 'never', text: 'insert into orders values ($1)', values: [1000] }), 'INSERT')
      await refused(client.query('select 1; drop table orders'), 'DROP TABLE')
      await refused(client.query('copy customers to stdout'), 'COPY')
      await refused(client.query('copy customers from stdin'), 'COPY')
      expect((await client.query('select count(*)::int as n from orders')).rows).toEqual([{ n: ORDERS }])
      expect(await get().orders()).toBe(ORDERS)
    })

    it('is refused inside a transaction as by the database itself', async () => {
      const client = await connect()
      await client.query('begin')
      await client.query('savepoint before')
      await refused(client.query('update orders set status = $1', ['gone']), 'UPDATE')
      expect(await failure(client.query('select 1'))).toMatchObject({ code: '25P02' })
      await refused(client.query('delete from orders'), 'DELETE')
      await client.query('rollback to savepoint before')
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      expect((await client.query('commit')).command).toBe('COMMIT')
      expect((await client.query('select 2 as two')).rows).toEqual([{ two: 2 }])
    })

    it('is refused in the middle of its pipeline, and only there', async () => {
      const client = await connect({ pipeline: true })
      const [first, denied, failed, last] = await Promise.allSettled([
        client.query('select $1::int as n', [1]),
        client.query('delete from orders where id = $1', [1]),
        client.query('select 1 / $1::int', [0]),
        client.query({ name: 'last', text: 'select $1::int as n', values: [4] }),
      ])
      expect([first, last]).toMatchObject([{ value: { rows: [{ n: 1 }] } }, { value: { rows: [{ n: 4 }] } }])
      expect(failed).toMatchObject({ reason: { code: '22012' } })
      if (denied.status === 'fulfilled') throw new Error('the delete passed')
      expectRefusal(get(), refusalOf(denied.reason), 'DELETE')
    })

    it('cancels what it runs', async () => {
      const client = await connect()
      const query = new pg.Query(longStatement('node_postgres'), [])
      const outcome = new Promise<Error>((resolve) => query.once('error', resolve))
      client.query(query)
      await get().untilRunning('node_postgres')
      const canceller = new pg.Client(configOf(get().sluice)) as pg.Client & {
        cancel: (of: pg.Client, what: pg.Query) => void
      }
      canceller.cancel(client, query)
      expect(await outcome).toMatchObject({ code: '57014' })
      await get().untilStopped('node_postgres')
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    })

    it('connects by channel binding, by a token, and by the URL as it is printed', async () => {
      const { proxy, sluice } = get()
      const token = await proxy.issuer.token()
      const ways: readonly ClientConfig[] = [
        { enableChannelBinding: true },
        { user: 'agent', password: token },
        { connectionString: proxy.url(sluice) },
      ]
      for (const way of ways) {
        expect((await (await connect(way)).query('select 1 as one')).rows).toEqual([{ one: 1 }])
      }
    })

    it('says why it cannot connect', async () => {
      const { proxy, direct } = get()
      const login = async (config: ClientConfig): Promise<pg.DatabaseError> => failure(connect(config))
      expect(await login({ password: 'wrong' })).toMatchObject({
        code: '28P01',
        message: 'sluice: the ticket is not valid',
      })
      expect(await login(await proxy.ticket({ ttlMs: 1 }))).toMatchObject({ message: 'sluice: the ticket has expired' })
      expect(await login({ database: 'nowhere' })).toMatchObject({
        code: '3D000',
        message: expect.stringMatching(/no such connection/),
      })
      expect(await login({ ssl: false })).toMatchObject({
        code: '28000',
        hint: expect.stringMatching(/sslmode=verify-full/),
      })
      expect(await login({ ssl: { ca: direct.authority } })).toMatchObject({
        message: expect.stringMatching(/certificate/),
      })
      const cutOff = (await proxy.issuer.token()).slice(0, -40)
      expect(await login({ user: 'agent', password: cutOff })).toMatchObject({
        code: '28P01',
        message: expect.stringMatching(/cut off/),
      })
      const foreign = await proxy.issuer.token({ audience: 'sluice:console' })
      expect(await login({ user: 'agent', password: foreign })).toMatchObject({ code: '28P01' })
    })
  })
}

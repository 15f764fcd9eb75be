// `postgres` of npm: it prepares everything, pipelines on its own, asks for types at the start, and reads cursors by portal.

import postgres from 'postgres'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientStand, longStatement, ORDERS } from './client-stand.ts'
import { expectRefusal } from './refusal.ts'

type Options = postgres.Options<Record<string, never>>

export function testPostgresJs(get: () => ClientStand): void {
  const connect = (options: Options = {}): postgres.Sql => {
    const { host, port, database, user, password, authority } = get().sluice
    const ssl = { ca: authority }
    const sql = postgres({ host, port, database, user, password, ssl, max: 1, connect_timeout: 10, ...options })
    onTestFinished(() => sql.end({ timeout: 1 }))
    return sql
  }
  const failure = async (work: PromiseLike<unknown>): Promise<postgres.PostgresError> => {
    const result = await Promise.resolve(work).then(
      () => null,
      (error: unknown) => error,
    )
    if (!(result instanceof Error)) throw new Error('that should have failed')
    return result as postgres.PostgresError
  }
  const refused = async (work: PromiseLike<unknown>, what: string): Promise<void> => {
    const { code, message, detail, hint } = await failure(work)
    expectRefusal(get(), { sqlState: code, message, detail, hint }, what)
  }

  describe('postgres', () => {
    it('reads values of every usual type', async () => {
      const sql = connect()
      const [first, second] = await sql`select * from kinds where id <= ${2} order by id`
      expect(first).toMatchObject({
        small: -32768,
        big: '9223372036854775807',
        exact: '12345678901234567890.123456789',
        word: 'Ünïcödé ✓ 🎉 \'quoted\' "too" \\ \t',
        bytes: Buffer.from('00ff10deadbeef', 'hex'),
        moment: new Date('2024-02-29T23:59:59.123Z'),
        docb: { a: 1, b: { c: 'ü' } },
        grid: [
          [1, 2],
          [3, 4],
        ],
      })
      expect(Object.entries(second ?? {}).filter(([, value]) => value !== null)).toEqual([['id', 2]])
    })

    it('sends parameters prepared, unprepared and by the simple protocol', async () => {
      const sql = connect()
      // It knows the types of arrays once it is connected.
      await sql`select 1`
      const values = [1, 2, 3]
      for (const round of [1, 2, 3]) {
        const rows =
          await sql`select ${round}::int as n, ${sql.array(values)}::int[] as ints, ${sql.json({ ü: 1 })} as doc`
        expect([...rows]).toEqual([{ n: round, ints: values, doc: { ü: 1 } }])
      }
      expect([...(await sql.unsafe('select $1::text as word', ['ü']))]).toEqual([{ word: 'ü' }])
      const several = await sql.unsafe('select 1 as one; select 2 as two').simple()
      expect(several.map((rows) => [...(rows as unknown as Iterable<unknown>)])).toEqual([[{ one: 1 }], [{ two: 2 }]])
      expect(await sql`select id, name from customers order by id`.describe()).toMatchObject({
        columns: [{ name: 'id' }, { name: 'name' }],
      })
    })

    it('reads 10,000 rows by a cursor, and stops early', async () => {
      const sql = connect()
      let count = 0
      for await (const rows of sql`select n from generate_series(1, 10000) n`.cursor(1500)) count += rows.length
      expect(count).toBe(10_000)
      for await (const rows of sql`select n from generate_series(1, 10000) n`.cursor(10)) {
        expect(rows).toHaveLength(10)
        break
      }
      expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
    })

    it('is refused in what it pipelines, and only there', async () => {
      const sql = connect()
      await sql`select 1`
      const denied = sql`delete from orders where id = ${1}`
      const outcomes = await Promise.allSettled([
        sql`select ${1}::int as n`,
        denied,
        sql`select 1 / ${0}::int`,
        sql.unsafe('drop table orders').simple(),
        sql`select ${4}::int as n`,
      ])
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ])
      await refused(denied, 'DELETE')
      await refused(sql`copy customers to stdout`.readable(), 'COPY')
      await refused(sql`insert into orders ${sql({ id: 1000 })}`, 'INSERT')
      expect([...(await sql`select count(*)::int as n from orders`)]).toEqual([{ n: ORDERS }])
    })

    it('is refused inside a transaction, which then rolls back', async () => {
      const sql = connect()
      await refused(
        sql.begin(async (transaction) => {
          await transaction`select 1`
          await transaction`update orders set status = ${'gone'}`
        }),
        'UPDATE',
      )
      const rows = await sql.begin('isolation level repeatable read', async (transaction) => {
        await refused(
          transaction.savepoint((inner) => inner`delete from orders`),
          'DELETE',
        )
        return transaction`select count(*)::int as n from orders`
      })
      expect([...rows]).toEqual([{ n: ORDERS }])
      expect(await get().orders()).toBe(ORDERS)
    })

    it('cancels what it runs', async () => {
      const sql = connect()
      const query = sql.unsafe(longStatement('postgres_js'))
      const outcome = failure(query.execute())
      await get().untilRunning('postgres_js')
      query.cancel()
      expect(await outcome).toMatchObject({ code: '57014' })
      await get().untilStopped('postgres_js')
      expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
    })

    it('connects by a token, and says why it cannot connect', async () => {
      const { proxy, direct } = get()
      const byToken = connect({ user: 'agent', password: () => proxy.issuer.token() })
      expect([...(await byToken`select 1 as one`)]).toEqual([{ one: 1 }])
      const login = async (options: Options): Promise<Error> => failure(connect(options)`select 1`)
      expect(await login({ password: 'wrong' })).toMatchObject({
        code: '28P01',
        message: 'sluice: the ticket is not valid',
      })
      expect(await login({ ...(await proxy.ticket({ ttlMs: 1 })) })).toMatchObject({
        message: 'sluice: the ticket has expired',
      })
      expect(await login({ database: 'nowhere' })).toMatchObject({ code: '3D000' })
      expect(await login({ ssl: false })).toMatchObject({ code: '28000' })
      expect(String(await login({ ssl: { ca: direct.authority } }))).toMatch(/certificate/)
    })
  })
}

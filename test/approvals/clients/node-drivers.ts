// The two drivers of npm, `pg` and `postgres`, whose notices come while the command waits.

import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HeldStand } from './held-stand.ts'
import { CANCELLED, DENIED, DUPLICATE, EXPIRED, TOO_LONG_TO_READ, type Told, TRANSACTION_FAILED } from './refused.ts'

type Report = { readonly code?: string; readonly message: string; readonly detail?: string | undefined }

/** What it fails with, or null. */
const failure = (work: PromiseLike<unknown>): Promise<Told | null> =>
  Promise.resolve(work).then(
    () => null,
    ({ code, message, detail }: Report) => ({ sqlState: code ?? '', message, detail: detail ?? null }),
  )

const noticeOf = ({ message = '', detail = '', hint = '' }) => ({ message, detail, hint })

export function testNodeDrivers(get: () => HeldStand): void {
  const wordsOf = (ids: string): Promise<readonly unknown[]> =>
    get().column(`select word from agreed where id in (${ids}) order by id`)
  const login = () => {
    const { port, authority, login: ticket } = get()
    return { host: 'localhost', port, database: 'shop', ...ticket, ssl: { ca: authority } }
  }

  describe('pg', () => {
    const connect = async (config: pg.ClientConfig & { readonly pipeline?: boolean } = {}) => {
      const client = new pg.Client({ ...login(), ...config })
      client.on('error', () => undefined)
      client.on('notice', (notice) => void get().review(noticeOf(notice)))
      onTestFinished(() => client.end())
      await client.connect()
      return client
    }
    const alive = async (client: pg.Client) =>
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])

    it('gets its results when they were approved', async () => {
      const client = await connect()
      expect((await client.query("update agreed set word = 'pg' where id = 61")).rowCount).toBe(1)
      const named = { name: 'mark', text: 'update agreed set word = $1 where id = $2 returning word' }
      for (const word of ['pg once', 'pg twice']) {
        expect((await client.query({ ...named, values: [word, 62] })).rows).toEqual([{ word }])
      }
      expect(await wordsOf('61, 62')).toEqual(['pg', 'pg twice'])
    })

    it('is refused with an ordinary error, in a transaction too', async () => {
      const client = await connect()
      const denied = (id: number) => failure(client.query('update refused set word = $1 where id = $2', ['pg', id]))
      expect(await denied(61)).toEqual(DENIED)
      await client.query('begin')
      await client.query("update agreed set word = 'pg undone' where id = 63")
      expect(await denied(61)).toEqual(DENIED)
      expect(await failure(client.query('select 1'))).toEqual(TRANSACTION_FAILED)
      await client.query('rollback')
      expect(await failure(client.query("update brief set word = 'pg' where id = 61"))).toEqual(EXPIRED)
      await alive(client)
      expect(await wordsOf('63')).toEqual(['new'])
    })

    it('commits two that were approved, also where it sends all at once', async () => {
      for (const pipeline of [false, true]) {
        const client = await connect({ pipeline })
        const words = [`pg one ${pipeline}`, `pg two ${pipeline}`]
        await Promise.all([
          client.query('begin'),
          client.query('update agreed set word = $1 where id = 64', [words[0]]),
          client.query('update agreed set word = $1 where id = 65', [words[1]]),
          client.query('commit'),
        ])
        expect(await wordsOf('64, 65')).toEqual(words)
      }
    })

    it('cancels the wait, and goes on', async () => {
      const client = await connect()
      const query = new pg.Query("update silent set word = 'pg cancel' where id = 61", [])
      const outcome = new Promise((_resolve, reject) => query.once('error', reject))
      const canceller = new pg.Client(login()) as pg.Client & { cancel: (of: pg.Client, what: pg.Query) => void }
      client.once('notice', () => canceller.cancel(client, query))
      client.query(query)
      expect(await failure(outcome)).toEqual(CANCELLED)
      await alive(client)
      expect(await get().withdrawals('pg cancel')).toEqual(['cancelled'])
    })

    it('is told what PostgreSQL says of the command, and what is too long', async () => {
      const client = await connect()
      expect(await failure(client.query('insert into agreed (id) values ($1)', [1]))).toEqual(DUPLICATE)
      const long = `update agreed set word = '${'x'.repeat(2 * 1024 * 1024)}' where id = 66`
      expect(await failure(client.query(long))).toEqual(TOO_LONG_TO_READ)
      await alive(client)
    })
  })

  describe('postgres', () => {
    const connect = (onnotice?: (notice: postgres.Notice) => unknown) => {
      const review = (notice: postgres.Notice): void => void get().review(noticeOf(notice))
      const sql = postgres({ ...login(), max: 1, onnotice: onnotice ?? review })
      onTestFinished(() => sql.end({ timeout: 1 }))
      return sql
    }
    const alive = async (sql: postgres.Sql) => expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])

    it('gets its results when they were approved', async () => {
      const sql = connect()
      for (const word of ['js once', 'js twice']) {
        const rows = await sql`update agreed set word = ${word} where id = ${81} returning word`
        expect([...rows]).toEqual([{ word }])
      }
      const [, inserted] = await Promise.all([
        sql`update agreed set word = 'js first' where id = 82`,
        sql`insert into agreed ${sql([{ word: 'js a' }, { word: 'js b' }])}`,
      ])
      expect(inserted.count).toBe(2)
      expect(await wordsOf('81, 82')).toEqual(['js twice', 'js first'])
    })

    it('is refused with an ordinary error, in a transaction too', async () => {
      const sql = connect()
      expect(await failure(sql`update refused set word = 'js' where id = 81`)).toEqual(DENIED)
      const transaction = sql.begin(async (inner) => {
        await inner`update agreed set word = 'js undone' where id = 83`
        await inner`update refused set word = ${'js'} where id = 81`
      })
      expect(await failure(transaction)).toEqual(DENIED)
      await alive(sql)
      expect(await wordsOf('83')).toEqual(['new'])
    })

    it('commits two that were approved', async () => {
      const sql = connect()
      await sql.begin((inner) => [
        inner`update agreed set word = ${'js one'} where id = 84`,
        inner`update agreed set word = ${'js two'} where id = 85`,
      ])
      expect(await wordsOf('84, 85')).toEqual(['js one', 'js two'])
    })

    it('cancels the wait, and goes on', async () => {
      const told = Promise.withResolvers<unknown>()
      const sql = connect(told.resolve)
      const query = sql`update silent set word = 'js cancel' where id = 81`
      const outcome = failure(query.execute())
      await told.promise
      query.cancel()
      expect(await outcome).toEqual(CANCELLED)
      await alive(sql)
      expect(await get().withdrawals('js cancel')).toEqual(['cancelled'])
    })

    it('is told what PostgreSQL says of the command', async () => {
      const sql = connect()
      expect(await failure(sql`insert into agreed (id) values (${1})`)).toEqual(DUPLICATE)
      await alive(sql)
    })
  })
}

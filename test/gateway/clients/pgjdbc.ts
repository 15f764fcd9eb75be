// pgjdbc: simple and extended protocol, named statements and binary results, portals by fetch size, metadata, batches.

import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ClientStand, ORDERS } from './client-stand.ts'
import { type CompiledScript, compilePgjdbcScript } from './pgjdbc-script.ts'
import { expectRefusals, runScript, type ScriptResults } from './session-script.ts'

const SOURCE = fileURLToPath(new URL('PgjdbcSession.java', import.meta.url))

/** Once for all versions: the compiler takes longer than the session. */
export function compilePgjdbcSession(): Promise<CompiledScript> {
  return compilePgjdbcScript(SOURCE)
}

const ALIVE = ['alive']
const TASKS = 12

export function testPgjdbc(get: () => ClientStand, compiled: () => CompiledScript): void {
  describe('pgjdbc', () => {
    let results: ScriptResults

    beforeAll(async () => {
      results = await runScript('java', compiled().args, get())
    })

    it('has the same results as without Sluice', () => {
      expect(results.through).toEqual(results.past)
      expect(Object.keys(results.through)).toHaveLength(TASKS)
    })

    it.each(['', ', prepared at once', ', binary at once', ', simple protocol'])(
      'reads values of every usual type%s',
      (how) => {
        const [first, second, third, extremes] = results.through[`values${how}`] as readonly (readonly (
          | string
          | null
        )[])[][]
        expect(second).toEqual(first)
        expect(third).toEqual(first)
        expect(first?.[0]).toEqual(
          expect.arrayContaining([
            '9223372036854775807',
            '12345678901234567890.123456789',
            'Ünïcödé ✓ 🎉 \'quoted\' "too" \\ \t',
            '00ff10deadbeef',
            '[1, null, -3]',
          ]),
        )
        expect(first?.[1]?.filter((value) => value !== null)).toEqual(['2'])
        expect(extremes?.[0]?.slice(0, 6)).toEqual(['NaN', 'Infinity', '', '', '[]', '[]'])
      },
    )

    it.each(['', ', simple protocol'])('sends parameters of every usual type%s', (how) => {
      const [first, second, third] = results.through[`parameters${how}`] as readonly unknown[]
      expect(first).toEqual(
        expect.arrayContaining(['-7', '9223372036854775807', "Ünïcödé ✓ 🎉 \\ '", '00ff', '[1, null, 3]', null]),
      )
      expect([second, third]).toEqual([first, first])
    })

    it('fetches 10,000 rows by a portal, and two portals in turns', () => {
      const { fetched, 'fetched, prepared at once': prepared } = results.through
      expect([fetched, prepared]).toEqual([
        [[10_000, 50_005_000], 1000],
        [[10_000, 50_005_000], 1000],
      ])
    })

    it('describes the database', () => {
      const {
        tables,
        columns,
        'primary keys': keys,
      } = results.through['metadata'] as Record<string, readonly (readonly string[])[]>
      expect(tables?.map(([, , name]) => name)).toEqual(['customers', 'kinds', 'orders'])
      expect(columns?.slice(0, 3).map(([, , , name, , type]) => [name, type])).toEqual([
        ['id', 'int4'],
        ['small', 'int2'],
        ['big', 'int8'],
      ])
      expect(keys?.map(([, , table, column]) => [table, column])).toEqual([['customers', 'id']])
    })

    it('runs transactions and several statements at once', () => {
      const { transactions, batch } = results.through
      expect(transactions).toMatchObject([
        [['serializable']],
        { sqlState: '22012' },
        { sqlState: '25P02' },
        [['after']],
        true,
      ])
      expect(batch).toEqual([[['1']], [['2', '3']], [], 50, [['batch 49']]])
    })

    it.each(['', ', prepared at once', ', simple protocol'])(
      'is refused with an ordinary error, and goes on%s',
      async (how) => {
        const verbs = ['DELETE', 'DROP TABLE', 'INSERT', 'INSERT', 'COPY', 'COPY']
        expect(expectRefusals(get(), results.own[`refusals${how}`], verbs).alive).toEqual(ALIVE)
        expect(await get().orders()).toBe(ORDERS)
      },
    )

    it('is refused inside a transaction and in a failed one', () => {
      const { alive, again, failed } = expectRefusals(get(), results.own['refused in a transaction'], [
        'UPDATE',
        'DELETE',
      ])
      expect([alive, again, failed?.sqlState]).toEqual([ALIVE, ['again'], '25P02'])
    })

    it('is refused in a batch, of which then nothing stays', () => {
      const { alive, counts, name } = expectRefusals(get(), results.own['refused in a batch'], ['INSERT', 'DELETE'])
      expect([alive, counts, name]).toEqual([ALIVE, [300], ['PostgreSQL JDBC Driver']])
    })

    it('cancels by itself and when its time is up', () => {
      expect(results.own['cancel']).toMatchObject([[{ sqlState: '57014' }, { sqlState: '57014' }], ALIVE])
    })

    it('logs in in every way that there is, and says why where it cannot', () => {
      const said = (sqlState: string, message: RegExp, hint: RegExp): unknown => ({
        sqlState,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      })
      expect(results.own['logins']).toMatchObject({
        'channel binding': ALIVE,
        'no channel binding': ALIVE,
        'TLS at once': ALIVE,
        token: ALIVE,
        'wrong password': said('28P01', /^sluice: the ticket is not valid$/, /Get a fresh ticket/),
        expired: said('28P01', /^sluice: the ticket has expired$/, /Get a fresh ticket/),
        'unknown database': said('3D000', /^sluice: there is no such connection for you$/, /name of the connection/),
        plaintext: said('28000', /^sluice: this connection is not encrypted$/, /sslmode=verify-full/),
        'foreign authority': { sqlState: '08006', message: expect.stringMatching(/certification path|certificate/) },
        replication: said('42501', /^sluice: the start-up parameter replication is not allowed$/, /Allowed are/),
        'cut-off token': said('28P01', /^sluice: the token was cut off/, /Get a fresh ticket/),
      })
    })
  })
}

// psycopg with the libpq that it brings: text and binary, prepared, pipeline, transactions, cancel, every way to log in.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import clients from '../../setup/clients.json' with { type: 'json' }
import { type ClientStand, ORDERS } from './client-stand.ts'
import { expectRefusals, runScript, type ScriptResults } from './session-script.ts'

const PYTHON = join(fileURLToPath(new URL('../../../', import.meta.url)), clients.python)
const SCRIPT = fileURLToPath(new URL('psycopg_session.py', import.meta.url))

const ALIVE = ['alive']
const TASKS = 10

export function testPsycopg(get: () => ClientStand): void {
  describe('psycopg', () => {
    let results: ScriptResults

    beforeAll(async () => {
      results = await runScript(PYTHON, [SCRIPT], get())
    })

    it('has the same results as without Sluice', () => {
      expect(results.through).toEqual(results.past)
      expect(Object.keys(results.through)).toHaveLength(TASKS)
    })

    it('reads and sends values of every usual type, text and binary', () => {
      const { parameters, values } = results.through
      expect(parameters).toEqual({ text: true, binary: true })
      const { text, binary } = values as { text: string; binary: string }
      const expected = [
        "Decimal('12345678901234567890.123456789')",
        '9223372036854775807',
        "b'\\x00\\xff\\x10\\xde\\xad\\xbe\\xef'",
        '✓ 🎉',
        '[1, None, -3]',
        "{'a': [1, 2.5, None]}",
        "Decimal('NaN')",
      ]
      expect(expected.filter((value) => !text.includes(value) || !binary.includes(value))).toEqual([])
    })

    it('reads 10,000 rows at once, one by one and in chunks', () => {
      expect(results.through['ten_thousand_rows']).toEqual([10_000, [10_000, 'row 10000'], true, true])
    })

    it('prepares, pipelines, and runs transactions', () => {
      const { prepared, pipeline, many, transactions } = results.through
      expect(prepared).toEqual([[['Customer 1'], ['Customer 2'], ['Customer 1000'], null], [1]])
      expect(pipeline).toBe(39_800)
      expect(many).toEqual([50, ['Customer 50']])
      expect(transactions).toMatchObject([
        ['repeatable read'],
        { sqlState: '42703' },
        {},
        'INTRANS',
        {},
        { sqlState: '25P02' },
        ALIVE,
      ])
    })

    it('is refused with an ordinary error, and goes on', async () => {
      const { refusals, copy, named_cursor } = results.own
      const verbs = ['DELETE', 'INSERT', 'DROP TABLE', 'CREATE TABLE', 'UPDATE']
      expect(expectRefusals(get(), refusals, verbs).alive).toEqual(ALIVE)
      expect(expectRefusals(get(), copy, ['COPY', 'COPY']).alive).toEqual(ALIVE)
      expect(expectRefusals(get(), named_cursor, ['DECLARE CURSOR']).alive).toEqual(ALIVE)
      expect(await get().orders()).toBe(ORDERS)
    })

    it('is refused inside a transaction and in a failed one', () => {
      const { alive, failed } = expectRefusals(get(), results.own['refused_in_transaction'], ['DELETE', 'DELETE'])
      expect([alive, failed?.sqlState]).toEqual([ALIVE, '25P02'])
    })

    it('is refused in a pipeline at the right place, and what is behind it up to Sync is skipped', () => {
      const { alive, results: came } = expectRefusals(get(), results.own['refused_in_pipeline'], ['DELETE'])
      expect(alive).toEqual(ALIVE)
      expect(came).toMatchObject([
        { status: 'TUPLES_OK', value: '1' },
        { status: 'FATAL_ERROR' },
        { status: 'PIPELINE_ABORTED' },
        { status: 'PIPELINE_SYNC' },
        { status: 'TUPLES_OK', value: '3' },
        { status: 'PIPELINE_SYNC' },
      ])
    })

    it('cancels in plaintext, inside TLS, and with the long keys of protocol 3.2', () => {
      const cancelled = [[{ type: 'QueryCanceled', sqlState: '57014' }], ALIVE]
      expect(results.own['cancel']).toMatchObject({ encrypted: cancelled, plaintext: cancelled, 'long key': cancelled })
    })

    it('logs in in every way that there is, and says why where it cannot', () => {
      const old = ['alive', 30_000, true]
      const said = (pattern: RegExp): unknown => expect.stringMatching(pattern)
      expect(results.own['logins']).toEqual({
        'protocol 3.0': old,
        'protocol 3.2': ['alive', 30_002, true],
        'channel binding': old,
        'no channel binding': old,
        'TLS at once': old,
        'only SCRAM': old,
        token: old,
        'wrong password': said(/FATAL: {2}sluice: the ticket is not valid\nHINT: {2}Get a fresh ticket/),
        expired: said(/FATAL: {2}sluice: the ticket has expired\nHINT/),
        'unknown database': said(/FATAL: {2}sluice: there is no such connection for you\nHINT/),
        plaintext: said(/FATAL: {2}sluice: this connection is not encrypted\nHINT: {2}.*sslmode=verify-full/),
        'foreign authority': said(/certificate verify failed/),
        'start-up option': said(
          /FATAL: {2}sluice: the start-up parameter options is not allowed\nHINT: {2}Allowed are/,
        ),
        'cut-off token': said(/FATAL: {2}sluice: the token was cut off.*PGPASSWORD or a ticket\nHINT/),
      })
    })
  })
}

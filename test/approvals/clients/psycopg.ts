// psycopg: text and binary values, prepared statements, transactions of its own, pipelines, and its ways to cancel.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import clients from '../../setup/clients.json' with { type: 'json' }
import type { HeldStand } from './held-stand.ts'
import { CANCELLED, DENIED, DUPLICATE, EXPIRED, TOO_LONG_TO_READ, TRANSACTION_FAILED } from './refused.ts'
import { runReviewed, type TaskResults } from './scripted.ts'

const PYTHON = join(fileURLToPath(new URL('../../../', import.meta.url)), clients.python)
const SCRIPT = fileURLToPath(new URL('psycopg_held.py', import.meta.url))

export function testPsycopg(get: () => HeldStand): void {
  describe('psycopg', () => {
    let results: TaskResults

    beforeAll(async () => {
      results = await runReviewed(PYTHON, [SCRIPT], get())
    })

    const wordsOf = (ids: string): Promise<readonly unknown[]> =>
      get().column(`select word from agreed where id in (${ids}) order by id`)

    it('gets its results when they were approved', async () => {
      expect(results['approved']).toEqual([1, ['psycopg returning'], 'IDLE'])
      expect(results['prepared']).toEqual([1, 1, 1, 1, 1, 1, 1])
      expect(results['many']).toEqual([['many a'], ['many b'], ['many c']])
      expect(await wordsOf('1, 7')).toEqual(['psycopg', 'psycopg prepared'])
    })

    it('is refused with an ordinary error, and goes on', () => {
      expect(results['denied']).toEqual([DENIED, 'alive'])
      expect(results['expired']).toEqual([EXPIRED, 'alive'])
    })

    it('is refused inside of a transaction, which can be rolled back, as a whole or to a savepoint', async () => {
      expect(results['denied_in_transaction']).toEqual([DENIED, 'INERROR', TRANSACTION_FAILED, 'alive'])
      expect(results['denied_to_a_savepoint']).toEqual([DENIED, 'alive'])
      expect(await wordsOf('3')).toEqual(['psycopg before'])
    })

    it('commits two that were approved', async () => {
      expect(results['two_and_commit']).toEqual([['psycopg one'], ['psycopg two']])
      expect(await wordsOf('4, 5')).toEqual(['psycopg one', 'psycopg two'])
    })

    it('cancels the wait, and goes on', async () => {
      const cancelled = [CANCELLED, 'alive']
      expect(results['cancel']).toEqual({ safe: cancelled, 'in a transaction': cancelled, plain: cancelled })
      expect(await get().withdrawals('psycopg cancel')).toEqual(['cancelled', 'cancelled', 'cancelled'])
    })

    it('is told what PostgreSQL says of the command', () => {
      expect(results['own_error']).toEqual([DUPLICATE, 'alive'])
    })

    it('shows the reviewer numbers and words that were sent as binary', async () => {
      expect(results['binary']).toBe(1)
      const [asked] = await get().asked('amount = $2, doc = $3')
      expect(asked?.requested.parameters).toEqual(["'wörd'", '7', '‹23 bytes›', '‹2 bytes›', '6'])
      expect(results['described']).toBe(1)
      const [described] = await get().asked('psycopg described')
      expect(described?.requested.parameters).toEqual(['13', '7'])
      const prepared = await get().asked('psycopg prepared')
      expect(prepared.map(({ requested }) => requested.parameters)).toEqual(
        Array.from({ length: 7 }, (_, n) => [String(n), '7']),
      )
    })

    it('waits in a pipeline for each in turn, and nothing of it stays when one is denied', async () => {
      expect(results['pipeline']).toEqual(['before', 1, 'between', 2])
      expect(results['denied_in_pipeline']).toEqual([DENIED, 'alive'])
      expect(await wordsOf('8, 9, 10, 11')).toEqual([...Array(3).fill('psycopg pipeline'), 'new'])
    })

    it('sends long values, whose length the reviewer sees, and no statement of 2 MB', async () => {
      expect(results['large']).toEqual([1, 1, TOO_LONG_TO_READ, 1, 'alive'])
      const asked = await get().asked('where id = 12')
      expect(asked.map(({ requested: { command, parameters } }) => [command, ...parameters])).toEqual([
        ["update agreed set word = '‹60000 characters›' where id = 12"],
        ["update agreed set word = '‹200000 characters›' where id = 12"],
        ['update agreed set word = $1 where id = 12', "'‹2097152 characters›'"],
      ])
    })

    it('changes 10,000 rows, and takes it back', () => {
      expect(results['ten_thousand_rows']).toEqual([10_000, 0])
    })
  })
}

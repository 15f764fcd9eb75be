// pgjdbc: simple and extended protocol, named statements with binary values, generated keys, batches, and timeouts.

import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { compilePgjdbcScript } from '../../gateway/clients/pgjdbc-script.ts'
import type { HeldStand } from './held-stand.ts'
import {
  CANCELLED,
  DENIED,
  DUPLICATE,
  EXPIRED,
  TOO_LONG_TO_JUDGE,
  TOO_LONG_TO_READ,
  TRANSACTION_FAILED,
} from './refused.ts'
import { runReviewed, type TaskResults } from './scripted.ts'

const SOURCE = fileURLToPath(new URL('PgjdbcHeld.java', import.meta.url))

export function testPgjdbc(get: () => HeldStand): void {
  describe('pgjdbc', () => {
    let results: TaskResults

    beforeAll(async () => {
      const compiled = await compilePgjdbcScript(SOURCE)
      try {
        results = await runReviewed('java', compiled.args, get())
      } finally {
        compiled.remove()
      }
    })

    const wordsOf = (ids: string): Promise<readonly unknown[]> =>
      get().column(`select word from agreed where id in (${ids}) order by id`)

    it.each(['', ', simple protocol', ', prepared at once'])(
      'gets results, generated keys and returned rows%s',
      async (how) => {
        expect(results[`approved${how}`]).toEqual([1, 1, ['pgjdbc key'], ['pgjdbc returning']])
        expect(await wordsOf('41, 42')).toEqual(['pgjdbc', 'pgjdbc returning'])
      },
    )

    it.each(['', ', simple protocol'])('is refused with an ordinary error, and goes on%s', (how) => {
      expect(results[`denied${how}`]).toEqual([DENIED, 'alive'])
    })

    it('is refused inside of a transaction, which can be rolled back, as a whole or to a savepoint', async () => {
      expect(results['denied in a transaction']).toEqual([DENIED, TRANSACTION_FAILED, DENIED, 'alive'])
      expect(await wordsOf('43')).toEqual(['pgjdbc before'])
    })

    it('commits two that were approved', async () => {
      expect(results['two and commit']).toBe('alive')
      expect(await wordsOf('45, 46')).toEqual(['pgjdbc one', 'pgjdbc two'])
    })

    it('is told when nobody decided in time', () => {
      expect(results['expired']).toEqual([EXPIRED, 'alive'])
    })

    it('stops waiting when it cancels, and when its own time is up', async () => {
      expect(results['cancelled']).toEqual([CANCELLED, 'alive'])
      expect(results['cancelled in a transaction']).toEqual([CANCELLED, 'alive'])
      expect(results['timed out']).toEqual([CANCELLED, 'alive'])
      expect(await get().withdrawals('pgjdbc cancel')).toEqual(['cancelled', 'cancelled'])
      expect(await get().withdrawals('pgjdbc timeout')).toEqual(['cancelled'])
    })

    it('is told what PostgreSQL says of the command', () => {
      expect(results['own error']).toEqual([DUPLICATE, 'alive'])
    })

    it('asks for each execution of a named statement, with values that can be read', async () => {
      expect(results['prepared']).toEqual([1, 1, 1, 1, 1, 1, 1])
      const asked = await get().asked('doc = null where id = $3')
      expect(asked.map(({ requested }) => requested.parameters)).toEqual(
        Array.from({ length: 7 }, (_, n) => ["'pgjdbc prepared'", String(n), '47', "'TRUE'", "'‹10 characters›'"]),
      )
    })

    it('asks for each of a batch', async () => {
      expect(results['batch']).toEqual([[1, 1, 1]])
      expect(results['batch in a transaction']).toEqual([[1, 1, 1]])
      const words = ['a', 'b', 'c'].map((letter) => `pgjdbc batch ${letter}`)
      expect(results['batch with keys']).toEqual([[1, 1, 1], words])
      // The driver joins what it can, and then does not know how many rows each changed.
      expect(results['batch as one']).toEqual([[-2, -2, 1]])
      expect(await get().column("select word from agreed where word like 'pgjdbc batch%' order by word")).toEqual(
        words.flatMap((word) => Array(4).fill(word)),
      )
    })

    it('keeps nothing of a batch of which one is denied', async () => {
      expect(results['denied in a batch']).toEqual([DENIED, 'alive'])
      expect(await wordsOf('48, 49')).toEqual(['new', 'new'])
    })

    it('is told that a statement is too long, to read or to judge', () => {
      expect(results['large']).toEqual([TOO_LONG_TO_READ, TOO_LONG_TO_JUDGE, 'alive'])
    })
  })
}

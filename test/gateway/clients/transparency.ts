// What passes is the same to the byte as without Sluice: rows, their description, what was done, errors of the database.

import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { ClientStand, Target } from './client-stand.ts'
import { connectPg } from './node-postgres.ts'

const STATEMENTS: readonly (readonly [text: string, values?: readonly unknown[]])[] = [
  ['select * from kinds order by id'],
  ['select * from kinds order by id', []],
  ['select k.id, k.words[1], k.docb -> $1, k.exact + $2::numeric from kinds k order by 1', ['b', '0.1']],
  ["select n, repeat('x', n % 50) as filler, n::float8 / 3 as third from generate_series(1, 2000) n"],
  ['select id, name from customers where id = any($1::int[]) order by id', [[1, 5, 4000]]],
  ['select null::int as nothing, true as yes, array[[1,2],[3,4]] as grid, row(1, null)::text as pair'],
  ['select from orders limit 3'],
  ['select 1 as one where false'],
  ['with recursive r as (select 1 as n union all select n + 1 from r where n < 20) select sum(n), avg(n) from r'],
  ['select status, count(*), sum(amount) from orders group by grouping sets ((status), ()) order by 1'],
  [
    'select o.id, c.name, rank() over (order by o.amount desc) from orders o join customers c on c.id = o.customer_id limit 7',
  ],
  ["values (1, 'ä'), (2, null)"],
  ['table orders'],
  [''],
  [';;'],
  ['select 1; select 2, 3; select 4 where false'],
  ['begin'],
  ['show transaction isolation level'],
  ['savepoint s'],
  ['select 1 / 0'],
  ['select 1'],
  ['rollback to savepoint s'],
  ['commit'],
  ['commit'],
  ["set datestyle = 'SQL, DMY'"],
  ['select moment, day from kinds where id = 1'],
  ['reset datestyle'],
  ['select nothing from orders'],
  ['select * from no_such_table'],
  ['select id::text::bytea::int from orders'],
  ["select 'x'::int"],
  ['select $1::int', ['not a number']],
  ['select $1::int + $2', [1]],
  ['select pg_typeof($1)', ['?']],
  ['select * from generate_series(1, 3) with ordinality as g(n, o), lateral (select n * o as product) l'],
]

/** Everything that the client was sent, in order, as far as it may not differ between two servers' processes. */
async function transcriptOf(target: Target, binary: boolean): Promise<readonly unknown[]> {
  const seen: unknown[] = []
  const client = await connectPg(target, { binary })
  client.on('notice', ({ severity, code, message }) => seen.push({ severity, code, message }))
  // The values as they came: text, or bytes where the format is binary.
  const types = { getTypeParser: () => (value: unknown) => value } as unknown as pg.CustomTypesConfig
  for (const [text, values] of STATEMENTS) {
    const config = { text, types, rowMode: 'array', ...(values === undefined ? {} : { values: [...values] }) } as const
    try {
      const results = [await client.query(config)].flat() as readonly pg.QueryArrayResult[]
      seen.push(
        text,
        results.map(({ command, rowCount, fields, rows }) => ({ command, rowCount, fields, rows })),
      )
    } catch (error) {
      seen.push(text, Object.assign({}, error, { message: (error as Error).message }))
    }
  }
  return seen
}

export function testTransparency(get: () => ClientStand): void {
  describe('what passes', () => {
    it.each([false, true])('is the same as without Sluice, binary: %s', async (binary) => {
      const { sluice, direct } = get()
      const expected = await transcriptOf(direct, binary)
      expect(await transcriptOf(sluice, binary)).toEqual(expected)
    })
  })
}

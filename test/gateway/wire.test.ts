// What a client sees on the wire when some of what it asks is refused: place, order and transaction state are PostgreSQL's.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { message } from '../../services/proxy/src/postgres/wire/encode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  bind,
  CLIENT,
  close,
  describe as describeMessage,
  execute,
  flush,
  logIn,
  parse,
  query,
  sync,
  transcript,
  type WireClient,
} from '../stand/wire-client.ts'

let database: Database
let proxy: RunningProxy
let client: WireClient

beforeAll(async () => {
  database = await startDatabase(18)
  proxy = await startProxy(database)
  client = await logIn(proxy, await proxy.ticket())
})

afterAll(async () => {
  client?.end()
  await proxy?.stop()
  await database?.stop()
})

describe('a refusal', () => {
  it('in a simple query is an ordinary error with policy, event and hint', async () => {
    client.send(query('drop table customers'))
    const [error, ready] = await client.until()
    const fields = decodeReport(error?.bytes as Buffer)
    expect(fields.get('C')).toBe('42501')
    expect(fields.get('M')).toMatch(/^sluice: .*DROP TABLE/)
    expect(fields.get('D')).toMatch(/policy .+ · event [0-9a-f-]{36}$/)
    expect(transcript([ready as never])).toBe('Z(I)')
  })

  it('leaves the session alive', async () => {
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
  })

  it('in a transaction makes it fail, as any error does, and ROLLBACK ends it', async () => {
    expect(await client.ask(query('begin'))).toBe('C(BEGIN) Z(T)')
    expect(await client.ask(query('delete from orders'))).toBe('E(42501) Z(E)')
    expect(await client.ask(query('select 1'))).toBe('E(25P02) Z(E)')
    expect(await client.ask(query('drop table orders'))).toBe('E(42501) Z(E)')
    expect(await client.ask(query('commit'))).toBe('C(ROLLBACK) Z(I)')
  })

  it('in a pipeline stops it there and commits nothing behind it', async () => {
    const replies = await client.ask(
      parse('', 'select 1'),
      bind('', ''),
      execute(),
      parse('', 'delete from orders'),
      bind('', ''),
      execute(),
      parse('', 'select 2'),
      bind('', ''),
      execute(),
      sync,
    )
    expect(replies).toBe('1 2 D C(SELECT 1) E(42501) Z(I)')
    expect((await database.query('select count(*)::int as n from orders')).rows).toEqual([{ n: 100 }])
  })

  it('of one part refuses a whole multi-statement query', async () => {
    expect(await client.ask(query('select 1; drop table orders; select 2'))).toBe('E(42501) Z(I)')
    expect(await client.ask(query('select 1; select 2'))).toBe('T D C(SELECT 1) T D C(SELECT 1) Z(I)')
  })

  it('of a function call message is answered like one', async () => {
    expect(await client.ask(message(CLIENT.functionCall, Buffer.alloc(10)))).toBe('E(42501) Z(I)')
  })

  it('does not touch the unnamed statement', async () => {
    expect(await client.ask(parse('', 'select 7'), sync)).toBe('1 Z(I)')
    expect(await client.ask(parse('bad', 'vacuum'), sync)).toBe('E(42501) Z(I)')
    expect(await client.ask(bind('', ''), execute(), sync)).toBe('2 D C(SELECT 1) Z(I)')
  })
})

describe('the extended protocol', () => {
  it('runs a named statement again and again', async () => {
    expect(await client.ask(parse('s1', 'select name from customers where id = $1'), sync)).toBe('1 Z(I)')
    for (const id of ['1', '2', '1001']) {
      const rows = id === '1001' ? 'C(SELECT 0)' : 'D C(SELECT 1)'
      expect(await client.ask(bind('', 's1', [id]), describeMessage('P'), execute(), sync)).toBe(`2 T ${rows} Z(I)`)
    }
    expect(await client.ask(close('S', 's1'), sync)).toBe('3 Z(I)')
    expect(await client.ask(bind('', 's1', ['1']), sync)).toBe('E(26000) Z(I)')
  })

  it('reads a portal in steps', async () => {
    expect(await client.ask(query('begin'))).toBe('C(BEGIN) Z(T)')
    expect(
      await client.ask(parse('', 'select id from customers order by id'), bind('p', ''), execute('p', 2), sync),
    ).toBe('1 2 D D s Z(T)')
    expect(await client.ask(execute('p', 3), sync)).toBe('D D D s Z(T)')
    expect(await client.ask(query('commit'))).toBe('C(COMMIT) Z(I)')
    expect(await client.ask(execute('p', 3), sync)).toBe('E(34000) Z(I)')
  })

  it('answers on Flush before Sync comes', async () => {
    client.send(parse('', 'select 1'), describeMessage('S'), flush)
    expect(transcript([await client.next(), await client.next(), await client.next()] as never)).toBe('1 t T')
    expect(await client.ask(bind('', ''), execute(), sync)).toBe('2 D C(SELECT 1) Z(I)')
  })

  it('waits for what a name stands for when that may still fail', async () => {
    // The first Parse of `t` fails; what was prepared before under that name still stands.
    expect(await client.ask(parse('t', 'select 1 as one'), sync)).toBe('1 Z(I)')
    client.send(parse('t', 'select 2, 3'), sync, bind('', 't'), execute(), sync)
    expect(transcript(await client.until(2))).toBe('E(42P05) Z(I) 2 D C(SELECT 1) Z(I)')
  })

  it('skips to Sync after an error of the database', async () => {
    expect(
      await client.ask(
        parse('', 'select 1/(id-1) from orders order by id'),
        bind('', ''),
        execute(),
        parse('', 'select 1'),
        sync,
      ),
    ).toBe('1 2 E(22012) Z(I)')
    expect(await client.ask(parse('', 'select nothing'), bind('', ''), execute(), sync)).toBe('E(42703) Z(I)')
  })

  it('answers an empty query', async () => {
    expect(await client.ask(query(''))).toBe('I Z(I)')
    expect(await client.ask(parse('', ''), bind('', ''), execute(), sync)).toBe('1 2 I Z(I)')
  })
})

describe('bad input', () => {
  it('of two megabytes is refused and the session lives', async () => {
    expect(await client.ask(query(`select '${'x'.repeat(2_000_000)}'`))).toBe('E(54000) Z(I)')
    expect(await client.ask(parse('', `select '${'x'.repeat(2_000_000)}'`), bind('', ''), execute(), sync)).toBe(
      'E(54000) Z(I)',
    )
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
  })

  it('of half a megabyte that is a plain SELECT passes', async () => {
    expect(await client.ask(query(`select length('${'x'.repeat(500_000)}')`))).toBe('T D C(SELECT 1) Z(I)')
  })

  it('that is not UTF-8, or has a NUL in it, is refused', async () => {
    expect(await client.ask(message(CLIENT.query, Buffer.from([0x73, 0xff, 0xfe, 0])))).toBe('E(22021) Z(I)')
    expect(await client.ask(message(CLIENT.query, Buffer.from('select 1\0; drop table orders\0')))).toBe(
      'E(08P01) Z(I)',
    )
    expect(await client.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
  })

  it('byte by byte is the same as at once', async () => {
    const bytes = Buffer.concat([parse('', 'select $1::int'), bind('', '', ['4']), execute(), sync])
    for (const byte of bytes) client.send(Buffer.from([byte]))
    expect(transcript(await client.until())).toBe('1 2 D C(SELECT 1) Z(I)')
  })

  it('of an unknown type ends the session with a protocol error', async () => {
    const other = await logIn(proxy, await proxy.ticket())
    other.send(Buffer.from('!\0\0\0\x04'))
    expect(transcript(await other.until())).toBe('E(08P01)')
    expect(other.closed).toBe(true)
  })
})

describe('pipelined names', () => {
  it('are waited for although the upstream holds back what was not synchronised', async () => {
    const other = await logIn(proxy, await proxy.ticket())
    // The Parse of `u` is in the epoch before; the Parse of `v` waits unanswered in the same epoch as the Bind of `u`.
    other.send(parse('u', 'select 1'), sync, parse('v', 'select 2'), bind('', 'u'), execute(), sync)
    expect(transcript(await other.until(2))).toBe('1 Z(I) 1 2 D C(SELECT 1) Z(I)')
    other.end()
  })
})

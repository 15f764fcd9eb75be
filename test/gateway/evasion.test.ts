// What runs in the database is what was decided and recorded: ways around that, each tried on the oldest and the newest
// server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { bind, close, execute, logIn, parse, query, sync, type WireClient } from '../stand/wire-client.ts'

/** As much of a name as a server keeps. */
const KEPT = 'n'.repeat(63)

describe.each([13, 18] as const)('on PostgreSQL %i', (major) => {
  let database: Database
  let proxy: RunningProxy
  let client: WireClient

  beforeAll(async () => {
    database = await startDatabase(major)
    await database.query(`
      create table seen (ssn text);
      grant insert on seen to public;
      create function public.note(c customers) returns int language plpgsql
        as $$ begin insert into seen values (c.ssn); return 1; end $$;
      create function public.lower(c customers) returns int language sql as $$ select public.note(c) $$;
      create function public.mark(variadic c customers[]) returns int language sql as $$ select public.note(c[1]) $$;
      create function public.same(a varchar, b varchar) returns boolean language plpgsql
        as $$ begin insert into seen values (a); return true; end $$;
      create operator public.= (leftarg = varchar, rightarg = varchar, function = public.same);
      create table named as select 'x'::varchar as name;
      grant select on named to public;
      alter database shop set standard_conforming_strings = off;
    `)
    proxy = await startProxy(database)
    client = await logIn(proxy, await proxy.ticket())
  })

  afterAll(async () => {
    client?.end()
    await proxy?.stop()
    await database?.stop()
  })

  async function lastRecorded(): Promise<{ readonly operation: string; readonly text: string }> {
    const requests = (await proxy.frames()).filter(({ header }) => header.kind === 'request')
    const last = requests.at(-1)
    return {
      operation: last?.header.operation ?? '',
      text: last?.opened.map(({ bytes }) => bytes.toString('utf8')).join('|') ?? '',
    }
  }

  it('a statement is not run under a name that the server takes for another', async () => {
    expect(await client.ask(parse(`${KEPT}1`, 'select 1'), sync)).toBe('1 Z(I)')
    expect(await client.ask(close('S', `${KEPT}2`), sync)).toBe('3 Z(I)')
    expect(await client.ask(parse(`${KEPT}3`, 'select ssn from customers'), sync)).toBe('1 Z(I)')
    expect(await client.ask(bind('', `${KEPT}1`), execute('', 1), sync)).toBe('2 D s Z(I)')
    expect(await lastRecorded()).toMatchObject({ operation: 'Execute', text: 'select ssn from customers' })
  })

  it('a portal is not run under a name that the server takes for another', async () => {
    await client.ask(query('begin'))
    expect(await client.ask(parse('', 'select 1'), bind(`${KEPT}1`, ''), sync)).toBe('1 2 Z(T)')
    expect(await client.ask(close('P', `${KEPT}2`), sync)).toBe('3 Z(T)')
    expect(await client.ask(parse('', 'select ssn from customers'), bind(`${KEPT}3`, ''), sync)).toBe('1 2 Z(T)')
    expect(await client.ask(execute(`${KEPT}1`, 1), sync)).toBe('D s Z(T)')
    expect(await lastRecorded()).toMatchObject({ operation: 'Execute', text: 'select ssn from customers' })
    await client.ask(query('rollback'))
  })

  it('a name that an encoding could make another one is refused', async () => {
    expect(await client.ask(parse('é', 'select 1'), sync)).toBe('E(08P01) Z(I)')
    expect(await client.ask(parse('', 'select 1'), bind('é', ''), execute('é'), sync)).toBe('1 E(08P01) Z(I)')
  })

  it('a text is read as the server reads it, whatever the default of the database', async () => {
    expect(await client.ask(query(String.raw`select 'a\' as "x", 2 as "y" --' , ssn from customers`))).toBe(
      'T D C(SELECT 1) Z(I)',
    )
    await client.ask(query('reset standard_conforming_strings'))
    await client.ask(query('reset all'))
    expect(await client.ask(query(String.raw`select length('\')`))).toBe('T D C(SELECT 1) Z(I)')
  })

  it.each([
    'select c.note from customers c limit 1',
    'select c.mark from customers c limit 1',
    'select lower(c) from customers c limit 1',
    'select 1 from named join named as other using (name)',
    'select 1 from named natural join named as other',
  ])("a user's own function behind a plain name can't write: %s", async (text) => {
    for (const begin of ['begin read write', 'begin; set transaction_read_only to default', 'begin']) {
      await client.ask(query(begin))
      await client.ask(query(text))
      await client.ask(query('commit'))
    }
    expect(await client.ask(query(text))).toMatch(/E\(42501\) Z\(I\)$/)
    expect((await database.query('select from seen')).rowCount).toBe(0)
  })
})

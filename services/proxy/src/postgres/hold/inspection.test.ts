import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../../../../../test/stand/database.ts'
import { type Inspection, inspection, readInspection } from './inspection.ts'

const SETUP = `
  create table customers2 (id int primary key, name text);
  create table invoices (id int primary key, customer int references customers2 on delete cascade, amount numeric default 0);
  create table archived () inherits (invoices);
  create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger stamped before update on invoices for each row execute function stamp();
  create rule keep as on delete to invoices do also select 1;
  create view open_invoices as select * from invoices;
  create table plain (id int);
  create domain cents as int;
  create function notice_it() returns event_trigger language plpgsql as $$ begin return; end $$;
`

describe.each([13, 15, 18] as const)('what is in reach of a command on PostgreSQL %i', (major) => {
  let database: Database
  let client: pg.Client

  beforeAll(async () => {
    database = await startDatabase(major)
    await database.query(SETUP)
    client = await database.connect()
  })
  afterAll(async () => {
    await client?.end()
    await database?.stop()
  })

  async function look(...tables: string[]): Promise<Inspection> {
    const { text, parameters } = inspection(tables.map((table) => ({ table })))
    const { rows } = await client.query({ text, values: [...(parameters as string[])], rowMode: 'array', types: TEXT })
    const found = readInspection({ kind: 'done', results: [rows], status: 'I' }, 0)
    if (found === null) throw new Error('it could not be read')
    return found
  }

  it('lists tables, what a delete cascades to, children, triggers and rules', async () => {
    const { touches, touchesTemporary, isolation } = await look('public.customers2')
    expect(touches).toEqual([
      { kind: 'cascade', name: 'public.archived' },
      { kind: 'cascade', name: 'public.invoices' },
      { kind: 'rule', name: 'keep on invoices' },
      { kind: 'table', name: 'public.customers2' },
      { kind: 'trigger', name: 'stamped on invoices calls stamp' },
    ])
    expect({ touchesTemporary, isolation }).toEqual({ touchesTemporary: false, isolation: 'read committed' })
  })

  it('finds a table whose name has capital letters, and none in its place', async () => {
    expect((await look('public.Plain')).touches).toEqual([])
    await database.query('create table "Plain" (id int)')
    expect((await look('public.Plain')).touches).toEqual([{ kind: 'table', name: 'public.Plain' }])
  })

  it('lists what a view stands on', async () => {
    const { touches } = await look('public.open_invoices')
    expect(touches).toContainEqual({ kind: 'view', name: 'public.open_invoices' })
    expect(touches).toContainEqual({ kind: 'table', name: 'public.invoices' })
  })

  it('says the same where nothing changed, and where something out of reach did', async () => {
    const before = await look('public.plain')
    await database.query('alter table orders add column other int')
    expect((await look('public.plain')).definitions).toBe(before.definitions)
  })

  it.each([
    [
      'a function is replaced by itself',
      'create or replace function stamp() returns trigger language plpgsql as $$ begin return new; end $$',
    ],
    [
      'a function appears that a name could find',
      'create function lower(varchar) returns text language sql as $$ select $1::text $$',
    ],
    [
      'a trigger is disabled and enabled again',
      'alter table invoices disable trigger stamped; alter table invoices enable trigger stamped',
    ],
    ['a rule is replaced by itself', 'create or replace rule keep as on delete to invoices do also select 1'],
    ['a default changes', 'alter table invoices alter amount set default 1'],
    ['a column is added', 'alter table invoices add column note text'],
    ['a domain gets a condition', 'alter domain cents add constraint positive check (value >= 0)'],
    ['an event trigger appears', 'create event trigger noticed on ddl_command_end execute function notice_it()'],
    ['a row policy appears', 'create policy mine on invoices using (true)'],
    ['a table is replaced by another', 'alter table invoices rename to invoices_old; create table invoices (id int)'],
  ])('says something else where %s', async (_name, change) => {
    const before = await look('public.customers2', 'public.invoices')
    await database.query(change)
    expect((await look('public.customers2', 'public.invoices')).definitions).not.toBe(before.definitions)
  })

  it('sees a temporary table in front of a name', async () => {
    await client.query('create temporary table plain (id int)')
    expect((await look('public.plain')).touchesTemporary).toBe(true)
    await client.query('drop table pg_temp.plain')
    expect((await look('public.plain')).touchesTemporary).toBe(false)
  })

  it('tells the settings of a session apart', async () => {
    const before = await look('public.plain')
    await client.query('set search_path = public, pg_temp')
    expect((await look('public.plain')).definitions).not.toBe(before.definitions)
    await client.query('reset search_path')
    expect((await look('public.plain')).definitions).toBe(before.definitions)
  })

  it('lives with names of nothing', async () => {
    expect((await look('public.nothing', '"odd ""name"""."{x,y}"')).touches).toEqual([])
  })
})

/** Columns as the gateway gets them: text. */
const TEXT = { getTypeParser: () => (value: string) => value }

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { type CatalogSnapshot, catalogHash, packCatalog, unpackCatalog } from '@sluice/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, GATEWAY_ROLE, startDatabase } from '../../../../../test/stand/database.ts'
import { catalogReader, columnIn, originsIn, relationIn } from './catalog.fixture.ts'
import type { CatalogReader } from './read-catalog.ts'

const OBJECTS = `
  create function own_code(anyelement) returns int language plpgsql immutable as 'begin return 1; end';
  create function on_write() returns trigger language plpgsql as 'begin return new; end';
  create domain short_text as text check (length(value) < 20);
  create domain own_text as text check (own_code(value) = 1);
  create type pair as (label short_text, parts own_text[]);
  create type mood as enum ('good', 'bad');
  create type spans as range (subtype = float8);

  create table people (
    id int primary key, gone text, ssn varchar(11) unique, double_id int generated always as (id * 2) stored,
    joined date default current_date, kind mood, extra pair, check (id > 0));
  alter table people drop column gone;
  comment on table people is 'sluice:pii.person and more';
  comment on column people.ssn is 'number, sluice:pii.ssn';
  comment on column people.kind is 'for nobody but us';
  create index on people (own_code(id)) where id > 3;
  create trigger told before insert on people for each row execute function on_write();
  create rule quiet as on delete to people do also notify people_gone;
  create table staff (room int) inherits (people);
  create table visits (person int references people, at int, room int) partition by range (at);
  create table visits_one partition of visits for values from (0) to (10);
  create table by_value (name text) partition by hash (lower(name));
  create table sorted (name text, n int);
  create index sorted_n on sorted (n) include (name);
  cluster sorted using sorted_n;
  create table indexed (id int primary key, a text, b text, c text);
  create index on indexed (b, a) include (c);
  create index on indexed (c) where a is null;
  create index on indexed (id, lower(b || a));
  create index on indexed ((indexed is null));

  create materialized view copies as select
      p.ssn, upper(p.ssn) as loud, 7 as seven, own_code(p.ssn) as own, query_to_xml('select 1', true, true, '') as named,
      (select max(email) from customers c where c.id = p.id) as mail, p.id = any (select customer_id from orders) as buys
    from people p;
  create materialized view either as
    select ssn, id from people union all select email, id from customers union all select status, 0 from orders;
  create materialized view merged as
    with recursive walk(a, b) as (
      select ssn::text, 'x'::text from people where id = 1 union all select w.b, c.email from walk w join customers c on c.id = 1
    ) select w.a, j.* from walk w cross join (select id, c.name from customers c full join people p using (id)) j;
  create view plain as
    with x as (select id, ssn as s from people) select s, count(*) as n, max(v.column1) as v, l.w
    from x, (values (1), (2)) v, lateral (select x.s || 'y' as w) l group by s, l.w;
  create view whole as select p as row, p.tableoid from people p;
`

describe.each([13, 15, 18] as const)('the catalog of PostgreSQL %s', (major) => {
  let database: Database
  let reader: CatalogReader
  let catalog: CatalogSnapshot

  beforeAll(async () => {
    database = await startDatabase(major)
    await database.query(OBJECTS)
    reader = catalogReader(database)
    catalog = await reader.read()
  })
  afterAll(() => database?.stop())

  it('says which database it is', () => {
    expect(catalog).toMatchObject({ connection: 'shop', databaseName: 'shop', serverMajor: major })
    expect(catalog.databaseId).toBeGreaterThan(16_383)
  })

  it('has columns with their numbers and types, and none that was dropped', () => {
    expect(relationIn(catalog, 'people').columns.map(({ attno, name, typeName }) => [attno, name, typeName])).toEqual(
      expect.arrayContaining([
        [1, 'id', 'int4'],
        [3, 'ssn', 'varchar'],
        [4, 'double_id', 'int4'],
        [7, 'extra', 'pair'],
      ]),
    )
    expect(relationIn(catalog, 'people').columns).toHaveLength(6)
    expect(columnIn(catalog, 'people', 'ssn').typmod).toBe(15)
    expect(columnIn(catalog, 'people', 'double_id').generatedFrom).toEqual([1])
    expect(columnIn(catalog, 'people', 'ssn').generatedFrom).toBeNull()
  })

  it('has only those comments that are for us', () => {
    expect(relationIn(catalog, 'people').comment).toBe('sluice:pii.person and more')
    expect(columnIn(catalog, 'people', 'ssn').comment).toBe('number, sluice:pii.ssn')
    expect(columnIn(catalog, 'people', 'kind').comment).toBeNull()
  })

  it('knows parents, keys, references, and what says where a row lies', () => {
    const { relid } = relationIn(catalog, 'people')
    expect(relationIn(catalog, 'staff').parents).toEqual([relid])
    expect(relationIn(catalog, 'visits_one').parents).toEqual([relationIn(catalog, 'visits').relid])
    expect(relationIn(catalog, 'people').keys).toEqual(
      expect.arrayContaining([
        { primary: true, columns: [1] },
        { primary: false, columns: [3] },
      ]),
    )
    expect(relationIn(catalog, 'visits').placedBy).toEqual([2])
    expect(relationIn(catalog, 'by_value').placedBy).toBeNull()
    expect(relationIn(catalog, 'sorted').placedBy).toEqual([2])
    expect(catalog.foreignKeys).toContainEqual({
      name: expect.any(String) as string,
      relid: relationIn(catalog, 'visits').relid,
      columns: [1],
      references: { relid, columns: [1] },
    })
  })

  it('knows by which columns each index is ordered', () => {
    const { indexes } = relationIn(catalog, 'indexed')
    expect(indexes).toHaveLength(5)
    expect(indexes.map(({ columns, partial }) => ({ columns: columns?.toSorted() ?? null, partial }))).toEqual(
      expect.arrayContaining([
        { columns: [1], partial: false },
        { columns: [2, 3], partial: false },
        { columns: [4], partial: true },
        { columns: [1, 2, 3], partial: false },
        { columns: null, partial: false },
      ]),
    )
  })

  it('knows what runs when a table is written', () => {
    const code = relationIn(catalog, 'people').code.map(({ kind, name, functions }) => [
      kind,
      name,
      functions === null ? null : functions.some((id) => id >= 16_384),
    ])
    expect(code).toEqual(
      expect.arrayContaining([
        ['trigger', 'told', true],
        ['rule', 'quiet', null],
        ['check', 'people_id_check', false],
        ['index', 'people_own_code_idx', true],
        ['generated', 'double_id', false],
        ['default', 'joined', false],
      ]),
    )
    expect(code).toHaveLength(6)
    expect(relationIn(catalog, 'orders').code).toEqual([])
  })

  it('tells types by whose code they run', () => {
    const types = Object.fromEntries(
      catalog.types.map(({ name, kind, base, ioBuiltin, checks }) => [name, { kind, base, ioBuiltin, checks }]),
    )
    expect(types).toMatchObject({
      short_text: { kind: 'd', base: 25, checks: 'plain' },
      own_text: { kind: 'd', base: 25, checks: 'code' },
      mood: { kind: 'e', base: null, ioBuiltin: true, checks: 'none' },
      spans: { kind: 'r', base: 701, ioBuiltin: true },
    })
    const idOf = (name: string) => catalog.types.find((type) => type.name === name)?.typeId
    expect(types['_own_text']?.base).toBe(idOf('own_text'))
    expect(catalog.types.find(({ name }) => name === 'pair')?.relid).toBe(relationIn(catalog, 'pair').relid)
  })

  it('traces the columns of views to all that their values are made of', () => {
    const made = (relation: string) =>
      relationIn(catalog, relation).columns.map(({ name, bare }) => [name, originsIn(catalog, relation, name), bare])
    expect(made('copies')).toEqual([
      ['ssn', 'people.ssn', true],
      ['loud', 'people.ssn', false],
      ['seven', '', false],
      ['own', null, false],
      ['named', null, false],
      ['mail', 'customers.email customers.id people.id', false],
      ['buys', 'orders.customer_id people.id', false],
    ])
    expect(made('either')).toEqual([
      ['ssn', 'customers.email orders.status people.ssn', true],
      ['id', 'customers.id people.id', false],
    ])
    expect(made('merged')).toEqual([
      // In a later round the one is what the other was.
      ['a', 'customers.email people.ssn', false],
      ['id', 'customers.id people.id', false],
      ['name', 'customers.name', true],
    ])
    expect(made('plain')).toEqual([
      ['s', 'people.ssn', true],
      ['n', '', false],
      ['v', '', false],
      ['w', 'people.ssn', false],
    ])
    expect(made('whole')).toEqual([
      ['row', 'people.double_id people.extra people.id people.joined people.kind people.ssn', false],
      ['tableoid', '', false],
    ])
  })

  it('is the same as long as nothing changes, and another after the smallest change', async () => {
    expect(await reader.read()).toBe(catalog)
    expect(catalogHash(await catalogReader(database).read())).toBe(catalogHash(catalog))
    expect(catalogHash(unpackCatalog(packCatalog(catalog)))).toBe(catalogHash(catalog))
    await database.query(
      'create or replace view plain as select ssn as s, 1::bigint as n, 2 as v, ssn::text as w from people',
    )
    const changed = await reader.read()
    expect(catalogHash(changed)).not.toBe(catalogHash(catalog))
    expect(originsIn(changed, 'plain', 'v')).toBe('')
    expect(originsIn(changed, 'plain', 'w')).toBe('people.ssn')
  })

  it('says whether the role may keep its sessions out of the log', async () => {
    expect(reader.mayQuiet).toBe(false)
    const grants = major >= 15
    await database.query(
      grants ? `grant set on parameter log_min_messages to ${GATEWAY_ROLE}` : `alter role ${GATEWAY_ROLE} superuser`,
    )
    await reader.read()
    expect(reader.mayQuiet).toBe(true)
    await database.query(
      grants
        ? `revoke set on parameter log_min_messages from ${GATEWAY_ROLE}`
        : `alter role ${GATEWAY_ROLE} nosuperuser`,
    )
  })

  it('has no temporary relation of another session', async () => {
    const other = await database.connect()
    await other.query('create temp table passing (ssn text)')
    expect((await reader.read()).relations.some(({ name }) => name === 'passing')).toBe(false)
    await other.end()
  })
})

describe('a look at the catalog', () => {
  it('is read whole where a definition is longer than what is read ahead', async () => {
    const database = await startDatabase(18)
    const columns = Array.from({ length: 1_500 }, (_, index) => `ssn || '${index}' as c${index}`).join(', ')
    await database.query(`create view wide as select ${columns} from customers`)
    const catalog = await catalogReader(database).read()
    expect(originsIn(catalog, 'wide', 'c1499')).toBe('customers.ssn')
    await database.stop()
  })

  it('ends in time where the upstream says nothing', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const database = { server: { host: '127.0.0.1', port }, authority: { certificate: '' }, name: 'shop' }
    const reading = catalogReader(database, 100).read()
    await expect(reading).rejects.toMatchObject({ name: 'UpstreamFailed', code: 'upstream_timeout' })
    silent.close()
  })
})

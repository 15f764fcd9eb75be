// Real statements on real servers: their trees by the server's own dump, and a plan made of the catalog by hand.

import type pg from 'pg'
import { startDatabase } from '../../../../test/stand/database.ts'
import { type KnownFunctions, knownFunctions } from '../functions/known-functions.ts'
import { STANDARD_OBJECTS_SQL, type StandardObject } from '../functions/standard-objects.ts'
import {
  DEFAULT_TAG_RULE,
  type MaskPlan,
  type PlannedColumn,
  type PlannedRelation,
  type PlannedType,
} from '../plan/plan.ts'
import { PlanView } from '../plan/plan-view.ts'
import type { TreeNode } from '../tree/node.ts'
import { readTree } from '../tree/read-tree.ts'
import { PRINT_TREES } from '../tree/rewritten-trees.fixture.ts'
import { decideMasks } from './decide-masks.ts'
import type { Lineage } from './lineage.ts'
import type { MaskDecision } from './mask-decision.ts'
import { lineageOf } from './read-lineage.ts'

export type TestMajor = 13 | 14 | 15 | 16 | 17 | 18

/** Tags by column name, whatever the table; everything else is clean. */
const TAGS: Readonly<Record<string, readonly string[]>> = {
  ssn: ['pii.ssn'],
  email: ['pii.email'],
  contact: ['pii.email'],
  pan: ['pci.pan'],
  pin: ['pii.pin'],
  allergic: ['pii.health'],
  nick: ['pii.nick'],
  twofold: ['pii.ssn', 'pii.email'],
  // Of the view `shown`: tagged for itself.
  label: ['pii.label'],
}

const SCANNED: ReadonlySet<string> = new Set(['notes', 'doc', 'remark'])

const MORE_TABLES = `
  create extension if not exists citext;
  create type mood as enum ('ok', 'bad');
  create type address as (street text, zip text);
  create domain short_text as text check (length(value) < 100);
  create function own_function(t text) returns text language plpgsql as $$ begin raise notice '%', t; return t; end $$;
  create function own_type_check(t text) returns boolean language plpgsql immutable as $$ begin return true; end $$;
  create domain spy as text check (own_type_check(value));
  create table cards (id int primary key, customer_id int, pan bigint, pin numeric, expires date);
  create table people (id int primary key, ssn text unique, email text, contact text, allergic boolean, nick text, twofold text, mood mood, address address);
  create table documents (id int primary key, doc jsonb, remark text, tags text[], at timestamptz default now());
  create table audit (id serial primary key, what text, ssn text);
  create table spied (id int, what spy);
  create table triggered (id int, ssn text, what text);
  create function on_trigger() returns trigger language plpgsql as $$ begin raise notice '%', new.ssn; return new; end $$;
  create trigger t before insert or update on triggered for each row execute function on_trigger();
  create table placed (ssn text, id int) partition by range (ssn);
  create table placed_1 partition of placed for values from ('0') to ('5');
  create table placed_2 partition of placed for values from ('5') to ('9z');
  create table policed (id int, ssn text, owner text);
  alter table policed enable row level security;
  create policy own on policed using (ssn = current_user or owner = current_user) with check (ssn <> 'x');
  create table policed_by_function (id int, ssn text);
  alter table policed_by_function enable row level security;
  create policy own on policed_by_function using (own_function(ssn) is not null);
  create table ruled (id int, ssn text);
  create rule also as on insert to ruled do also insert into audit (what) values (new.ssn);
  create table redirected (id int, ssn text);
  create rule instead as on update to redirected do instead delete from audit where id = old.id;
  create view shown as select id, ssn, left(ssn, 3) as part, name as label, upper(name) as loud from customers where id > 0;
  create view ordered as select id from customers order by ssn;
  create view renamed as select id, ssn as number from customers;
  create materialized view stored as select id, ssn, name from customers;
  create view updatable as select id, ssn, name from customers where ssn like '1%' with check option;
  create role reader; grant all on all tables in schema public to reader;
`

const CATALOG = `
  select c.oid::int as relid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relname in ('placed', 'placed_1', 'placed_2') as placed,
    exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers,
    coalesce((select json_agg(json_build_object('attno', a.attnum, 'name', a.attname, 'type', a.atttypid::int) order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.oid >= 16384`

const TYPES = `
  select t.oid::int as "typeId", t.typtype as kind, nullif(case when t.typtype = 'd' then t.typbasetype else t.typelem end, 0)::int as base,
    t.typname not in ('citext', '_citext', 'spy', '_spy') as known, nullif(t.typrelid, 0)::int as relid
  from pg_type t where t.oid >= 16384`

type CatalogRow = Omit<PlannedRelation, 'readsRunCode' | 'writesRunCode' | 'placedByValue' | 'columns'> & {
  readonly placed: boolean
  readonly triggers: boolean
  readonly columns: readonly Pick<PlannedColumn, 'attno' | 'name' | 'type'>[]
}

const planned = (row: CatalogRow): PlannedRelation => ({
  relid: row.relid,
  schema: row.schema,
  name: row.name,
  kind: row.kind,
  readsRunCode: row.name === 'spied',
  writesRunCode: row.triggers,
  placedByValue: row.placed,
  columns: row.columns.map((column) => {
    const tags = TAGS[column.name] ?? []
    const verdict = tags.length > 0 ? 'tagged' : SCANNED.has(column.name) ? 'scanned' : 'clean'
    return { ...column, verdict, tags, why: 'test' }
  }),
})

export const TAG_RULES: MaskPlan['tags'] = {
  'pii.ssn': DEFAULT_TAG_RULE,
  'pii.email': { ...DEFAULT_TAG_RULE, strategy: 'tokenize' },
  'pci.pan': { ...DEFAULT_TAG_RULE, strategy: 'partial' },
  'pii.pin': { ...DEFAULT_TAG_RULE, touch: 'deny' },
  'pii.health': { ...DEFAULT_TAG_RULE, touch: 'approve' },
  'pii.nick': { ...DEFAULT_TAG_RULE, touch: 'allow', strategy: 'hash' },
}

/** Sends Parse and Sync: the statement is analysed and never bound. */
class ParseAlone implements pg.Submittable {
  readonly #text: string
  readonly #done: () => void
  readonly #failed: (error: Error) => void

  constructor(text: string, done: () => void, failed: (error: Error) => void) {
    this.#text = text
    this.#done = done
    this.#failed = failed
  }

  submit(connection: pg.Connection): void {
    connection.parse({ name: '', text: this.#text, types: [] }, true)
    connection.sync()
  }

  /** Nothing else comes here behind it: the client has forgotten this by then. */
  handleError(error: Error): void {
    this.#failed(error)
  }

  handleReadyForQuery(): void {
    this.#done()
  }
}

export type Statement = {
  readonly lineage: Lineage
  readonly decide: (...reveals: string[]) => MaskDecision
}

export type RealLineage = {
  readonly view: PlanView
  readonly functions: KnownFunctions
  /** What the server makes of a statement. Nothing is executed. */
  readonly tree: (sql: string) => Promise<readonly TreeNode[]>
  readonly read: (sql: string) => Promise<Statement>
  /** Runs SQL in the session that is dumped, such as `set role`. */
  readonly run: (sql: string) => Promise<void>
  /** The plan as it is now, after tables changed. */
  readonly fresh: () => Promise<PlanView>
  readonly stop: () => Promise<void>
}

export async function realLineage(major: TestMajor): Promise<RealLineage> {
  const database = await startDatabase(major)
  await database.query(MORE_TABLES)
  const standard = (await database.query(STANDARD_OBJECTS_SQL)).rows as StandardObject[]
  const planOf = async (): Promise<PlanView> => {
    const relations = ((await database.query(CATALOG)).rows as CatalogRow[]).map(planned)
    const types = (await database.query(TYPES)).rows as PlannedType[]
    const made = { connection: 'shop', databaseId: 5, serverMajor: major, version: '', madeAt: 0, catalogHash: '' }
    return new PlanView({ ...made, standard, relations, types, tags: TAG_RULES })
  }
  const functions = knownFunctions(major, standard)
  const client = await database.connect(database.name, PRINT_TREES)
  const dumps: string[] = []
  client.on('notice', (notice) => {
    if ('routine' in notice && notice.routine === 'elog_node_display') dumps.push(String(notice.detail))
  })
  const view = await planOf()
  const tree = async (sql: string): Promise<readonly TreeNode[]> => {
    dumps.length = 0
    await new Promise<void>((resolve, reject) => {
      client.query(new ParseAlone(sql, resolve, reject))
    })
    const dump = dumps.at(-1)
    if (dump === undefined) throw new Error(`no tree for ${sql}`)
    const result = readTree(dump, major)
    if (result.kind !== 'queries') throw new Error(`unreadable: ${result.what}`)
    return result.queries
  }
  return {
    view,
    functions,
    tree,
    read: async (sql) => {
      const lineage = lineageOf(await tree(sql), view, functions)
      return { lineage, decide: (...reveals) => decideMasks(lineage, view, new Set(reveals)) }
    },
    run: async (sql) => {
      await client.query(sql)
    },
    fresh: planOf,
    stop: async () => {
      await client.end()
      await database.stop()
    },
  }
}

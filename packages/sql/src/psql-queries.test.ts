// psql's backslash commands against real servers: what it asks is taken from psql itself (-E) and has to be plain.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPostgres, startPostgres } from '@sluice/demo'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { analyzeStatement, loadParser } from './analyze.ts'
import { isPlainRead } from './facts.ts'

beforeAll(loadParser)

const OBJECTS = `
  create table customers (id int generated always as identity primary key, name text not null collate "C" check (name <> ''));
  create table orders (id serial primary key, customer_id int references customers (id), amount numeric);
  create index on orders (amount) where amount > 0;
  create statistics on_orders on customer_id, amount from orders;
  create view v as select * from customers;
  create materialized view mv as select * from orders;
  create rule r as on update to v do instead nothing;
  create table part (a int) partition by range (a);
  create table part1 partition of part for values from (1) to (2);
  create table child () inherits (customers);
  alter table customers enable row level security;
  create policy p on customers using (true);
  create function f(a int, b text default 'x') returns int language sql as 'select 1';
  create function tg() returns trigger language plpgsql as 'begin return new; end';
  create trigger t after insert on customers for each row execute function tg();
  create publication pub for table customers;
  create foreign data wrapper w;
  create server s foreign data wrapper w;
  create foreign table ft (a int) server s;
  create type comp as (x int, y text);
  create sequence seq;`

const RELATIONS = 'customers orders v mv part part1 child ft seq comp orders_pkey orders_id_seq pub* public.*'.split(
  ' ',
)
const COMMANDS = [
  ...RELATIONS.flatMap((name) => [`\\d ${name}`, `\\d+ ${name}`]),
  ...(
    'd dS da dA+ dAc+ dAf+ dAo+ dAp+ db db+ dc+ dC+ dconfig dconfig+ dd dD+ ddp dE+ des+ dew+ det+ df df+ dfa dfn dfp ' +
    'dft dfw dF+ dFd+ dFp+ dFt+ dg di di+ dl dL+ dm+ dn dn+ do+ dO+ dp dP+ dPi+ drds dRp dRp+ dRs dRs+ ds+ dt dt+ dtv dT ' +
    'dT+ du du+ dv dv+ dx dx+ dX dy+ l l+ z'
  )
    .split(' ')
    .map((name) => `\\${name}`),
  '\\sf f',
  '\\sv v',
]

const QUERY = /\*{9} QUERY \*{10}\n(.*?)\n\*{26}\n/gs

describe.each([13, 18] as const)('psql on PostgreSQL %i', (major) => {
  it('describes things with plain SELECTs only', { timeout: 90_000 }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-psql-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const server = await startPostgres({
      dir: join(dir, 'pg'),
      binaries: findPostgres(major),
      password: 'secret',
      settings: { fsync: 'off', full_page_writes: 'off' },
    })
    onTestFinished(() => server.remove())
    const psql = promisify(execFile)('psql', ['-X', '-q', '-E', server.url()], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', PSQL_PAGER: 'cat' },
      maxBuffer: 64 * 1024 * 1024,
    })
    psql.child.stdin?.end(`${OBJECTS}\n${COMMANDS.join('\n')}\n`)
    const { stdout } = await psql
    const texts = [...stdout.matchAll(QUERY)].map((match) => match[1] as string)
    const plain = (text: string): boolean => {
      const analysis = analyzeStatement(text, { serverMajor: major })
      return analysis.kind === 'parsed' && analysis.statements.every(isPlainRead)
    }
    const refused = texts.filter((text) => !plain(text))
    expect(refused).toEqual([])
    expect(new Set(texts).size).toBeGreaterThan(150)
  })
})

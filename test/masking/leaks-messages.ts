// Portals, formats and orders of messages that no driver thinks of.

import { bind, bindAs, describe, execute, flush, parse, sync } from '../stand/wire-client.ts'
import type { Attack } from './leaks-client.ts'

const SECRET = 'select ssn from customers order by id limit 2'
const CLEAN = 'select name from customers order by id limit 2'
const MIXED = 'select ssn, email, notes, id from customers order by id limit 3'

const run = (portal: string, statement: string) => [bind(portal, statement), execute(portal)]

/** What could make a field of something else than a field. */
const COPY_OPTIONS: readonly (readonly [options: string, ends: string])[] = [
  ["delimiter '-'", 'refused 42501'],
  ["delimiter '1'", 'refused 42501'],
  ["null '[pii.ssn]'", 'refused 42501'],
  ["format csv, quote '1'", 'refused 42501'],
  ["format csv, quote '-', escape '1'", 'refused 42501'],
  ["format csv, escape '\\'", 'refused 42501'],
  ["encoding 'LATIN1'", 'refused 42501'],
  ["format csv, delimiter '|'", 'answered'],
  ["format csv, delimiter E'\\t', header", 'answered'],
  ["encoding 'UTF8'", 'answered'],
]

export const MESSAGES: readonly Attack[] = [
  {
    name: 'a portal that is bound anew under its name',
    steps: [[parse('s', CLEAN), parse('t', SECRET), bind('', 's'), bind('', 't'), execute(), sync]],
    ends: 'answered',
  },
  {
    name: 'portals of clean and sensitive statements side by side, some rows each',
    steps: [
      'begin',
      [
        parse('s', CLEAN),
        parse('t', SECRET),
        bind('p', 's'),
        bind('q', 't'),
        execute('p', 1),
        execute('q', 1),
        execute('p', 1),
        execute('q', 1),
        sync,
      ],
    ],
    ends: 'answered',
  },
  { name: 'all in binary', steps: [[parse('', MIXED), bindAs('', '', [1]), execute(), sync]], ends: 'answered' },
  {
    name: 'mixed formats, row by row',
    steps: [[parse('', MIXED), bindAs('', '', [1, 0, 1, 0]), execute('', 1), execute('', 1), execute('', 1), sync]],
    ends: 'answered',
  },
  {
    name: 'whole rows in binary',
    steps: [[parse('', 'select c, array[ssn], to_jsonb(c) from customers c'), bindAs('', '', [1]), execute(), sync]],
    ends: 'answered',
  },
  {
    name: 'executed a hundred times',
    steps: [[parse('s', SECRET), ...Array.from({ length: 100 }, () => run('', 's')).flat(), sync]],
    ends: 'answered',
  },
  {
    name: 'the same text as simple query, five times',
    steps: [SECRET, SECRET, SECRET, SECRET, SECRET],
    ends: 'answered',
  },
  {
    name: 'several statements in one query',
    steps: [`select 1; ${SECRET}; select notes from customers order by id limit 1`],
    ends: 'answered',
  },
  {
    name: 'a question among several statements',
    steps: ["select 1; select id from customers where ssn < '5'; select 2"],
    ends: 'refused 42501',
  },
  {
    name: 'statements one of which the server refuses',
    steps: [`begin; ${SECRET}; select 1/0; commit`],
    ends: 'fails 22012',
  },
  {
    name: 'described, never executed',
    steps: [[parse('s', SECRET), describe('S', 's'), bind('', 's'), describe('P', ''), sync]],
    ends: 'answered',
  },
  {
    name: 'executed after an error in the pipeline',
    steps: [
      [parse('s', SECRET), parse('e', 'select 1/0'), ...run('', 'e'), ...run('', 's'), sync],
      [...run('', 's'), sync],
    ],
    ends: 'answered',
  },
  {
    name: 'flushed at every step',
    steps: [
      [
        parse('s', SECRET),
        flush,
        describe('S', 's'),
        flush,
        bind('', 's'),
        flush,
        execute('', 1),
        flush,
        execute('', 1),
        flush,
        sync,
      ],
    ],
    ends: 'answered',
  },
  {
    name: 'EXECUTE inside of EXPLAIN',
    steps: [[parse('s', SECRET), sync], 'explain (costs off) execute s'],
    ends: 'refused 42501',
  },
  {
    name: 'EXECUTE inside of CREATE TABLE',
    steps: [[parse('s', SECRET), sync], 'create temp table x as execute s'],
    ends: 'refused 42501',
  },
  {
    name: 'EXECUTE with a sub-select as argument',
    steps: [
      'prepare p(text) as select id from customers where ssn = $1',
      'execute p((select ssn from customers limit 1))',
    ],
    ends: 'refused 42501',
  },
  {
    name: 'an array as parameter',
    steps: [
      [
        parse('', 'select id from customers where ssn = any ($1)'),
        bindAs('', '', [], [Buffer.from('{a,b}')]),
        execute(),
        sync,
      ],
    ],
    ends: 'refused 42501',
  },
  {
    name: 'a placeholder as parameter in binary',
    steps: [
      'begin',
      [
        parse('', 'update customers set ssn = $1 where id = 1'),
        bindAs('', '', [], [Buffer.from('[pii.ssn]')], [1]),
        execute(),
        sync,
      ],
    ],
    ends: 'refused 42501',
  },
  { name: 'COPY of a table as text', steps: ['copy customers to stdout'], ends: 'answered' },
  {
    name: 'COPY of a table as CSV with all quoted',
    steps: ['copy customers to stdout with (format csv, header, force_quote *)'],
    ends: 'answered',
  },
  { name: 'COPY of a table in binary', steps: ['copy customers to stdout with (format binary)'], ends: 'answered' },
  {
    name: 'COPY of some columns, in another order',
    steps: ['copy customers (ssn, id, email) to stdout with (format csv)'],
    ends: 'answered',
  },
  {
    name: 'COPY of a query',
    steps: ['copy (select reverse(ssn), ssn, c from customers c) to stdout'],
    ends: 'answered',
  },
  { name: 'COPY of a table with generated columns', steps: ['copy made to stdout'], ends: 'answered' },
  { name: 'COPY of a table with a dropped column', steps: ['copy dropped to stdout'], ends: 'answered' },
  { name: 'COPY of a table with row policies', steps: ['copy hidden_rows to stdout'], ends: 'answered' },
  { name: 'COPY of a wide table', steps: ['copy wide to stdout with (format csv, header)'], ends: 'answered' },
  { name: 'COPY of a parent', steps: ['copy base to stdout'], ends: 'answered' },
  { name: 'COPY of a child', steps: ['copy kid to stdout'], ends: 'answered' },
  { name: 'COPY of composite values', steps: ['copy composites to stdout'], ends: 'answered' },
  {
    name: 'COPY by messages',
    steps: [[parse('s', 'copy customers to stdout'), ...run('', 's'), sync]],
    ends: 'answered',
  },
  {
    name: 'the gateway asked what would happen',
    steps: ["sluice explain select ssn from customers where ssn = '000-00-0000'"],
    ends: 'answered',
  },
  { name: 'the gateway asked for what no token stands for', steps: ["sluice reveal 'x'"], ends: 'refused 42501' },
  {
    name: 'texts that share a prepared statement but for a literal that says what is shown',
    steps: ['name', 'id', 'vip', 'ssn'].map((key) => `select to_jsonb(c)->'${key}' from customers c order by id`),
    ends: 'answered',
  },
  {
    name: 'texts that share a prepared statement but for what orders them',
    steps: [
      ...[1, 2, 3].map((n) => `select id, ssn from customers order by 1 limit ${n}`),
      'select id, ssn from customers order by 2 limit 4',
    ],
    ends: 'refused 42501',
  },
  {
    name: 'a placeholder where other texts of a prepared statement have a value',
    steps: ['begin', ...['a', 'b', 'c', '[pii.ssn]'].map((ssn) => `update customers set ssn = '${ssn}' where id = 1`)],
    ends: 'refused 42501',
  },
  {
    name: 'DECLARE that was bound before another DECLARE of the name',
    steps: [
      'begin',
      [parse('d', `declare c cursor for ${SECRET}`), bind('p', 'd'), sync],
      `declare c cursor for ${CLEAN}`,
      [execute('p'), sync],
    ],
    ends: 'refused 42501',
  },
  {
    name: 'COPY that was bound before something else ran',
    steps: [
      'begin',
      [
        parse('d', `copy (${SECRET}) to stdout`),
        bind('p', 'd'),
        parse('', 'select 1'),
        ...run('', ''),
        execute('p'),
        sync,
      ],
    ],
    ends: 'refused 42501',
  },
  {
    name: 'a cursor that is declared, closed and declared in one query',
    steps: [`begin; declare c cursor for ${CLEAN}; close c; declare c cursor for ${SECRET}; fetch 2 from c; commit`],
    ends: 'answered',
  },
  ...COPY_OPTIONS.map(([options, ends]) => ({
    name: `COPY with ${options}`,
    steps: [`copy customers to stdout with (${options})`],
    ends,
  })),
]

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessOf } from './access.ts'
import { analyzeStatement, loadParser } from './analyze.ts'
import type { StatementFacts } from './facts.ts'
import type { UtilityFacts } from './utility-facts.ts'

beforeAll(loadParser)

function masked(text: string, lineage = true): StatementFacts {
  const analysis = analyzeStatement(text, { serverMajor: 18, lineage })
  if (analysis.kind !== 'parsed' || analysis.statements.length !== 1) throw new Error(JSON.stringify(analysis))
  return analysis.statements[0] as StatementFacts
}

function utility(text: string): UtilityFacts | null {
  const facts = masked(text)
  return facts.kind === 'command' || facts.kind === 'session' ? facts.utility : null
}

/** The query in a statement; what stands at its place in the text, where it tells one. */
function inner(text: string): string | null {
  const found = utility(text)
  if (found === null || !('inner' in found)) return null
  const { at, text: query } = found.inner
  if (at === null || found.kind === 'create-as') return query
  const there = Buffer.from(text).subarray(at, at + Buffer.byteLength(query))
  return there.toString() === query ? query : `at ${at} is ${there.toString()}`
}

const actions = (text: string, lineage = true): readonly string[] =>
  accessOf(analyzeStatement(text, { serverMajor: 18, lineage }), {
    connection: 'shop',
    schemas: ['public'],
  }).targets.map(({ action, table }) => (table === null ? action : `${action} ${table}`))

function objections(text: string): string[] {
  const facts = masked(text)
  if (facts.kind !== 'command') return []
  return [...facts.unknown.map(({ what }) => what), ...(facts.refusal === null ? [] : [facts.refusal.what])]
}

describe('queries inside statements of masked sessions', () => {
  it.each<[string, string]>([
    ['declare c cursor for select 1', ' select 1'.trim()],
    [
      'declare "for" no scroll cursor with hold for /* é */ select a for_b from t for update;',
      'select a for_b from t for update',
    ],
    ['declare c binary insensitive cursor for table t -- end', 'table t'],
    ['prepare p as delete from t where a = $1', 'delete from t where a = $1'],
    ['prepare "as"(int, numeric(10, 2), text[]) as select a as b from t;', 'select a as b from t'],
    ['explain select 1', 'select 1'],
    ['explain (select 1)', '(select 1)'],
    ['explain ((select 1) union (select 2))', '((select 1) union (select 2))'],
    ['explain analyze verbose (select 1)', '(select 1)'],
    ['explain (costs off, format json) with x as (select 1) select * from x', 'with x as (select 1) select * from x'],
    ['explain (analyze) (values (1))', '(values (1))'],
    ["/* é explain */ explain (analyze, buffers) update t set a = ')'", "update t set a = ')'"],
    ['copy (select 1) to stdout', 'select 1'],
    [
      "copy ((select ')' from t) union all select b from u) to stdout with (format csv)",
      "(select ')' from t) union all select b from u",
    ],
    ['copy (delete from t returning *) to stdout', 'delete from t returning *'],
    ['create table x as select a as b from t', 'select a as b from t'],
    ['create table if not exists x (a, b) with (fillfactor = 70) as select 1, 2 with no data', 'select 1, 2'],
    ['create table x as (select 1) with data', '(select 1)'],
    ['create unlogged table x as with d as (select 1) select * from d', 'with d as (select 1) select * from d'],
    ['create materialized view v as select * from t with data', 'select * from t'],
    ['create or replace view v (a) with (security_barrier) as select 1 with local check option', 'select 1'],
    ['create view v as select 1 as data', 'select 1 as data'],
    ['create view v as select 1 "with" from option', 'select 1 "with" from option'],
    ["select 'é', a into b from t", "select 'é', a        from t"],
    [
      'select a into temp table "b".c from t union select 1',
      `select a ${' '.repeat('into temp table "b".c'.length)} from t union select 1`,
    ],
    ['copy t to stdout', 'select * from only "t"'],
    ['copy s."a ""b" (c, "D") to stdout', 'select "c", "D" from only "s"."a ""b"'],
  ])('%s', (text, expected) => {
    expect(inner(text)).toBe(expected)
  })

  it.each<[string, UtilityFacts | object]>([
    ['declare c binary scroll cursor with hold for select 1', { cursor: 'c', hold: true, binary: true, scroll: true }],
    ['declare c no scroll cursor for select 1', { hold: false, binary: false, scroll: false }],
    ['declare c insensitive cursor for select 1', { hold: false, binary: false, scroll: null }],
    ['fetch backward 5 in "C"', { kind: 'fetch', cursor: 'C', move: false }],
    ['move all from c', { kind: 'fetch', cursor: 'c', move: true }],
    ['close c', { kind: 'close', cursor: 'c' }],
    ['close all', { kind: 'close', cursor: null }],
    ['prepare p as select 1', { kind: 'prepare', name: 'p', types: null }],
    [
      'prepare p(int, numeric(10, 2), text[], timestamptz, pg_catalog.uuid) as select 1',
      { types: ['int4', 'numeric', 'text[]', 'timestamptz', 'uuid'] },
    ],
    [
      "execute p(1, -2.5, 'it''s', null, false, E'\\x41', 99999999999)",
      {
        kind: 'execute',
        name: 'p',
        args: [
          { kind: 'integer', text: '1' },
          { kind: 'number', text: '-2.5' },
          { kind: 'string', text: "it's" },
          { kind: 'null', text: null },
          { kind: 'boolean', text: 'false' },
          { kind: 'string', text: 'A' },
          { kind: 'number', text: '99999999999' },
        ],
      },
    ],
    ['execute p', { kind: 'execute', args: [] }],
    ['explain (analyze false) select 1', { kind: 'explain', analyze: false }],
    ['explain (analyze off, analyze) select 1', { analyze: true }],
    ['explain analyse select 1', { analyze: true }],
    ['explain (analyze 1) select 1', { analyze: true }],
    [
      'copy t to stdout',
      {
        table: { schema: null, name: 't' },
        columns: null,
        format: { format: 'text', delimiter: '\t', null: '\\N', header: false },
      },
    ],
    [
      'copy s.t (a, b) to stdout with csv header',
      {
        table: { schema: 's', name: 't' },
        columns: ['a', 'b'],
        format: { format: 'csv', delimiter: ',', quote: '"', escape: '"', null: '', header: true },
      },
    ],
    [
      "copy t to stdout (format csv, delimiter ';', quote '''', null 'NULL', header off, force_quote *, encoding 'utf-8')",
      { format: { format: 'csv', delimiter: ';', quote: "'", escape: "'", null: 'NULL', header: false } },
    ],
    ['copy binary t to stdout', { format: { format: 'binary' } }],
    ['copy (select 1) to stdout', { kind: 'copy-out', table: null, columns: null }],
    ['create materialized view v as select 1', { kind: 'create-as', makes: 'materialized view' }],
    ['create view v as select 1', { makes: 'view' }],
    ['select 1 into x', { makes: 'table' }],
    [
      "set client_min_messages = 'warning'",
      { kind: 'virtual-setting', verb: 'SET', name: 'client_min_messages', value: 'warning', local: false },
    ],
    ['set local Debug_Print_Rewritten to off', { name: 'debug_print_rewritten', value: 'off', local: true }],
    ['set debug_pretty_print to default', { verb: 'SET', value: null }],
    ['reset log_min_duration_statement', { verb: 'RESET', name: 'log_min_duration_statement', value: null }],
    ['show debug_print_plan', { verb: 'SHOW', name: 'debug_print_plan' }],
  ])('facts of %s', (text, expected) => {
    expect(utility(text)).toMatchObject(expected)
  })

  it.each<[string, readonly string[]]>([
    ['declare c cursor for select * from t', ['sql:read public.t']],
    ['declare c cursor for select * from t for update', ['sql:write public.t', 'sql:read public.t']],
    ['declare c cursor for select 1', ['sql:read']],
    ['fetch all from c', ['sql:session']],
    ['move c', ['sql:session']],
    ['close all', ['sql:session']],
    ['deallocate all', ['sql:session']],
    ["execute p('x')", ['sql:session']],
    ['prepare p as select * from t', ['sql:read public.t']],
    ['prepare p as delete from t', ['sql:write public.t']],
    ['explain select * from t', ['sql:read public.t']],
    ['explain analyze delete from t', ['sql:write public.t']],
    ["explain select set_config('app.x', 'y', false)", ['sql:admin']],
    ['copy t to stdout', ['sql:read public.t']],
    ['copy (select * from t) to stdout', ['sql:read public.t']],
    ['create table x as select * from t', ['sql:ddl public.x', 'sql:read public.t']],
    ['set client_min_messages = log', ['sql:session']],
    ['show log_statement', ['sql:session']],
  ])('%s is %j', (text, expected) => {
    expect([...actions(text)].sort()).toEqual([...expected].sort())
  })

  it('stay as they are in other sessions', () => {
    for (const text of [
      'declare c cursor for select 1',
      'copy t to stdout',
      'execute p',
      'fetch c',
      'explain select 1',
    ]) {
      expect(actions(text, false)).toContain('sql:unknown')
      expect(masked(text, false)).toMatchObject({ kind: 'command', utility: null })
    }
    expect(masked('set enable_seqscan = off', false)).toMatchObject({ refusal: null })
    expect(masked('set client_min_messages = warning', false)).toMatchObject({ kind: 'session', utility: null })
  })
})

describe('what masked sessions may not', () => {
  it.each([
    'copy t from stdin',
    "copy t to '/tmp/x'",
    "copy t to program 'sh'",
    "copy t to stdout (encoding 'SJIS')",
    "copy t to stdout (delimiter 'x')",
    "copy t to stdout (null 'x')",
    "copy t to stdout (null '')",
    "copy t to stdout (format csv, escape '\\')",
    "copy t to stdout (format csv, quote 'q')",
    'copy t to stdout (format csv, format text)',
    "copy t to stdout (format 'json')",
    'copy t to stdout (header match)',
    'copy t to stdout (freeze)',
    "copy t to stdout (quote '\"')",
    'execute p(now())',
    "execute p('2020-01-01'::date)",
    'explain execute p',
    'explain create table x as select 1',
    'explain declare c cursor for select 1',
    'explain (secrets) select 1',
    'explain select 1 into x',
    'declare c cursor for select 1 into x',
    'prepare p(my_type) as select $1',
    'prepare p(setof int) as select $1',
    'prepare p(public.int4) as select $1',
    'prepare p as values (my_function())',
    'create recursive view v (a) as select 1',
    'create table x as execute p',
    'declare c cursor for select my_function()',
    "copy (select pg_read_file('x')) to stdout",
  ])('unknown: %s', (text) => {
    expect(objections(text)).not.toEqual([])
    expect(actions(text)).toContain('sql:unknown')
  })

  it.each([
    'set enable_seqscan = off',
    'set local enable_hashjoin to off',
    'reset enable_mergejoin',
    'set plan_cache_mode = force_generic_plan',
    'set join_collapse_limit = 1',
    'set random_page_cost = 1',
    'set geqo to off',
    'set jit_above_cost = 0',
    'set work_mem = 64',
    'set hash_mem_multiplier = 2',
    'set max_parallel_workers_per_gather = 0',
    'set trace_sort = on',
    'set synchronize_seqscans = off',
    'set cursor_tuple_fraction = 1',
    'set client_min_messages from current',
    "select set_config('enable_seqscan', 'off', false)",
    "select set_config('client_min_messages', 'notice', false)",
    "select set_config('Debug_Print_Rewritten', 'off', true)",
    "select set_config('log_statement', 'none', true)",
    "explain select set_config('work_mem', '64', true)",
    'select set_config($1, $2, true)',
    'alter role x set enable_seqscan = off',
    'alter database d set client_min_messages = notice',
    "create function f() returns int language sql set work_mem = 1 as 'select 1'",
  ])('guarded: %s', (text) => {
    const facts = masked(text)
    expect(facts).toMatchObject({ kind: 'command', refusal: { code: 'guarded_setting' } })
  })

  it.each(['set jit = off', 'set application_name = x', 'reset all', 'set statement_timeout = 1'])(
    'harmless as before: %s',
    (text) => {
      expect(masked(text)).toMatchObject({ kind: 'session', utility: null })
    },
  )
})

describe('the query that is cut out', () => {
  const queries = fc.constantFrom(
    'select 1',
    "select 'for as ('",
    '(select a as b from "for")',
    'with d as (select 1 as x) select * from d',
    "values (1, $$as$$), (2, E'\\'')",
    'table "as"',
    'select /* ) as for */ é from t -- as\n where a in (select 1)',
    '((select 1) union (select 2)) order by 1',
    'select case when a then b end as c from t for share',
  )
  const frames = fc.constantFrom<[string, string]>(
    ['declare "c for" cursor /* for */ without hold for ', ''],
    ['prepare p(text, "char") as\n', ' -- ;'],
    ['explain (analyze off, buffers false) ', ';'],
    ['explain verbose ', ''],
    ['/* é( */ copy (', ') to stdout'],
    ['create table "as" (é) as ', ''],
    ['create view v as ', ' '],
  )
  it('is the whole of it, whatever stands there', () => {
    fc.assert(
      fc.property(frames, queries, ([before, after], query) => {
        expect(inner(before + query + after)).toBe(query)
      }),
    )
  })
})

// What the owner of a database changes between the analysis of a statement and its execution, or before the gateway has a
// plan that knows of it. Each attack has a table `t_x` and a view `v_x` of its own.

import { bind, bindAs, describe, execute, parse, sync } from '../stand/wire-client.ts'
import type { Attack, Step } from './leaks-client.ts'

const REPLACE: Step = { owner: 'create or replace view v_x as select id, ssn as v from t_x' }
const SWAP: Step = {
  owner: 'alter table t_x rename status to z; alter table t_x rename ssn to status; alter table t_x rename z to ssn',
}
const ADD: Step = { owner: 'alter table t_x add column extra text; update t_x set extra = ssn' }
const RUN = [bind('', 's'), execute()]
const ANOTHER_ROW = 'refused 0A000'

/** A text with the attack's own names in it, bound with results as text or in binary. */
type Prepared = readonly [how: 'prepare' | 'binary', text: string]
type Change = (table: number) => Attack

const named = (text: string, table: number): string => text.replace(/\b([tv])_x\b/g, `$1_${table}`)

const isPrepared = (step: readonly Buffer[] | Prepared): step is Prepared => typeof step[0] === 'string'

const prepared = (how: Prepared[0], text: string): readonly Buffer[] =>
  how === 'prepare' ? [parse('s', text), ...RUN, sync] : [parse('', text), bindAs('', '', [1]), execute(), sync]

const change =
  (name: string, ends: string, ...steps: readonly (Step | Prepared)[]): Change =>
  (table) => ({
    name,
    ends,
    steps: steps.map((step): Step => {
      if (typeof step === 'string') return named(step, table)
      if ('owner' in step) return { owner: named(step.owner, table) }
      return isPrepared(step) ? prepared(step[0], named(step[1], table)) : step
    }),
  })

const PREPARED = ['prepare', 'select v from v_x order by id'] as const

const SHOWN = 'select ssn, id from t_x order by id limit 3'

/** Types in which a value is masked before any plan knows of them. */
const TYPES: readonly (readonly [type: string, using: string])[] = [
  ['varchar(20)', 'ssn'],
  ['bigint', "replace(ssn, '-', '')::bigint"],
  ['numeric', "replace(ssn, '-', '')::numeric"],
  ['double precision', "replace(ssn, '-', '')::float8"],
  ['date', "date '1900-01-01' + left(ssn, 3)::int"],
  ['timestamptz', "to_timestamp(replace(ssn, '-', '')::bigint)"],
  ['interval', 'make_interval(days => left(ssn, 3)::int)'],
  ['uuid', 'md5(ssn)::uuid'],
  ['bytea', 'ssn::bytea'],
  ['json', 'to_json(ssn)'],
  ['jsonb', 'to_jsonb(ssn)'],
  ['xml', "('<a>' || ssn || '</a>')::xml"],
  ['text[]', 'array[ssn]'],
  ['int4range', 'int4range(left(ssn, 3)::int, null)'],
  ['inet', "('10.0.0.' || left(ssn, 2))::inet"],
  ['boolean', "ssn < '5'"],
  ['tsvector', 'to_tsvector(ssn)'],
  ['point', 'point(left(ssn, 3)::int, right(ssn, 4)::int)'],
  ['"char"', 'left(ssn, 1)::"char"'],
  ['bit varying', 'left(ssn, 3)::int::bit(10)'],
]

const ALL: readonly Change[] = [
  change('a view that is replaced, bound again', ANOTHER_ROW, PREPARED, REPLACE, [...RUN, sync]),
  change(
    'a view that is replaced, described, then bound',
    ANOTHER_ROW,
    PREPARED,
    REPLACE,
    [describe('S', 's'), sync],
    [...RUN, sync],
  ),
  change('a view that is replaced, described and bound at once', ANOTHER_ROW, PREPARED, REPLACE, [
    describe('S', 's'),
    ...RUN,
    sync,
  ]),
  change('a view that is replaced, described behind another statement', ANOTHER_ROW, PREPARED, REPLACE, [
    parse('k', 'select 1'),
    sync,
    describe('S', 's'),
    sync,
    ...RUN,
    sync,
  ]),
  change(
    'a view that is replaced, the text asked again',
    ANOTHER_ROW,
    'select v from v_x',
    'select v from v_x',
    'select v from v_x',
    REPLACE,
    'select v from v_x',
  ),
  change('a view that is replaced, by EXECUTE', ANOTHER_ROW, 'prepare s as select v from v_x', REPLACE, 'execute s'),
  change('columns that change their names, bound again', ANOTHER_ROW, ['prepare', 'select status from t_x'], SWAP, [
    ...RUN,
    sync,
  ]),
  change('columns that change their names', 'answered', 'select status from t_x', SWAP, 'select status from t_x'),
  change(
    'columns that change their names, by a cursor',
    'answered',
    SWAP,
    'begin',
    'declare c cursor for select status from t_x',
    'fetch all from c',
  ),
  change(
    'columns that change their names, copied',
    'answered',
    SWAP,
    'copy t_x (status) to stdout',
    'copy t_x to stdout',
  ),
  change(
    'columns that change their names, as a row',
    'answered',
    SWAP,
    'select t from t_x t',
    'select to_jsonb(t) from t_x t',
  ),
  change(
    'a column that is added',
    'answered',
    SHOWN,
    ADD,
    'select * from t_x',
    'select extra from t_x',
    'copy t_x to stdout',
    'select t from t_x t',
  ),
  change('a column that is added, bound again', 'fails 0A000', ['prepare', 'select * from t_x'], ADD, [...RUN, sync]),
  ...TYPES.map(([type, using]) =>
    change(
      `a column that becomes ${type}`,
      'answered',
      { owner: `alter table t_x alter ssn type ${type} using ${using}` },
      SHOWN,
      ['binary', 'select ssn, t from t_x t'],
      'copy t_x to stdout',
      'copy t_x to stdout (format binary)',
    ),
  ),
]

export const CHANGES: readonly Attack[] = ALL.map((attack, i) => attack(i + 1))

// Random expressions: of clean columns, of sensitive ones as they may be shown, and of sensitive ones as they may not.

import type { ValueType } from './random-query-schema.ts'
import type { Scope, ScopedColumn } from './random-query-scope.ts'
import type { Choices } from './random-query-source.ts'

type Template = (a: string, b: string) => string

/** By the type of what comes out; both arguments have that type unless the template casts them. */
const CLEAN_OPERATIONS: Readonly<Record<'int' | 'numeric' | 'text' | 'bool' | 'date', readonly Template[]>> = {
  int: [
    (a, b) => `(${a} + ${b})`,
    (a, b) => `(${a} * 2 - ${b})`,
    (a) => `abs(${a})`,
    (a, b) => `coalesce(${a}, ${b})`,
    (a, b) => `greatest(${a}, ${b})`,
    (a) => `(${a} % 7)`,
    (a, b) => `(case when ${a} > ${b} then 1 else 0 end)`,
    (a) => `(${a}::bigint::int)`,
  ],
  numeric: [
    (a, b) => `(${a} + ${b})`,
    (a) => `round(${a}, 1)`,
    (a) => `(${a} * 1.5)`,
    (a, b) => `nullif(${a}, ${b})`,
    (a, b) => `least(${a}, ${b})`,
  ],
  text: [
    (a, b) => `(${a} || ' ' || ${b})`,
    (a) => `upper(${a})`,
    (a) => `left(${a}, 3)`,
    (a, b) => `concat(${a}, '-', ${b})`,
    (a) => `replace(${a}, 'a', 'e')`,
    (a, b) => `(case when ${a} < ${b} then ${a} else 'other' end)`,
    (a) => `substr(${a}, 2)`,
    (a) => `lower(trim(${a}))`,
  ],
  bool: [(a, b) => `(${a} and ${b})`, (a, b) => `(${a} or ${b})`, (a) => `(not ${a})`, (a) => `(${a} is not true)`],
  date: [(a) => `(${a} + 7)`, (a, b) => `coalesce(${a}, ${b})`, (a) => `(${a} - interval '1 month')::date`],
}

const LITERALS: Readonly<Record<ValueType, readonly string[]>> = {
  int: ['1', '7', '40', '(-3)', 'null::int'],
  numeric: ['1500', '2.5', '9000.01'],
  text: ["'new'", "'Ada 3'", "'Bonn'", "''", "'x%'"],
  bool: ['true', 'false', 'null::boolean'],
  date: ["date '2024-05-05'", "date '1990-01-01'"],
  jsonb: [`'{"a": 1}'::jsonb`],
  bytea: ["'\\x00ff'::bytea"],
  texts: ["array['a', 'b']"],
}

const COMPARISONS = ['=', '<', '>', '<=', '<>', 'is distinct from']

/** Total, cheap, telling nothing: `a` is text, `c` is as it is. */
const SHOWN: readonly ((a: string, other: string) => string)[] = [
  (a) => a,
  (a) => `upper(${a}::text)`,
  (a) => `reverse(${a}::text)`,
  (a) => `md5(${a}::text)`,
  (a, other) => `(${a}::text || '/' || ${other}::text)`,
  (a, other) => `concat(${a}, ' ', ${other})`,
  (a) => `concat_ws('-', ${a}, 'x')`,
  (a) => `to_jsonb(${a})`,
  (a, other) => `jsonb_build_object('a', ${a}, 'b', ${other})`,
  (a, other) => `json_build_array(${a}, ${other})`,
  (a) => `array[${a}::text, 'x']`,
  (a, other) => `row(${a}, ${other})`,
  (a) => `quote_literal(${a}::text)`,
  (a) => `lower(${a}::text)`,
  (a) => `${a}::text`,
  (a) => `initcap(${a}::text)`,
  (a) => `(select ${a})`,
  (a) => `array(select ${a})`,
  (a) => `(array[${a}])[1]`,
  (a) => `(row(${a}, 1)).f1`,
]

const SHOWN_AGGREGATES: readonly ((a: string, clean: string) => string)[] = [
  (a) => `string_agg(${a}::text, ',')`,
  (a) => `array_agg(${a})`,
  (a) => `min(${a}::text)`,
  (a) => `max(${a}::text)`,
  (a) => `json_agg(${a})`,
  (a) => `jsonb_agg(${a})`,
  (a) => `count(${a})`,
  (a) => `count(distinct ${a})`,
  (a, clean) => `string_agg(${a}::text, ';' order by ${clean})`,
  (a, clean) => `array_agg(${a}) filter (where ${clean} is not null)`,
  (a, clean) => `jsonb_object_agg(coalesce(${clean}::text, 'none'), ${a})`,
  (a) => `(array_agg(${a}))[1]`,
]

const SHOWN_WINDOWS: readonly ((a: string, clean: string) => string)[] = [
  (a, clean) => `lag(${a}) over (order by ${clean})`,
  (a, clean) => `first_value(${a}) over (partition by ${clean} order by ${clean})`,
  (a, clean) => `max(${a}::text) over (order by ${clean})`,
  (a, clean) => `string_agg(${a}::text, '') over (partition by ${clean})`,
  (a, clean) => `lead(${a}, 1) over (order by ${clean} desc rows between 1 preceding and 1 following)`,
]

/** Conditions and values that tell of `s` (`t` is another sensitive value of any type). */
const TELLING_CONDITIONS: readonly ((s: string, t: string, clean: string) => string)[] = [
  (s) => `${s}::text like '1%'`,
  (s) => `${s}::text < '5'`,
  (s) => `length(${s}::text) > 5`,
  (s) => `ascii(${s}::text) % 2 = 0`,
  (s) => `${s} is null`,
  (s) => `${s}::text ~ '[0-4]'`,
  (s) => `${s}::text between '2' and '6'`,
  (s) => `substr(${s}::text, 1, 1) = any (array['1', '2', '3'])`,
  (s, t) => `${s}::text > ${t}::text`,
  (s, t) => `${s}::text = ${t}::text`,
  (s, t) => `row(${s}::text, 1) < row(${t}::text, 2)`,
  (s) => `exists (select 1 from generate_series(1, 9) g where g::text = left(${s}::text, 1))`,
  (s) => `${s}::text in (select name from customers union select card from payments)`,
  (s) => `left(${s}::text, 1)::int > 4`,
  (s) => `hashtext(${s}::text) > 0`,
  (s) => `nullif(${s}::text < '5', true) is null`,
  (s) => `case when ${s}::text < '5' then true else false end`,
  (s) => `coalesce(${s}::text, 'none') <> 'none'`,
  (s) => `${s}::text collate "C" > 'm'`,
  (s) => `strpos(${s}::text, '9') > 0`,
  (s) => `md5(${s}::text) < '8'`,
  (s) => `pg_column_size(${s}) > 10`,
  (s) => `${s}::varchar(3) = '819'`,
  (s) => `to_jsonb(${s})::text > '"5'`,
  (s) => `(row_to_json(row(${s})) ->> 'f1') > '5'`,
  (s) => `array[${s}::text] && array['1', '2']`,
  (s, t) => `greatest(${s}::text, ${t}::text, 'm') = 'm'`,
  (s) => `${s}::text similar to '(1|2|3)%'`,
  (s, _t, clean) => `(${s}::text < '5') = (${clean} is not null)`,
]

const TELLING_VALUES: readonly ((s: string, t: string, clean: string) => string)[] = [
  (s) => `length(${s}::text)`,
  (s) => `ascii(${s}::text)`,
  (s) => `case when ${s}::text < '5' then 'low' else 'high' end`,
  (s) => `nullif(${s}::text, '7')`,
  (s) => `1 / (ascii(${s}::text) - 55)`,
  (s) => `${s}::text::int`,
  (s) => `('x' || ${s})::int`,
  (s) => `${s}::text::date`,
  (s) => `${s}::text::jsonb`,
  (s) => `${s}::text::regclass`,
  (s) => `${s}::text::boolean`,
  (s) => `current_setting(${s}::text, true)`,
  (s) => `to_tsquery(${s}::text)`,
  (s) => `repeat('x', length(${s}::text))`,
  (s) => `lpad('x', ascii(${s}::text))`,
  (s) => `substr(${s}::text, 1, 2)`,
  (s) => `left(${s}::text, 3)`,
  (s) => `split_part(${s}::text, '@', 2)`,
  (s) => `translate(${s}::text, '0123456789', '9876543210')`,
  (s) => `encode(${s}::text::bytea, 'hex')`,
  (s) => `format('%s', ${s})`,
  (s) => `overlay(${s}::text placing 'x' from 1 for 2)`,
  (s) => `regexp_replace(${s}::text, '[0-9]', 'd', 'g')`,
  (s) => `width_bucket(ascii(${s}::text), 40, 120, 4)`,
  (s) => `pg_typeof(${s}::text)`,
  (s) => `pg_column_size(${s})`,
  (s) => `(${s} is null)`,
  (s, t) => `(${s}::text = ${t}::text)`,
  (s) => `set_config('app.x', ${s}::text, true)`,
  (s) => `xmlelement(name x, ${s}::text)`,
  (s) => `generate_series(1, ascii(${s}::text) % 5)`,
  (s) => `regexp_split_to_table(${s}::text, '[0-4]')`,
  (s) => `coalesce(${s}::text, 'none')`,
  (s) => `greatest(${s}::text, 'm')`,
  (s, t) => `least(${s}::text, ${t}::text)`,
  (s) => `query_to_xml('select ' || quote_literal(${s}::text), true, true, '')`,
  (s) => `pg_notify('x', ${s}::text)`,
  (s) => `('{"1": "yes"}'::jsonb ->> left(${s}::text, 1))`,
  (s) => `jsonb_path_exists(to_jsonb(${s}), '$ ? (@ > "5")')`,
  (s) => `hashtext(${s}::text)`,
  (s) => `array_length(string_to_array(${s}::text, '1'), 1)`,
  (s) => `(string_to_array('a,b,c', ','))[ascii(${s}::text) % 4]`,
  (s) => `extract(year from ${s}::text::date)`,
  (s) => `count(*) filter (where ${s}::text < '5') over ()`,
  (s) => `rank() over (order by ${s})`,
  (s, _t, clean) => `first_value(${clean}) over (order by ${s})`,
  (s, _t, clean) => `sum(1) over (partition by left(${s}::text, 1) order by ${clean})`,
]

export class Expressions {
  readonly #choices: Choices
  readonly #constant: () => string

  /** `constant` makes what stands for a literal of a tag's domain. */
  constructor(choices: Choices, constant: () => string) {
    this.#choices = choices
    this.#constant = constant
  }

  clean(scope: Scope, type: 'int' | 'numeric' | 'text' | 'bool' | 'date', depth = 2): string {
    const choices = this.#choices
    if (depth > 0 && choices.chance(0.45)) {
      if (type === 'bool') return this.cleanCondition(scope, depth - 1)
      const operation = choices.of(CLEAN_OPERATIONS[type])
      return operation(this.clean(scope, type, depth - 1), this.clean(scope, type, depth - 1))
    }
    const column = choices.chance(0.85) ? scope.column(choices, 'clean', type) : null
    return column?.sql ?? choices.of(LITERALS[type])
  }

  cleanCondition(scope: Scope, depth = 2): string {
    const choices = this.#choices
    if (depth > 0 && choices.chance(0.3)) {
      return choices.of(CLEAN_OPERATIONS.bool)(
        this.cleanCondition(scope, depth - 1),
        this.cleanCondition(scope, depth - 1),
      )
    }
    const type = choices.of(['int', 'text', 'numeric', 'date', 'int'] as const)
    const a = this.clean(scope, type, 1)
    const b = this.clean(scope, type, 1)
    return choices.of([
      `${a} ${choices.of(COMPARISONS)} ${b}`,
      `${a} in (${choices.of(LITERALS[type])}, ${b})`,
      `${a} between ${choices.of(LITERALS[type])} and ${b}`,
      `${a} is not null`,
      `${a}::text like '%1%'`,
    ])
  }

  /** Equality as the default rule lets it pass: with constants, or with the same tag. */
  allowedCondition(scope: Scope): string {
    const choices = this.#choices
    const column = scope.column(choices, 'sensitive', 'text')
    if (column === null) return this.cleanCondition(scope)
    const same = scope.columns('sensitive', 'text').filter((other) => other.tag === column.tag && other !== column)
    if (same.length > 0 && choices.chance(0.4)) return `${column.sql} = ${choices.of(same).sql}`
    if (column.tag !== 'pii.ssn') return `${column.sql} = 'nobody at all'`
    return choices.chance(0.6)
      ? `${column.sql} = ${this.#constant()}`
      : `${column.sql} in (${choices.some(3, () => this.#constant()).join(', ')})`
  }

  /** A sensitive value as it may be shown. */
  shown(scope: Scope): string {
    const choices = this.#choices
    const whole = scope.relations.filter((relation) => relation.whole)
    if (whole.length > 0 && choices.chance(0.08)) {
      const { alias } = choices.of(whole)
      return choices.of([alias, `row_to_json(${alias})`, `to_jsonb(${alias})`, `${alias}::text`, `${alias}.*`])
    }
    const column = scope.column(choices, 'sensitive')
    if (column === null) return this.clean(scope, 'text')
    if (choices.chance(0.5)) return column.sql
    let text = column.sql
    for (const layer of choices.some(2, () => choices.of(SHOWN))) text = layer(text, this.#any(scope).sql)
    return text
  }

  shownAggregate(scope: Scope): string {
    const column = scope.column(this.#choices, 'sensitive')
    return this.#choices.of(SHOWN_AGGREGATES)(column?.sql ?? '1', this.clean(scope, 'int', 0))
  }

  shownWindow(scope: Scope): string {
    const column = scope.column(this.#choices, 'sensitive')
    return this.#choices.of(SHOWN_WINDOWS)(column?.sql ?? '1', this.clean(scope, 'int', 0))
  }

  telling(scope: Scope): string {
    return this.#choices.of(TELLING_VALUES)(this.sensitive(scope), this.sensitive(scope), this.#any(scope).sql)
  }

  tellingCondition(scope: Scope): string {
    const text = this.#choices.of(TELLING_CONDITIONS)
    return text(this.sensitive(scope), this.sensitive(scope), this.#any(scope).sql)
  }

  /** Bare, or through something that shows it. */
  sensitive(scope: Scope): string {
    const choices = this.#choices
    const column = scope.column(choices, 'sensitive')
    if (column === null) return this.clean(scope, 'text', 0)
    return choices.chance(0.25) ? choices.of(SHOWN)(column.sql, this.#any(scope).sql) : column.sql
  }

  #any(scope: Scope): ScopedColumn {
    const column = scope.column(this.#choices, 'any')
    if (column === null) throw new Error('a scope without columns')
    return column
  }
}

// Random queries that read: joins, sub-selects, terms, groups, windows, set operations.

import { Expressions } from './random-query-expressions.ts'
import { oddity } from './random-query-oddities.ts'
import { RELATIONS, type SchemaColumn, TABLES } from './random-query-schema.ts'
import { Scope, type ScopedRelation, scoped } from './random-query-scope.ts'
import type { Choices } from './random-query-source.ts'

/** Keys by which the tables belong together. */
const KEYS: readonly (readonly [string, string])[] = [
  ['customer_id', 'id'],
  ['order_id', 'id'],
  ['manager_id', 'id'],
  ['id', 'id'],
]

/** Half as many again as there are: some constants occur nowhere. */
const CONSTANTS = 45

type Derived = { readonly sql: string; readonly columns: readonly SchemaColumn[] }
type From = { readonly sql: string; readonly scope: Scope; readonly large: boolean }

export class RandomSelects {
  readonly #choices: Choices
  readonly #daring: number
  #names = 0
  readonly expressions: Expressions

  constructor(choices: Choices, daring: number) {
    this.#choices = choices
    this.#daring = daring
    this.expressions = new Expressions(choices, () => `⟦${choices.below(CONSTANTS)}⟧`)
  }

  /** Whether this once a sensitive value is used as it may not be. */
  dares(): boolean {
    return this.#choices.chance(this.#daring)
  }

  name(prefix: string): string {
    this.#names += 1
    return `${prefix}${this.#names}`
  }

  statement(): string {
    const choices = this.#choices
    const kind = choices.next()
    if (kind < 0.12) return this.#setOperation()
    if (kind < 0.24) return this.#withTerms()
    if (kind < 0.28) return this.#recursive()
    if (kind < 0.46) return this.#grouped(new Scope([]))
    if (kind < 0.49) return this.#values()
    if (kind < 0.57) return oddity(choices, this.expressions)
    return this.select(new Scope([]))
  }

  /** A select that outer relations may be used in. */
  select(outer: Scope, depth = 1): string {
    const choices = this.#choices
    const from = this.from(outer, depth)
    const scope = from.scope
    const outputs = choices.some(4, () => this.#output(scope, depth))
    const distinct = choices.chance(0.08)
    const shown = distinct && !this.dares() ? choices.some(2, () => this.expressions.clean(scope, 'text')) : outputs
    return [
      `select ${distinct ? 'distinct ' : ''}${shown.join(', ')}`,
      from.sql,
      this.where(scope, depth),
      distinct ? '' : this.#order(scope),
      this.#limit(scope, from.large),
      choices.chance(0.03) && !distinct ? choices.of(['for update', 'for share skip locked']) : '',
    ]
      .filter((part) => part !== '')
      .join(' ')
  }

  where(scope: Scope, depth = 1): string {
    const choices = this.#choices
    if (choices.chance(0.3)) return ''
    const conditions = choices.some(2, () => {
      if (this.dares()) return this.expressions.tellingCondition(scope)
      if (depth > 0 && choices.chance(0.15)) return this.#subCondition(scope)
      return choices.chance(0.2) ? this.expressions.allowedCondition(scope) : this.expressions.cleanCondition(scope)
    })
    return `where ${conditions.join(choices.of([' and ', ' and ', ' or ']))}`
  }

  /** A table, a view, a term, a sub-select, and joins of them. */
  from(outer: Scope, depth: number, terms: readonly ScopedRelation[] = []): From {
    const choices = this.#choices
    const first = this.#relation(outer, depth, terms)
    let { sql, scope } = { sql: first.sql, scope: outer.with([first.relation]) }
    let large = false
    for (let joins = choices.of([0, 0, 0, 1, 1, 2]); joins > 0; joins--) {
      const next = this.#relation(choices.chance(0.2) ? scope : outer, depth, terms)
      const kind = choices.of(['join', 'left join', 'join', 'right join', 'full join', 'cross join'])
      const both = scope.with([next.relation])
      if (kind === 'cross join' || next.lateral) {
        sql += ` cross join ${next.sql}`
        large = true
      } else sql += ` ${kind} ${next.sql} on ${this.#joinCondition(scope, next.relation, kind)}`
      scope = both
    }
    return { sql: `from ${sql}`, scope, large }
  }

  #joinCondition(scope: Scope, next: ScopedRelation, kind: string): string {
    const choices = this.#choices
    const sensitive = next.columns.filter((column) => column.tag === 'pii.ssn' && column.name === 'ssn')
    const same = scope
      .columns('sensitive', 'text')
      .filter((column) => column.tag === 'pii.ssn' && column.name === 'ssn')
    if (sensitive.length > 0 && same.length > 0 && choices.chance(0.25)) {
      return `${choices.of(same).sql} = ${choices.of(sensitive).sql}`
    }
    if (this.dares() && kind === 'join') return this.expressions.tellingCondition(scope.with([next]))
    const pairs = KEYS.flatMap(([from, to]) =>
      scope
        .columns('clean', 'int')
        .filter((column) => column.name === from || column.name === to)
        .flatMap((column) =>
          next.columns
            .filter((other) => other.name === (column.name === from ? to : from) && other.tag === null)
            .map((other) => `${column.sql} = ${other.sql}`),
        ),
    )
    return pairs.length > 0 ? choices.of(pairs) : 'false'
  }

  #relation(
    outer: Scope,
    depth: number,
    terms: readonly ScopedRelation[],
  ): { readonly sql: string; readonly relation: ScopedRelation; readonly lateral: boolean } {
    const choices = this.#choices
    const alias = this.name('t')
    if (terms.length > 0 && choices.chance(0.6)) {
      const term = choices.of(terms)
      return { sql: `${term.alias} ${alias}`, relation: scoped(alias, term.columns), lateral: false }
    }
    if (depth > 0 && choices.chance(0.15)) {
      const lateral = outer.relations.length > 0
      const { sql, columns } = this.derived(lateral ? outer : new Scope([]), depth - 1)
      return { sql: `${lateral ? 'lateral ' : ''}(${sql}) ${alias}`, relation: scoped(alias, columns), lateral }
    }
    if (choices.chance(0.04)) {
      const end = this.dares() && outer.relations.length > 0 ? this.expressions.sensitive(outer) : '3'
      const column: SchemaColumn = { name: 'n', type: 'int', tag: null }
      const sql = `generate_series(1, ${end === '3' ? end : `(ascii(${end}::text) % 7)`}) as ${alias}(n)`
      return { sql, relation: scoped(alias, [column], false), lateral: true }
    }
    const relation = choices.of(choices.chance(0.8) ? TABLES : RELATIONS)
    if (choices.chance(0.06)) {
      const names = relation.columns.map((_column, index) => `c${index}`)
      return {
        sql: `${relation.name} ${alias}(${names.join(', ')})`,
        relation: scoped(alias, relation.columns, true, names),
        lateral: false,
      }
    }
    const sample =
      relation.view || !choices.chance(0.02)
        ? ''
        : ` tablesample ${choices.of(['bernoulli', 'system'])} (50) repeatable (3)`
    return { sql: `${relation.name} ${alias}${sample}`, relation: scoped(alias, relation.columns), lateral: false }
  }

  /** A query whose columns are known by name. */
  derived(outer: Scope, depth: number): Derived {
    const choices = this.#choices
    const from = this.from(outer, depth)
    const outputs = choices.some(4, (index) => {
      const name = `o${index}`
      if (choices.chance(0.2)) {
        const column: SchemaColumn = { name, type: 'text', tag: 'computed' }
        return { sql: `(${this.expressions.shown(from.scope).replace(/^(t\d+)\.\*$/, '$1')})::text`, column }
      }
      const column = from.scope.column(choices, 'any')
      if (column === null) return { sql: '1', column: { name, type: 'int' as const, tag: null } }
      return { sql: column.sql, column: { name, type: column.type, tag: column.tag } }
    })
    return {
      sql: `select ${outputs.map(({ sql, column }) => `${sql} as ${column.name}`).join(', ')} ${from.sql} ${this.where(from.scope, 0)} ${this.#limit(from.scope, from.large)}`,
      columns: outputs.map(({ column }) => column),
    }
  }

  #output(scope: Scope, depth: number): string {
    const choices = this.#choices
    if (this.dares()) return this.expressions.telling(scope)
    const kind = choices.next()
    if (kind < 0.45) return this.expressions.shown(scope)
    if (kind < 0.52) return this.expressions.shownWindow(scope)
    if (kind < 0.6 && depth > 0) return this.#scalar(scope)
    if (kind < 0.63) return `${choices.of(scope.relations).alias}.*`
    return this.expressions.clean(scope, choices.of(['int', 'numeric', 'text', 'bool', 'date'] as const))
  }

  #scalar(outer: Scope): string {
    const choices = this.#choices
    const from = this.from(outer, 0)
    const condition = this.where(from.scope, 0)
    const value = choices.chance(0.5)
      ? this.expressions.shownAggregate(from.scope)
      : `(${this.expressions.shown(from.scope).replace(/^(t\d+)\.\*$/, '$1')})`
    return `(select ${value} ${from.sql} ${condition} limit 1)`
  }

  #subCondition(scope: Scope): string {
    const choices = this.#choices
    const from = this.from(scope, 0)
    const inner = `${from.sql} ${this.where(from.scope, 0)}`
    const a = this.expressions.clean(scope, 'int', 0)
    return choices.of([
      `exists (select 1 ${inner})`,
      `not exists (select ${this.expressions.shown(from.scope)} ${inner})`,
      `${a} in (select ${this.expressions.clean(from.scope, 'int', 0)} ${inner})`,
      `${a} > (select count(*) ${inner})`,
    ])
  }

  #order(scope: Scope): string {
    if (this.#choices.chance(0.6)) return ''
    const keys = this.#choices.some(2, () =>
      this.dares()
        ? this.expressions.sensitive(scope)
        : this.expressions.clean(scope, this.#choices.of(['int', 'text', 'date'] as const)),
    )
    return `order by ${keys.map((key) => `${/^'|^[0-9-]/.test(key) ? `(${key} || '')` : key}${this.#choices.of(['', '', ' desc', ' nulls first'])}`).join(', ')}`
  }

  #limit(scope: Scope, large: boolean): string {
    if (this.#choices.chance(0.02) && this.dares()) {
      return `limit (select ascii(${this.expressions.sensitive(scope)}::text) % 9 ${this.from(new Scope([]), 0).sql} limit 1)`
    }
    if (large) return 'limit 60'
    return this.#choices.chance(0.2) ? `limit ${1 + this.#choices.below(20)}` : ''
  }

  #grouped(outer: Scope, terms: readonly ScopedRelation[] = []): string {
    const choices = this.#choices
    const { sql, scope, large } = this.from(outer, 1, terms)
    const keys = choices.chance(0.2)
      ? []
      : choices.some(2, () => (this.dares() ? this.expressions.sensitive(scope) : this.#groupKey(scope)))
    const aggregates = choices.some(3, () => {
      if (this.dares())
        return choices.of([
          `sum(ascii(${this.expressions.sensitive(scope)}::text))`,
          `count(*) filter (where ${this.expressions.tellingCondition(scope)})`,
          `string_agg(${this.#groupKey(scope)}::text, ',' order by ${this.expressions.sensitive(scope)})`,
          `avg(length(${this.expressions.sensitive(scope)}::text))`,
          `mode() within group (order by ${this.expressions.sensitive(scope)})`,
        ])
      if (choices.chance(0.6)) return this.expressions.shownAggregate(scope)
      const value = this.expressions.clean(scope, 'int', 1)
      return choices.of([
        `count(*)`,
        `sum(${value})`,
        `avg(${value})`,
        `max(${value})`,
        `count(distinct ${value})`,
        `array_agg(${value} order by ${value})`,
      ])
    })
    const group = keys.length === 0 ? '' : choices.of(['group by', 'group by', 'group by', 'group by rollup'])
    const having = choices.chance(0.2)
      ? `having ${this.dares() ? `max(${this.expressions.sensitive(scope)}::text) > '5'` : 'count(*) > 2'}`
      : ''
    return [
      `select ${[...keys, ...aggregates].join(', ')}`,
      sql,
      large ? 'where false' : this.where(scope),
      group === '' ? '' : `${group} (${keys.join(', ')})`,
      having,
      keys.length > 0 && choices.chance(0.4) ? 'order by 1' : '',
    ].join(' ')
  }

  #groupKey(scope: Scope): string {
    return scope.column(this.#choices, 'clean')?.sql ?? 'now()::date - now()::date'
  }

  #setOperation(): string {
    const choices = this.#choices
    const arm = (): string => {
      const { sql, scope, large } = this.from(new Scope([]), 1)
      const shown = this.expressions.shown(scope).replace(/^(t\d+)\.\*$/, '$1')
      const value = this.dares() ? `(${this.expressions.telling(scope)})` : shown
      return `select ${this.expressions.clean(scope, 'int', 1)}, (${value})::text ${sql} ${large ? 'where false' : this.where(scope)}`
    }
    const clean = (): string => {
      const { sql, scope, large } = this.from(new Scope([]), 1)
      return `select ${this.expressions.clean(scope, 'int', 1)}, ${this.expressions.clean(scope, 'text', 1)} ${sql} ${large ? 'where false' : this.where(scope)}`
    }
    const distinct = choices.chance(0.4)
    const make = distinct && !this.dares() ? clean : arm
    const operator = distinct ? choices.of(['union', 'intersect', 'except']) : 'union all'
    return `${make()} ${operator} ${choices.chance(0.3) ? clean() : make()}${choices.chance(0.3) ? ' order by 1' : ''}`
  }

  #withTerms(): string {
    const choices = this.#choices
    const terms = choices.some(2, () => {
      const alias = this.name('w')
      const { sql, columns } = this.derived(new Scope([]), 1)
      return {
        alias,
        text: `${alias} as ${choices.of(['', '', 'materialized '])}(${sql})`,
        relation: scoped(alias, columns),
      }
    })
    const relations = terms.map(({ relation }) => relation)
    const { sql, scope, large } = this.from(new Scope([]), 1, relations)
    const body = choices.chance(0.3)
      ? this.#grouped(new Scope([]), relations)
      : `select ${choices.some(3, () => this.#output(scope, 1)).join(', ')} ${sql} ${this.where(scope)} ${this.#order(scope)} ${this.#limit(scope, large)}`
    return `with ${terms.map(({ text }) => text).join(', ')} ${body}`
  }

  #recursive(): string {
    const choices = this.#choices
    const step = this.dares()
      ? `and ${this.expressions.tellingCondition(new Scope([scoped('e', TABLES[3]?.columns ?? [])]))}`
      : ''
    const value = choices.of(['e.ssn', 'upper(e.ssn)', 'e.name', 'md5(e.ssn)'])
    return `with recursive up as (select id, 1 as level, ssn from employees where manager_id is null union all
      select e.id, up.level + 1, ${value} from employees e join up on e.manager_id = up.id where up.level < 4 ${step})
      select level, ${choices.of(['ssn', 'count(*)', "string_agg(ssn, '')", 'id'])} from up ${choices.chance(0.5) ? 'group by level, ssn, id' : 'group by level, id, ssn order by id'}`
  }

  #values(): string {
    const choices = this.#choices
    const { sql, scope } = this.from(new Scope([]), 0)
    const value = this.dares()
      ? this.expressions.telling(scope)
      : this.expressions.shown(scope).replace(/^(t\d+)\.\*$/, '$1')
    return choices.of([
      `select v.* ${sql}, lateral (values (${this.expressions.clean(scope, 'int')}, (${value})::text), (7, 'x')) v(a, b) limit 40`,
      `values ((select (${value})::text ${sql} limit 1)), ('x')`,
      `select unnest(array[(${value})::text, 'x']) ${sql} limit 30`,
    ])
  }
}

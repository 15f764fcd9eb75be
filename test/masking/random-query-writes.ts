// Random statements that write: they show what they wrote, copy from one table to another, and do both within a query.

import { type SchemaRelation, TABLES } from './random-query-schema.ts'
import { Scope, type ScopedColumn, scoped } from './random-query-scope.ts'
import type { RandomSelects } from './random-query-selects.ts'
import type { Choices } from './random-query-source.ts'

/** Beyond every id that there is. */
const NEW_ID = 10_000

export class RandomWrites {
  readonly #choices: Choices
  readonly #selects: RandomSelects

  constructor(choices: Choices, selects: RandomSelects) {
    this.#choices = choices
    this.#selects = selects
  }

  statement(): string {
    const choices = this.#choices
    const kind = choices.next()
    if (kind < 0.3) return this.#insert()
    if (kind < 0.65) return this.#update()
    if (kind < 0.82) return this.#delete()
    if (kind < 0.88) return this.#merge()
    return this.#within()
  }

  #insert(): string {
    const choices = this.#choices
    const table = choices.of(TABLES)
    const target = scoped(table.name, table.columns)
    const others = target.columns.filter((column) => column.name !== 'id')
    const columns = others.filter(() => choices.chance(0.3))
    const names = ['id', ...columns.map((column) => column.name)].join(', ')
    const conflict = choices.chance(0.2) ? ` on conflict (id) do ${this.#onConflict(target.columns)}` : ''
    const returning = this.#returning(new Scope([target]))
    if (choices.chance(0.5)) {
      const values = columns.map((column) => this.#newValue(column))
      return `insert into ${table.name} (${names}) values (${[NEW_ID, ...values].join(', ')})${conflict}${returning}`
    }
    const from = scoped('s', choices.of(TABLES).columns)
    const source = TABLES.find((each) => each.columns.length === from.columns.length) as SchemaRelation
    const values = columns.map((column) => this.#copied(column, new Scope([from])))
    return `insert into ${table.name} (${names}) select ${[`s.id + ${NEW_ID}`, ...values].join(', ')} from ${source.name} s ${this.#selects.where(new Scope([from]), 0)}${conflict}${returning}`
  }

  #onConflict(columns: readonly ScopedColumn[]): string {
    const column = this.#choices.of(columns.filter(({ name }) => name !== 'id'))
    return this.#choices.of(['nothing', `update set ${column.name} = excluded.${column.name}`])
  }

  #update(): string {
    const choices = this.#choices
    const table = choices.of(TABLES)
    const target = scoped('u', table.columns)
    const scope = new Scope([target])
    const columns = target.columns.filter((column) => column.name !== 'id')
    if (choices.chance(0.3)) {
      const other = choices.of(TABLES)
      const source = scoped('s', other.columns)
      const both = new Scope([target, source])
      const column = choices.of(columns)
      return `update ${table.name} u set ${column.name} = ${this.#copied(column, new Scope([source]))} from ${other.name} s where s.id = u.id and ${this.#selects.expressions.cleanCondition(both)}${this.#returning(both)}`
    }
    const sets = choices
      .some(2, () => choices.of(columns))
      .map((column) => `${column.name} = ${this.#newValue(column)}`)
    const unique = sets.filter(
      (set, index) => sets.findIndex((each) => each.split(' ')[0] === set.split(' ')[0]) === index,
    )
    return `update ${table.name} u set ${unique.join(', ')} ${this.#selects.where(scope)}${this.#returning(scope)}`
  }

  #delete(): string {
    const choices = this.#choices
    const table = choices.of(TABLES)
    const target = scoped('d', table.columns)
    if (choices.chance(0.3)) {
      const other = choices.of(TABLES)
      const both = new Scope([target, scoped('s', other.columns)])
      return `delete from ${table.name} d using ${other.name} s where s.id = d.id and ${this.#selects.expressions.cleanCondition(both)}${this.#returning(both)}`
    }
    return `delete from ${table.name} d ${this.#selects.where(new Scope([target]))}${this.#returning(new Scope([target]))}`
  }

  #merge(): string {
    const choices = this.#choices
    const [table, other] = [choices.of(TABLES), choices.of(TABLES)]
    const [target, source] = [scoped('u', table.columns), scoped('s', other.columns)]
    const column = choices.of(target.columns.filter(({ name }) => name !== 'id'))
    const value = choices.chance(0.5) ? this.#copied(column, new Scope([source])) : this.#newValue(column)
    const condition = this.#selects.dares()
      ? this.#selects.expressions.tellingCondition(new Scope([target, source]))
      : 'u.id > 3'
    return `merge into ${table.name} u using ${other.name} s on s.id = u.id when matched and ${condition} then update set ${column.name} = ${value} when not matched then insert (id) values (s.id + ${NEW_ID})`
  }

  /** A write as a term of a query that goes on with what it returns. */
  #within(): string {
    const choices = this.#choices
    const table = choices.of(TABLES)
    const target = scoped('d', table.columns)
    const write = choices.of([
      `delete from ${table.name} d ${this.#selects.where(new Scope([target]), 0)} returning d.*`,
      `update ${table.name} d set id = d.id ${this.#selects.where(new Scope([target]), 0)} returning d.*`,
    ])
    const term = new Scope([scoped('w', table.columns)])
    const outputs = choices.some(3, () => this.#output(term))
    return `with w as (${write}) select ${outputs.join(', ')} from w ${this.#selects.where(term, 0)}`
  }

  #returning(scope: Scope): string {
    const choices = this.#choices
    if (choices.chance(0.2)) return ''
    return ` returning ${choices.some(3, () => this.#output(scope)).join(', ')}`
  }

  #output(scope: Scope): string {
    const { expressions } = this.#selects
    if (this.#selects.dares()) return expressions.telling(scope)
    return this.#choices.chance(0.6)
      ? expressions.shown(scope)
      : expressions.clean(scope, this.#choices.of(['int', 'text'] as const))
  }

  #newValue(column: ScopedColumn): string {
    const choices = this.#choices
    if (choices.chance(0.15)) return 'null'
    switch (column.type) {
      case 'int':
        return String(choices.below(50))
      case 'numeric':
        return '1234.5'
      case 'text':
        return column.tag === 'pii.ssn' && choices.chance(0.4) ? `⟦${choices.below(30)}⟧` : `'new ${choices.below(9)}'`
      case 'bool':
        return 'true'
      case 'date':
        return "date '2024-03-03'"
      case 'jsonb':
        return `'{"a": 2}'`
      case 'bytea':
        return "'\\x0102'"
      case 'texts':
        return "array['p', 'q']"
      default:
        return column.type satisfies never
    }
  }

  /** From another table: of the same tag, or clean into clean, unless it dares. */
  #copied(column: ScopedColumn, from: Scope): string {
    if (this.#selects.dares()) {
      const value = this.#selects.expressions.sensitive(from)
      return column.type === 'text'
        ? `${value}::text`
        : `${value}::text::${column.type === 'texts' ? 'text[]' : column.type}`
    }
    const same = from.columns('any', column.type).filter((other) => other.tag === column.tag)
    return same.length > 0 ? this.#choices.of(same).sql : this.#newValue(column)
  }
}

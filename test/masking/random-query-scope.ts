// What a part of a random query may refer to: relations by their aliases, and their columns.

import type { SchemaColumn, ValueType } from './random-query-schema.ts'
import type { Choices } from './random-query-source.ts'

export type ScopedColumn = SchemaColumn & { readonly sql: string }

export type ScopedRelation = {
  readonly alias: string
  readonly columns: readonly ScopedColumn[]
  /** A row of it may be named as a whole. */
  readonly whole: boolean
}

export class Scope {
  readonly relations: readonly ScopedRelation[]

  constructor(relations: readonly ScopedRelation[]) {
    this.relations = relations
  }

  with(more: readonly ScopedRelation[]): Scope {
    return new Scope([...this.relations, ...more])
  }

  columns(of: 'clean' | 'sensitive' | 'any', type?: ValueType): readonly ScopedColumn[] {
    return this.relations
      .flatMap((relation) => relation.columns)
      .filter((column) => of === 'any' || (column.tag === null) === (of === 'clean'))
      .filter((column) => type === undefined || column.type === type)
  }

  column(choices: Choices, of: 'clean' | 'sensitive' | 'any', type?: ValueType): ScopedColumn | null {
    const columns = this.columns(of, type)
    return columns.length === 0 ? null : choices.of(columns)
  }
}

export const scoped = (
  alias: string,
  columns: readonly SchemaColumn[],
  whole = true,
  names = columns.map((column) => column.name),
): ScopedRelation => ({
  alias,
  whole,
  columns: columns.map((column, index) => ({
    ...column,
    name: names[index] ?? column.name,
    sql: `${alias}.${names[index] ?? column.name}`,
  })),
})

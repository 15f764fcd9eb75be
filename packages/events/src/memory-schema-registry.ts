// A schema registry for tests: ids by order of arrival, forgotten with the process.

import { type SchemaRegistry, type SchemaVersion, schemaUnknown } from './schema-registry.ts'

export class MemorySchemaRegistry implements SchemaRegistry {
  readonly #schemas: string[] = []
  readonly #subjects = new Map<string, Set<string>>()

  async idOf(subject: string, schemaJson: string): Promise<number> {
    const schema = JSON.stringify(JSON.parse(schemaJson))
    this.#subjects.set(subject, (this.#subjects.get(subject) ?? new Set()).add(schema))
    const at = this.#schemas.indexOf(schema)
    return at >= 0 ? at + 1 : this.#schemas.push(schema)
  }

  async schemaOf(id: number): Promise<string> {
    const schema = this.#schemas[id - 1]
    if (schema === undefined) throw schemaUnknown(id)
    return schema
  }

  async versionsOf(subject: string): Promise<readonly SchemaVersion[]> {
    const own = [...(this.#subjects.get(subject) ?? [])]
    return own.map((schema) => ({ id: this.#schemas.indexOf(schema) + 1, schema }))
  }
}

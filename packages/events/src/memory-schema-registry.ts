// A schema registry for tests: ids by order of arrival, forgotten with the process.

import { type SchemaRegistry, schemaUnknown } from './schema-registry.ts'

export class MemorySchemaRegistry implements SchemaRegistry {
  readonly #schemas: string[] = []

  async idOf(_subject: string, schemaJson: string): Promise<number> {
    const schema = JSON.stringify(JSON.parse(schemaJson))
    const at = this.#schemas.indexOf(schema)
    return at >= 0 ? at + 1 : this.#schemas.push(schema)
  }

  async schemaOf(id: number): Promise<string> {
    const schema = this.#schemas[id - 1]
    if (schema === undefined) throw schemaUnknown(id)
    return schema
  }
}

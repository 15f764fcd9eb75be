// Where schema ids come from. On Kafka that is the schema registry's service; the embedded log keeps a file.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AuditUnavailable, PeerInvalid } from './errors.ts'

export interface SchemaRegistry {
  /** The id of a schema, registered under the subject where it is new. */
  idOf(subject: string, schemaJson: string): Promise<number>
  /** The schema of an id; throws PeerInvalid `schema_unknown` where there is none. */
  schemaOf(id: number): Promise<string>
  /** Every schema that was registered under a subject so far. */
  versionsOf(subject: string): Promise<readonly SchemaVersion[]>
}

export type SchemaVersion = { readonly id: number; readonly schema: string }

/** The registry's file in the directory of an embedded log; every service opens the same. */
export const LOCAL_REGISTRY_FILE = 'schemas.json'

type Line = { readonly subject: string; readonly schema: string }

/**
 * Ids in a file of JSON lines: the id of a schema is its place among the different schemas in the file. The file only
 * grows, and each line is one append, so that processes that start at once need no lock: whoever comes first gives
 * the id, and everyone reads the same.
 */
export class LocalSchemaRegistry implements SchemaRegistry {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  static open(file: string): LocalSchemaRegistry {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return new LocalSchemaRegistry(file)
  }

  async idOf(subject: string, schemaJson: string): Promise<number> {
    const schema = JSON.stringify(JSON.parse(schemaJson))
    const known = this.#read().indexOf(schema)
    if (known >= 0) return known + 1
    this.#append({ subject, schema })
    return this.#read().indexOf(schema) + 1
  }

  async schemaOf(id: number): Promise<string> {
    const schema = this.#read()[id - 1]
    if (schema === undefined) throw schemaUnknown(id)
    return schema
  }

  async versionsOf(subject: string): Promise<readonly SchemaVersion[]> {
    const lines = this.#lines()
    const all = differentSchemas(lines)
    const own = new Set(lines.flatMap((line) => (line.subject === subject ? [line.schema] : [])))
    return [...own].map((schema) => ({ id: all.indexOf(schema) + 1, schema }))
  }

  #read(): string[] {
    return differentSchemas(this.#lines())
  }

  /** A line that a crash cut off is no line. */
  #lines(): Line[] {
    return readLines(this.#file).flatMap((text) => parseLine(text) ?? [])
  }

  #append(line: Line): void {
    const file = openSync(this.#file, 'a', 0o600)
    try {
      // The leading line break ends what a crash may have cut off before. One write, so that lines never mix.
      const text = Buffer.from(`\n${JSON.stringify(line)}\n`)
      if (writeSync(file, text) !== text.length) {
        throw new AuditUnavailable(
          'registry_full',
          `${this.#file} can't be written whole; is the disk full? Free space, then start again`,
        )
      }
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }
}

/** In the order of their first line. */
function differentSchemas(lines: readonly Line[]): string[] {
  return [...new Set(lines.map(({ schema }) => schema))]
}

export function schemaUnknown(id: number): PeerInvalid {
  return new PeerInvalid(
    'schema_unknown',
    `no schema with id ${id} is known here; was the record written by another log?`,
  )
}

function readLines(file: string): string[] {
  try {
    // What follows the last line break is still being written.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function parseLine(text: string): Line | null {
  if (text === '') return null
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line !== 'object' || line === null) return null
    if (!('schema' in line) || typeof line.schema !== 'string') return null
    if (!('subject' in line) || typeof line.subject !== 'string') return null
    return { subject: line.subject, schema: line.schema }
  } catch {
    return null
  }
}

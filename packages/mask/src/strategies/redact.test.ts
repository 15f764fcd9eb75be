import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../../../../test/stand/database.ts'
import { constantFor } from './redact.ts'
import { ARRAY_ELEMENTS, KNOWN_TYPES } from './type-constants.ts'

const PLACEHOLDER = '[pii.ssn]'
const TYPES: ReadonlyMap<number, string> = new Map([
  ...[...KNOWN_TYPES].map(([id, { name }]) => [id, name] as const),
  ...[...ARRAY_ELEMENTS].map(([id, element]) => [id, `${KNOWN_TYPES.get(element)?.name}[]`] as const),
])
/** No parameter can have this type: the server makes it text. */
const UNREADABLE = 'unknown'

const AS_WRITTEN = { getTypeParser: () => (text: string) => text }

describe('constants', () => {
  let database: Database
  beforeAll(async () => {
    database = await startDatabase(18)
  })
  afterAll(() => database.stop())

  it('are read by a real server as their types, in both formats, and written again as they are', async () => {
    const client = await database.connect()
    try {
      for (const [id, name] of TYPES) {
        if (name === UNREADABLE) continue
        const text = constantFor(id, 'text', PLACEHOLDER)
        const binary = constantFor(id, 'binary', PLACEHOLDER)
        const { rows, fields } = await client.query({
          text: `select $1::${name}, $2::${name}`,
          // Strings go to the server in text format, Buffers in binary.
          values: [text?.toString(), binary],
          rowMode: 'array',
          types: AS_WRITTEN,
        })
        const type = fields.map(({ dataTypeID }) => dataTypeID)
        expect({ name, type, rows }).toEqual({ name, type: [id, id], rows: [[text?.toString(), text?.toString()]] })
      }
    } finally {
      await client.end()
    }
  })

  it('is NULL for types that are not PostgreSQL’s own', () => {
    expect([constantFor(16_384, 'text', PLACEHOLDER), constantFor(2249, 'binary', PLACEHOLDER)]).toEqual([null, null])
  })
})

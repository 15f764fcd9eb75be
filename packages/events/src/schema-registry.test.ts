import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerInvalid } from './errors.ts'
import { LocalSchemaRegistry } from './schema-registry.ts'

let dir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-registry-'))
  file = join(dir, 'log', 'schemas.json')
})

afterEach(() => {
  rmSync(dir, { recursive: true })
})

describe('LocalSchemaRegistry', () => {
  it('gives the same id for the same schema, whoever asks and however it is laid out', async () => {
    const registry = LocalSchemaRegistry.open(file)
    expect(await registry.idOf('a-value', '"string"')).toBe(1)
    expect(await registry.idOf('b-value', '{"type": "long"}')).toBe(2)
    const again = LocalSchemaRegistry.open(file)
    expect(await again.idOf('b-value', '{ "type":"long" }')).toBe(2)
    expect(await again.idOf('c-value', '"string"')).toBe(1)
    expect(await again.schemaOf(2)).toBe('{"type":"long"}')
  })

  it('tells the versions of a subject', async () => {
    const registry = LocalSchemaRegistry.open(file)
    for (const [subject, schema] of [
      ['a-value', '"string"'],
      ['b-value', '"long"'],
      ['a-value', '"bytes"'],
    ] as const) {
      await registry.idOf(subject, schema)
    }
    expect(await registry.versionsOf('a-value')).toEqual([
      { id: 1, schema: '"string"' },
      { id: 3, schema: '"bytes"' },
    ])
    expect(await registry.versionsOf('c-value')).toEqual([])
  })

  it('does not know other ids', async () => {
    const registry = LocalSchemaRegistry.open(file)
    for (const id of [0, 1, -1]) await expect(registry.schemaOf(id)).rejects.toThrow(PeerInvalid)
  })

  it('lives with a line that a crash cut off', async () => {
    const registry = LocalSchemaRegistry.open(file)
    await registry.idOf('a-value', '"string"')
    appendFileSync(file, '\n{"subject":"b-value","sch')
    expect(await registry.idOf('b-value', '"long"')).toBe(2)
    expect(await registry.idOf('a-value', '"string"')).toBe(1)
    expect(await registry.schemaOf(2)).toBe('"long"')
  })

  it('agrees with processes that start at the same moment', async () => {
    const names = ['string', 'long', 'bytes', 'int', 'boolean']
    const answers = await Promise.all(
      [0, 1, 2].map(async (first) => {
        const order = [...names.slice(first), ...names.slice(0, first)]
        const child = fork(new URL('./registry-child.fixture.ts', import.meta.url), [file, ...order])
        const [ids] = (await once(child, 'message')) as [Record<string, number>]
        await once(child, 'exit')
        return ids
      }),
    )
    expect(new Set(Object.values(answers[0] ?? {}))).toEqual(new Set([1, 2, 3, 4, 5]))
    for (const ids of answers) expect(ids).toEqual(answers[0])
  })
})

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOPICS } from '@sluice/events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_REMEMBERED, VersionMemory } from './version-memory.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-memory-'))
  file = join(dir, 'trust', 'proxy.json')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const place = (version: number) => ({ version, hash: Buffer.alloc(32, version) })

describe('the memory of versions', () => {
  it('outlives the process, and is for its owner alone', () => {
    const memory = VersionMemory.open(file)
    expect(memory.highest(TOPICS.policies, 'current')).toBeNull()
    memory.remember(TOPICS.policies, 'current', place(3))
    memory.remember(TOPICS.keys, '__proto__', place(4))
    const again = VersionMemory.open(file)
    expect(again.highest(TOPICS.policies, 'current')).toEqual(place(3))
    expect(again.highest(TOPICS.keys, '__proto__')).toEqual(place(4))
    expect(again.highest(TOPICS.keys, 'current')).toBeNull()
    expect([...again.of(TOPICS.policies).keys()]).toEqual(['current'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(dir, 'trust'))).toEqual(['proxy.json'])
  })

  it('never goes down', () => {
    const memory = VersionMemory.open(file)
    memory.remember(TOPICS.policies, 'current', place(3))
    memory.remember(TOPICS.policies, 'current', place(2))
    memory.remember(TOPICS.policies, 'current', { version: 3, hash: Buffer.alloc(32, 9) })
    expect(VersionMemory.open(file).highest(TOPICS.policies, 'current')).toEqual(place(3))
  })

  it('remembers nothing that did not reach the disk', () => {
    const memory = VersionMemory.open(file)
    memory.remember(TOPICS.policies, 'current', place(1))
    rmSync(file)
    mkdirSync(join(file, 'in the way'), { recursive: true })
    const full = expect.objectContaining({ code: 'trust_memory_unwritable' })
    expect(() => memory.remember(TOPICS.policies, 'current', place(2))).toThrow(full)
    expect(() => memory.remember(TOPICS.policies, 'other', place(1))).toThrow(full)
    expect(memory.highest(TOPICS.policies, 'current')).toEqual(place(1))
    expect(memory.highest(TOPICS.policies, 'other')).toBeNull()
  })

  it('does not begin anew where its file is damaged', () => {
    VersionMemory.open(file)
    const hash = 'a'.repeat(64)
    for (const text of [
      '',
      '{"format":1',
      '{"format":2,"places":{}}',
      '{"format":1}',
      `{"format":1,"places":{"t":{"k":{"version":1.5,"hash":"${hash}"}}}}`,
      '{"format":1,"places":{"t":{"k":{"version":1,"hash":"aa"}}}}',
    ]) {
      writeFileSync(file, text)
      expect(() => VersionMemory.open(file)).toThrow(expect.objectContaining({ code: 'trust_memory_unreadable' }))
    }
  })

  it('is bounded, and says so instead of forgetting', () => {
    const entries = Array.from({ length: MAX_REMEMBERED }, (_, at) => [`k${at}`, { version: 1, hash: 'a'.repeat(64) }])
    VersionMemory.open(file)
    writeFileSync(file, JSON.stringify({ format: 1, places: { [TOPICS.keys]: Object.fromEntries(entries) } }))
    const memory = VersionMemory.open(file)
    expect(() => memory.remember(TOPICS.policies, 'current', place(1))).toThrow(
      expect.objectContaining({ code: 'trust_memory_full' }),
    )
    memory.remember(TOPICS.keys, 'k0', place(2))
    expect(VersionMemory.open(file).highest(TOPICS.keys, 'k0')).toEqual(place(2))
  })
})

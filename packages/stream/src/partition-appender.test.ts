import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numbered, numberOf } from './numbered-record.fixture.ts'
import { PartitionAppender } from './partition-appender.ts'
import { PartitionReader } from './partition-reader.ts'
import { PartitionWriter } from './partition-writer.ts'

let dir: string
let writer: PartitionWriter
/** Holds the write lock, as the checkpoint worker does while it syncs before it begins the -wal file anew. */
let holder: DatabaseSync

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-appender-'))
  writer = PartitionWriter.open(join(dir, '0.db'))
  holder = new DatabaseSync(writer.file)
})

afterEach(async () => {
  holder.close()
  await writer.close()
  rmSync(dir, { recursive: true, force: true })
})

function readNumbers(): number[] {
  const reader = new PartitionReader(writer.file, 'topic', 0)
  const numbers = reader.read(0, 1000, 2 ** 20).map(numberOf)
  reader.close()
  return numbers
}

describe('PartitionAppender', () => {
  it('gives the checkpoint worker time where it does not keep up', async () => {
    const small = PartitionWriter.open(join(dir, 'small.db'), { walBytes: 2 ** 18 })
    const appender = new PartitionAppender(small)
    for (let number = 0; !small.isFarAhead; number += 1) await appender.append([numbered(number, 20_000)])
    const end = small.nextOffset
    const appended = appender.append([numbered(end, 700)])
    await new Promise((resolve) => setImmediate(resolve))
    expect(small.nextOffset).toBe(end)
    expect(await appended).toBe(end)
    await appender.close()
  })

  it('waits for who holds the file, in order, while the event loop goes on', async () => {
    const appender = new PartitionAppender(writer)
    holder.exec('BEGIN IMMEDIATE')
    const appends = [
      appender.append([numbered(0), numbered(1)]),
      appender.append([]),
      appender.append([numbered(2)]),
      appender.append([numbered(3)]),
    ]
    let longest = 0
    for (const end = performance.now() + 1500; performance.now() < end; ) {
      const before = performance.now()
      await sleep(5)
      longest = Math.max(longest, performance.now() - before)
    }
    expect(longest).toBeLessThan(500)
    expect(readNumbers()).toEqual([])
    holder.exec('ROLLBACK')
    expect(await Promise.all(appends)).toEqual([0, 2, 2, 3])
    expect(readNumbers()).toEqual([0, 1, 2, 3])
  })

  it('gives up after its bound, has written nothing then, and goes on with the next', async () => {
    const appender = new PartitionAppender(writer, 100)
    holder.exec('BEGIN IMMEDIATE')
    await expect(appender.append([numbered(0)])).rejects.toMatchObject({ code: 'log_unwritable' })
    holder.exec('ROLLBACK')
    expect(await appender.append([numbered(1)])).toBe(0)
    expect(readNumbers()).toEqual([1])
  })
})

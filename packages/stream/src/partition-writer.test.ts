import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { numbered, numberOf } from './numbered-record.fixture.ts'
import { PartitionReader } from './partition-reader.ts'
import { PartitionWriter } from './partition-writer.ts'
import { BatchBuffer } from './record-batch.ts'

/** Where Linux lists the files that this process has open. */
const OPEN_FILES = '/proc/self/fd'
const BATCHES = 30
const PER_BATCH = 3
const upTo = (end: number): number[] => Array.from({ length: end }, (_, number) => number)

let dir: string
let copies = 0
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-partition-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function writeBatch(writer: PartitionWriter, from: number, count = PER_BATCH, valueBytes = 700): void {
  const buffer = new BatchBuffer()
  for (let number = from; number < from + count; number += 1) buffer.add(numbered(number, valueBytes))
  writer.write(buffer.bytes, buffer.count)
}

function readNumbers(file: string): number[] {
  const reader = new PartitionReader(file, 'topic', 0)
  const numbers = reader.read(0, 10_000, 2 ** 30).map(numberOf)
  reader.close()
  return numbers
}

/** The files as a kill leaves them: nothing is closed in order, the -wal file holds all batches. */
async function killedCopy(batches: number): Promise<string> {
  const writer = PartitionWriter.open(newFile())
  for (let batch = 0; batch < batches; batch += 1) writeBatch(writer, batch * PER_BATCH)
  const copy = copyOf(writer.file)
  await writer.close()
  return copy
}

function newFile(): string {
  copies += 1
  return join(dir, `${copies}.db`)
}

function copyOf(file: string): string {
  const copy = newFile()
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, copy + suffix)
  return copy
}

describe('PartitionWriter after a kill', () => {
  it('finds every batch in the -wal file and goes on', async () => {
    const file = await killedCopy(BATCHES)
    expect(readNumbers(file)).toEqual(upTo(BATCHES * PER_BATCH))
    const writer = PartitionWriter.open(file)
    expect(writer.nextOffset).toBe(BATCHES * PER_BATCH)
    writeBatch(writer, BATCHES * PER_BATCH)
    expect(readNumbers(file)).toEqual(upTo((BATCHES + 1) * PER_BATCH))
    await writer.close()
  })

  it('keeps whole batches, from the first on, of a -wal file that is torn or damaged anywhere', async () => {
    const killed = await killedCopy(BATCHES)
    const size = statSync(`${killed}-wal`).size
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: size - 1 }), fc.boolean(), async (at, cut) => {
        const file = copyOf(killed)
        const wal = openSync(`${file}-wal`, 'r+')
        if (cut) ftruncateSync(wal, at)
        else writeSync(wal, Buffer.alloc(64, 0xa5), 0, 64, at)
        closeSync(wal)
        const writer = PartitionWriter.open(file)
        const left = writer.nextOffset
        expect(left % PER_BATCH).toBe(0)
        expect(left).toBeLessThanOrEqual(BATCHES * PER_BATCH)
        writeBatch(writer, left)
        expect(readNumbers(file)).toEqual(upTo(left + PER_BATCH))
        await writer.close()
      }),
      { numRuns: 40 },
    )
  })

  it('goes on far above what readers may have seen when the machine was booted since', async () => {
    const file = await killedCopy(BATCHES)
    const database = new DatabaseSync(file)
    database.exec(`UPDATE meta SET boot = 'another'`)
    database.close()
    const writer = PartitionWriter.open(file)
    const after = BATCHES * PER_BATCH + 2 ** 24
    expect(writer.nextOffset).toBe(after)
    writeBatch(writer, after)
    const reader = new PartitionReader(file, 'topic', 0)
    const records = reader.read(BATCHES * PER_BATCH - 1, 100, 2 ** 20)
    expect(records.map(({ offset }) => offset)).toEqual([BATCHES * PER_BATCH - 1, after, after + 1, after + 2])
    reader.close()
    await writer.close()
    const again = PartitionWriter.open(file)
    expect(again.nextOffset).toBe(after + PER_BATCH)
    await again.close()
  })

  it('makes the file anew where the making was interrupted', async () => {
    const file = join(dir, 'interrupted.db')
    copyFileSync(await killedCopy(1), `${file}.new`)
    const writer = PartitionWriter.open(file)
    expect(writer.nextOffset).toBe(0)
    await writer.close()
    expect(existsSync(`${file}.new`)).toBe(false)
  })

  it('refuses a file of another format and names it', () => {
    const file = join(dir, 'foreign.db')
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE t (a); PRAGMA user_version = 99')
    database.close()
    expect(() => PartitionWriter.open(file)).toThrow(/foreign\.db has format 99/)
    expect(() => PartitionWriter.open(file)).toThrow(expect.objectContaining({ code: 'log_corrupt' }))
  })
})

describe('PartitionWriter', () => {
  it('writes all batches of a transaction or none', async () => {
    const writer = PartitionWriter.open(join(dir, 'atomic.db'))
    writeBatch(writer, 0)
    expect(() =>
      writer.atomically(() => {
        writeBatch(writer, 3)
        throw new Error('in between')
      }),
    ).toThrow('in between')
    expect(writer.nextOffset).toBe(PER_BATCH)
    expect(readNumbers(writer.file)).toEqual(upTo(PER_BATCH))
    await writer.close()
  })

  it('trims the oldest in bounded pieces, keeps the last batch and gives the space to new records', async () => {
    const writer = PartitionWriter.open(join(dir, 'trim.db'))
    for (let batch = 0; batch < 400; batch += 1) writeBatch(writer, batch, 1, 20_000)
    const pieces: number[] = []
    while (pieces.at(-1) !== 0) pieces.push(writer.trim(Number.MAX_SAFE_INTEGER))
    expect(pieces.reduce((sum, records) => sum + records, 0)).toBe(399)
    expect(Math.max(...pieces)).toBeLessThan(100)
    expect(readNumbers(writer.file)).toEqual([399])
    const pagesBefore = pageCount(writer.file)
    for (let batch = 400; batch < 700; batch += 1) writeBatch(writer, batch, 1, 20_000)
    expect(pageCount(writer.file)).toBe(pagesBefore)
    await writer.close()
  })

  it('trims nothing while the -wal file is well over its bound, and goes on when it has begun anew', async () => {
    const writer = PartitionWriter.open(join(dir, 'behind.db'), { walBytes: 2 ** 20 })
    for (let batch = 0; !writer.isFarAhead; batch += 1) writeBatch(writer, batch, 1, 20_000)
    expect(writer.trim(Number.MAX_SAFE_INTEGER)).toBe(0)
    await expect.poll(() => writer.isFarAhead, { timeout: 20_000 }).toBe(false)
    expect(writer.trim(Number.MAX_SAFE_INTEGER)).toBeGreaterThan(0)
    await writer.close()
  })

  it.runIf(existsSync(OPEN_FILES))('leaves the file open nowhere in this process once it is closed', async () => {
    const writer = PartitionWriter.open(join(dir, 'left.db'))
    const alone = openFiles(writer.file)
    writeBatch(writer, 0)
    await expect.poll(() => openFiles(writer.file)).toBeGreaterThan(alone)
    const other = PartitionWriter.open(join(dir, 'other.db'))
    for (let batch = 0; batch < 200; batch += 1) writeBatch(other, batch, 1, 100_000)
    const others = openFiles(other.file)
    // From now on the worker has its hands full with the other file.
    await expect.poll(() => openFiles(other.file), { interval: 1 }).toBeGreaterThan(others)
    await writer.close()
    expect(openFiles(writer.file)).toBe(0)
    await other.close()
  })

  it('trims nothing that is young enough', async () => {
    const writer = PartitionWriter.open(join(dir, 'young.db'))
    for (let batch = 0; batch < 5; batch += 1) writeBatch(writer, batch, 1)
    expect(writer.trim((Date.now() - 60_000) * 1000)).toBe(0)
    expect(readNumbers(writer.file)).toEqual(upTo(5))
    await writer.close()
  })
})

function openFiles(file: string): number {
  return readdirSync(OPEN_FILES).filter((fd) => linkOf(join(OPEN_FILES, fd)).startsWith(file)).length
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed since the directory was read
  }
}

function pageCount(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() ?? {}
  database.close()
  return Number(pages)
}

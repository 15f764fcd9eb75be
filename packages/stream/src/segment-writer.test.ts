import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  copyOf,
  killedCopy,
  lastSegment,
  newDirectory,
  PER_BATCH,
  placeForJournals,
  readNumbers,
  removeJournals,
  upTo,
  writeBatch,
} from './journal-directories.fixture.ts'
import { listSegments, segmentFile } from './segment-format.ts'
import { SegmentReader } from './segment-reader.ts'
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts'

const BATCHES = 20
const JUMP = 2 ** 24

beforeAll(placeForJournals)
afterAll(removeJournals)

function afterReboot(directory: string): void {
  writeFileSync(join(directory, 'owner.json'), '{"boot":"another","closed":false}')
}

describe('SegmentWriter after a kill', () => {
  it('keeps whole batches, from the first on, of a last segment that is cut anywhere', () => {
    const killed = killedCopy(BATCHES)
    const size = statSync(lastSegment(killed)).size
    fc.assert(
      fc.property(fc.integer({ min: 0, max: size }), (at) => {
        const directory = copyOf(killed)
        truncateSync(lastSegment(directory), at)
        const whole = Math.floor((at * BATCHES) / size) * PER_BATCH
        expect(readNumbers(directory).length).toBeGreaterThanOrEqual(whole - PER_BATCH)
        const writer = SegmentWriter.open(directory)
        const left = writer.nextOffset
        expect(left % PER_BATCH).toBe(0)
        expect(Math.abs(left - whole)).toBeLessThanOrEqual(PER_BATCH)
        writeBatch(writer, left)
        expect(readNumbers(directory)).toEqual(upTo(left + PER_BATCH))
        writer.close()
      }),
      { numRuns: 30 },
    )
  })

  it('keeps whole batches before damage, and goes on far above what readers may have seen', () => {
    const killed = killedCopy(BATCHES)
    const size = statSync(lastSegment(killed)).size
    fc.assert(
      fc.property(fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const directory = copyOf(killed)
        const file = lastSegment(directory)
        const bytes = readFileSync(file)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        writeFileSync(file, bytes)
        const writer = SegmentWriter.open(directory)
        const left = readNumbers(directory)
        expect(left).toEqual(upTo(left.length))
        expect(left.length % PER_BATCH).toBe(0)
        expect(left.length).toBeLessThan(BATCHES * PER_BATCH)
        expect([left.length, left.length + JUMP]).toContain(writer.nextOffset)
        writeBatch(writer, 1000)
        expect(readNumbers(directory)).toEqual([...left, 1000, 1001, 1002])
        writer.close()
      }),
      { numRuns: 30 },
    )
  })

  it('goes on where it was on the same boot, also in a segment that has nothing yet', () => {
    const writer = SegmentWriter.open(newDirectory())
    writeBatch(writer, 0)
    const copy = copyOf(writer.directory)
    writer.close()
    writeFileSync(segmentFile(copy, PER_BATCH), '')
    const next = SegmentWriter.open(copy)
    expect(next.nextOffset).toBe(PER_BATCH)
    writeBatch(next, PER_BATCH)
    expect(readNumbers(copy)).toEqual(upTo(2 * PER_BATCH))
    next.close()
  })

  it('goes on far above what readers may have seen when the machine was booted since, once', () => {
    const directory = killedCopy(BATCHES)
    afterReboot(directory)
    const writer = SegmentWriter.open(directory)
    const after = BATCHES * PER_BATCH + JUMP
    expect(writer.nextOffset).toBe(after)
    writeBatch(writer, after)
    const reader = new SegmentReader(directory, 'topic', 0)
    const offsets = [0, BATCHES * PER_BATCH - 1, BATCHES * PER_BATCH].map((from) =>
      reader.read(from, 100, 2 ** 20).map(({ offset }) => offset),
    )
    expect(offsets).toEqual([upTo(BATCHES * PER_BATCH), [BATCHES * PER_BATCH - 1], upTo(after + 3, after)])
    expect(reader.endOffset()).toBe(after + PER_BATCH)
    reader.close()
    writer.close()
    const again = SegmentWriter.open(directory)
    expect(again.nextOffset).toBe(after + PER_BATCH)
    again.close()
  })

  it('cuts the segment before the last too after a power cut: neither need be on the disk', () => {
    const directory = newDirectory()
    const writer = SegmentWriter.open(directory)
    writeBatch(writer, 0)
    writeBatch(writer, 3)
    writer.close()
    const file = segmentFile(directory, 0)
    truncateSync(file, statSync(file).size - 10)
    const second = SegmentWriter.open(killedCopy(2))
    writeBatch(second, 6)
    const later = readFileSync(segmentFile(second.directory, 0))
    second.close()
    writeFileSync(segmentFile(directory, 6), later.subarray((later.length * 2) / 3))
    afterReboot(directory)
    const third = SegmentWriter.open(directory)
    expect(third.nextOffset).toBe(9 + JUMP)
    expect(readNumbers(directory)).toEqual([0, 1, 2, 6, 7, 8])
    third.close()
  })

  it('counts a journal without its note as one that lost power', () => {
    const directory = killedCopy(1)
    rmSync(join(directory, 'owner.json'))
    const writer = SegmentWriter.open(directory)
    expect(writer.nextOffset).toBe(PER_BATCH + JUMP)
    writer.close()
  })
})

describe('SegmentWriter', () => {
  it('begins no third segment while two are not on the disk', async () => {
    let finish = (): void => {}
    const sync: SegmentWriterOptions['sync'] = () => new Promise((resolve) => (finish = resolve))
    const writer = SegmentWriter.open(newDirectory(), { segmentBytes: 1000, sync })
    for (let batch = 0; batch < 30; batch += 1) writeBatch(writer, batch * PER_BATCH)
    expect(listSegments(writer.directory)).toHaveLength(2)
    await vi.waitFor(
      () => {
        finish()
        writeBatch(writer, writer.nextOffset)
        expect(listSegments(writer.directory).length).toBeGreaterThan(2)
      },
      { timeout: 5000 },
    )
    expect(readNumbers(writer.directory)).toEqual(upTo(writer.nextOffset))
    finish()
    writer.close()
  })

  it('trims whole segments, the oldest first, and nothing that is young enough', async () => {
    const writer = SegmentWriter.open(newDirectory())
    writeBatch(writer, 0)
    expect(writer.trim((Date.now() - 60_000) * 1000)).toBe(0)
    expect(writer.trim(Number.MAX_SAFE_INTEGER)).toBe(PER_BATCH)
    expect(writer.bytes).toBe(0)
    writeBatch(writer, PER_BATCH)
    await expect.poll(() => readNumbers(writer.directory)).toEqual([3, 4, 5])
    writer.close()
    const again = SegmentWriter.open(writer.directory)
    expect(again.nextOffset).toBe(2 * PER_BATCH)
    expect(again.trim((Date.now() - 60_000) * 1000)).toBe(0)
    again.close()
  })

  it('keeps no record much longer than asked: a segment spans an eighth of that time', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000 })
    const hour = 3_600_000
    const writer = SegmentWriter.open(newDirectory(), { sync: async () => {} })
    try {
      for (let hours = 0; hours < 40; hours += 4) {
        writeBatch(writer, writer.nextOffset)
        const now = 1_000_000_000 + (hours + 4) * hour
        vi.setSystemTime(now)
        // Each retry of waitFor moves the faked clock on, so what is asked for does not come from it.
        await vi.waitFor(
          () => {
            writer.trim((now - 24 * hour) * 1000)
            expect(listSegments(writer.directory).at(-1)).toBe(writer.nextOffset)
          },
          { timeout: 5000 },
        )
      }
      const kept = upTo(10 * PER_BATCH, 4 * PER_BATCH)
      await vi.waitFor(() => expect(readNumbers(writer.directory)).toEqual(kept), { timeout: 5000 })
    } finally {
      vi.useRealTimers()
      writer.close()
    }
  })

  it('leaves nothing but its segments and its note', () => {
    const directory = killedCopy(4, 2)
    const writer = SegmentWriter.open(directory)
    writer.close()
    expect(readdirSync(directory).sort()).toEqual([
      '00000000000000000000.seg',
      '00000000000000000006.seg',
      'owner.json',
    ])
  })

  it('never gives a batch an earlier time than the one before', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 5_000_000 })
    try {
      const writer = SegmentWriter.open(newDirectory())
      writeBatch(writer, 0)
      writer.close()
      vi.setSystemTime(1000)
      const again = SegmentWriter.open(writer.directory)
      writeBatch(again, 3)
      const reader = new SegmentReader(writer.directory, 'topic', 0)
      expect(new Set(reader.read(0, 100, 2 ** 20).map(({ time }) => time))).toEqual(new Set([5_000_000_000]))
      reader.close()
      again.close()
    } finally {
      vi.useRealTimers()
    }
  })
})

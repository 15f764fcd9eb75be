import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  copyOf,
  killedCopy,
  lastSegment,
  newDirectory,
  placeForJournals,
  readNumbers,
  removeJournals,
  upTo,
  writeBatch,
} from './journal-directories.fixture.ts'
import { numberOf } from './numbered-record.fixture.ts'
import { HEADER_BYTES, listSegments, segmentFile } from './segment-format.ts'
import { SegmentReader } from './segment-reader.ts'
import { SegmentWriter } from './segment-writer.ts'

beforeAll(placeForJournals)
afterAll(removeJournals)

describe('SegmentReader', () => {
  it('takes an unfinished end for not yet written, and reads it when it is', () => {
    const writer = SegmentWriter.open(newDirectory())
    writeBatch(writer, 0)
    writeBatch(writer, 3)
    const whole = readFileSync(lastSegment(writer.directory))
    writer.close()
    const directory = copyOf(writer.directory)
    const file = lastSegment(directory)
    const reader = new SegmentReader(directory, 'topic', 0)
    const half = whole.length / 2
    for (const at of [0, 1, HEADER_BYTES, half - 1]) {
      writeFileSync(file, whole.subarray(0, at))
      expect([reader.read(0, 10, 1000), reader.endOffset()]).toEqual([[], 0])
    }
    writeFileSync(file, whole.subarray(0, half))
    expect(reader.read(0, 10, 1000).map(numberOf)).toEqual([0, 1, 2])
    for (const rest of [whole.subarray(half, whole.length - 1), Buffer.alloc(500)]) {
      writeFileSync(file, whole.subarray(0, half))
      appendFileSync(file, rest)
      expect([reader.read(3, 10, 1000), reader.endOffset()]).toEqual([[], 3])
    }
    writeFileSync(file, whole)
    expect(reader.read(3, 10, 1000).map(numberOf)).toEqual([3, 4, 5])
    expect(reader.endOffset()).toBe(6)
    reader.close()
  })

  it.each(['in the last segment', 'in one before'])('says log_corrupt for damage %s', (where) => {
    const directory = killedCopy(4, 2)
    const [first = 0, second = 0] = listSegments(directory)
    const file = segmentFile(directory, where === 'in one before' ? first : second)
    const bytes = readFileSync(file)
    bytes[HEADER_BYTES + 20] = (bytes[HEADER_BYTES + 20] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const corrupt = expect.objectContaining({ code: 'log_corrupt', message: expect.stringContaining(file) })
    expect(() => readNumbers(directory)).toThrow(corrupt)
    if (where === 'in one before') truncateSync(file, bytes.length - 1)
    expect(() => readNumbers(directory)).toThrow(corrupt)
  })

  it('goes on behind a segment that was removed under it, and reads what it has open to its end', () => {
    const directory = killedCopy(20, 2)
    const reader = new SegmentReader(directory, 'topic', 0)
    expect(reader.read(0, 5, 2 ** 20).map(numberOf)).toEqual(upTo(5))
    rmSync(segmentFile(directory, 0))
    expect(reader.read(5, 100, 2 ** 20).map(numberOf)).toEqual(upTo(30, 5))
    expect(reader.read(30, 100, 2 ** 20).map(numberOf)).toEqual(upTo(60, 30))
    reader.close()
    expect(readNumbers(directory)).toEqual(upTo(60, 30))
  })

  it('finds any offset, in whatever order it is asked for, in reads of any size', () => {
    const directory = killedCopy(20, 2)
    const reader = new SegmentReader(directory, 'topic', 0)
    fc.assert(
      fc.property(
        fc.nat(70),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 5000 }),
        (from, most, bytes) => {
          const numbers = reader.read(from, most, bytes).map(numberOf)
          expect(numbers).toEqual(upTo(from + numbers.length, from))
          expect(numbers.length).toBeLessThanOrEqual(most)
          expect(numbers.length > 0).toBe(from < 60)
        },
      ),
    )
    reader.close()
  })

  it('leaves records alone that it returned before', () => {
    const directory = killedCopy(20, 2)
    const reader = new SegmentReader(directory, 'topic', 0)
    const all = upTo(60).map((offset) => reader.read(offset, 1, 1000)[0])
    expect(all.map((record) => record && numberOf(record))).toEqual(upTo(60))
    reader.close()
  })

  it('has nothing where there is no directory yet', () => {
    const reader = new SegmentReader(newDirectory(), 'topic', 0)
    expect([reader.endOffset(), reader.read(0, 10, 1000)]).toEqual([0, []])
    reader.close()
  })
})

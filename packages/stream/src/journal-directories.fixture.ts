// Journals on disk for the tests of their writer and their reader.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { numbered, numberOf } from './numbered-record.fixture.ts'
import { BatchBuffer } from './record-batch.ts'
import { HEADER_BYTES, listSegments, segmentFile } from './segment-format.ts'
import { SegmentReader } from './segment-reader.ts'
import { SegmentWriter } from './segment-writer.ts'

export const PER_BATCH = 3

let dir = ''
let directories = 0

/** To be called before the others; what they make is removed by `removeJournals`. */
export function placeForJournals(): void {
  dir = mkdtempSync(join(tmpdir(), 'sluice-segments-'))
}

export function removeJournals(): void {
  rmSync(dir, { recursive: true, force: true })
}

export const upTo = (end: number, start = 0): number[] =>
  Array.from({ length: end - start }, (_, index) => start + index)

export function newDirectory(): string {
  directories += 1
  return join(dir, `${directories}.journal`)
}

export function writeBatch(writer: SegmentWriter, from: number, count = PER_BATCH, valueBytes = 100): void {
  const buffer = new BatchBuffer(HEADER_BYTES)
  for (let number = from; number < from + count; number += 1) buffer.add(numbered(number, valueBytes))
  writer.write(buffer)
}

/** A copy of a journal as a kill leaves it, in the middle of its life; in two segments, half of the batches in each. */
export function killedCopy(batches: number, segments: 1 | 2 = 1): string {
  const directory = newDirectory()
  const lives = upTo(segments).map((life) => ({ life, batchesOfLife: batches / segments }))
  for (const { life, batchesOfLife } of lives) {
    const writer = SegmentWriter.open(directory, life === 0 ? {} : { segmentBytes: 1 })
    for (let batch = 0; batch < batchesOfLife; batch += 1) writeBatch(writer, writer.nextOffset)
    const copy = copyOf(directory)
    writer.close()
    if (life === segments - 1) return copy
  }
  return directory
}

export function copyOf(directory: string): string {
  const copy = newDirectory()
  cpSync(directory, copy, { recursive: true })
  return copy
}

export function lastSegment(directory: string): string {
  return segmentFile(directory, listSegments(directory).at(-1) ?? -1)
}

export function readNumbers(directory: string, from = 0): number[] {
  const reader = new SegmentReader(directory, 'topic', 0)
  const numbers: number[] = []
  for (let next = from; ; ) {
    const records = reader.read(next, 100, 2 ** 20)
    if (records.length === 0) break
    numbers.push(...records.map(numberOf))
    next = (records.at(-1)?.offset ?? 0) + 1
  }
  reader.close()
  return numbers
}

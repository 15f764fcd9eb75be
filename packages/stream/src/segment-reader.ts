// Reads a journal's segments while their writer goes on: plain reads, no lock. A batch counts as written when it is
// whole and its checksum fits; what a writer is just writing, or left torn, is looked at again later.

import { closeSync, openSync } from 'node:fs'
import { StreamError } from './errors.ts'
import type { StoredRecord } from './event-log.ts'
import { ReadAhead } from './read-ahead.ts'
import { decodeBatch, MAX_BATCH_BYTES } from './record-batch.ts'
import { type Batch, endOf, RecordTaker } from './record-taker.ts'
import { HEADER_BYTES, isIntact, isMissing, listSegments, readHeader, segmentFile } from './segment-format.ts'
import { type Place, scanSegment } from './segment-scan.ts'

const MIN_WINDOW_BYTES = 64 * 1024
const MAX_WINDOW_BYTES = MAX_BATCH_BYTES

type Cursor = { readonly fd: number; readonly base: number; readonly ahead: ReadAhead; at: number; next: number }
/** Why there is no batch at the cursor. */
type NoBatch = 'nothing' | 'part' | 'zeros' | 'damage'

export class SegmentReader {
  readonly #directory: string
  readonly #topic: string
  readonly #partition: number
  #cursor: Cursor | undefined
  /** The offset that the cursor serves next. */
  #expected = -1
  /** The batch that the last read stopped in, so that small reads don't decode a large batch again and again. */
  #current: Batch | undefined
  /** How far the last segment was followed for `endOffset`. */
  #end: (Place & { readonly base: number }) | undefined

  constructor(directory: string, topic: string, partition: number) {
    this.#directory = directory
    this.#topic = topic
    this.#partition = partition
  }

  endOffset(): number {
    for (;;) {
      const base = listSegments(this.#directory).at(-1)
      if (base === undefined) return 0
      const fd = this.#openSegment(base)
      if (fd === undefined) continue
      try {
        const known = this.#end?.base === base ? this.#end : { at: 0, next: base }
        const { place, last } = scanSegment(fd, known, { check: false })
        // The last batch may be there in part only: it is looked at as a whole.
        const { at, next } = place.at === last.at ? place : scanSegment(fd, last, { check: true }).place
        this.#end = { at, next, base }
        return next
      } finally {
        closeSync(fd)
      }
    }
  }

  /**
   * Records from `offset` on, at most `maxRecords` and about `maxBytes`, at least one where there is one. Begins later
   * than `offset` where the records there were trimmed.
   */
  read(offset: number, maxRecords: number, maxBytes: number): StoredRecord[] {
    const taker = new RecordTaker(this.#topic, this.#partition, offset, maxRecords, maxBytes)
    const current = this.#current
    this.#current = undefined
    let from = offset
    if (current !== undefined && offset >= current.base && offset < endOf(current)) {
      if (!taker.take(current)) {
        this.#current = current
        return taker.found
      }
      from = endOf(current)
      if (taker.isFull) return taker.found
    }
    if ((this.#cursor === undefined || this.#expected !== from) && !this.#seek(from, maxBytes)) return taker.found
    while (!taker.isFull) {
      const batch = this.#next(taker.found.length > 0)
      if (batch === undefined) break
      if (endOf(batch) > from) this.#expected = endOf(batch)
      if (!taker.take(batch)) this.#current = batch
      if (this.#current !== undefined) break
    }
    return taker.found
  }

  close(): void {
    if (this.#cursor !== undefined) closeSync(this.#cursor.fd)
    this.#cursor = undefined
  }

  /** Goes to the batch that holds `offset`, or to the first after it; false where there is no segment. */
  #seek(offset: number, maxBytes: number): boolean {
    for (;;) {
      const bases = listSegments(this.#directory)
      const base = bases.findLast((candidate) => candidate <= offset) ?? bases[0]
      if (base === undefined) return false
      if (!this.#enter(base, Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, maxBytes)))) continue
      const cursor = this.#cursor as Cursor
      const { at, next } = scanSegment(cursor.fd, cursor, { check: false, offset }).place
      cursor.at = at
      cursor.next = next
      this.#expected = offset
      return true
    }
  }

  /** The batch at the cursor, also in the next segment. With `foundSome` it doesn't look further than it has read. */
  #next(foundSome: boolean): Batch | undefined {
    for (;;) {
      const cursor = this.#cursor as Cursor
      if (foundSome && cursor.ahead.sawEnd && !cursor.ahead.holds(cursor.at, HEADER_BYTES)) return
      let batch = takeBatch(cursor)
      if (typeof batch !== 'string') return batch
      if (foundSome) return
      const following = listSegments(this.#directory).find((base) => base > cursor.base)
      // Looked at once more: a segment with a follower doesn't change, and a write that failed is gone by now.
      cursor.ahead.forget()
      batch = takeBatch(cursor)
      if (typeof batch !== 'string') return batch
      if (following === undefined) {
        if (batch === 'damage') throw this.#corrupt(cursor)
        return
      }
      if (batch !== 'nothing') throw this.#corrupt(cursor)
      this.#enter(following, cursor.ahead.windowBytes)
    }
  }

  /** False where the segment was trimmed away. */
  #enter(base: number, windowBytes: number): boolean {
    const fd = this.#openSegment(base)
    if (fd === undefined) return false
    this.close()
    this.#cursor = { fd, base, ahead: new ReadAhead(fd, windowBytes), at: 0, next: base }
    return true
  }

  #openSegment(base: number): number | undefined {
    try {
      return openSync(segmentFile(this.#directory, base), 'r')
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
  }

  #corrupt({ base, at }: Cursor): StreamError {
    return new StreamError(
      'log_corrupt',
      `${segmentFile(this.#directory, base)} has no batch at byte ${at}: it was damaged or written by something else. Restore it from a copy, or move it away to go on behind it.`,
    )
  }
}

/** The batch at the cursor, which then moves behind it. The records are a copy: the window is used again. */
function takeBatch(cursor: Cursor): Batch | NoBatch {
  const { ahead, at, next } = cursor
  const head = ahead.locate(at, HEADER_BYTES)
  if (head < 0) return ahead.isEmpty ? 'nothing' : 'part'
  const header = readHeader(ahead.bytes, head)
  if (header === undefined) return isZero(ahead.bytes, head) ? 'zeros' : 'damage'
  if (header.base !== next) return 'damage'
  const bytes = HEADER_BYTES + header.bodyBytes
  const from = ahead.locate(at, bytes)
  if (from < 0) return 'part'
  if (!isIntact(ahead.bytes, from, header)) return ahead.locate(at + bytes, 1) < 0 ? 'part' : 'damage'
  const body = Buffer.from(ahead.bytes.subarray(from + HEADER_BYTES, from + bytes))
  cursor.at = at + bytes
  cursor.next = header.base + header.count
  return { base: header.base, time: header.time, records: decodeBatch(body, header.count) }
}

/** A file system that lost power may leave zeros where data should have come: as good as nothing written. */
function isZero(bytes: Buffer, at: number): boolean {
  for (let index = at; index < at + HEADER_BYTES; index += 1) if (bytes[index] !== 0) return false
  return true
}

// Goes through a segment from batch to batch.

import { fstatSync } from 'node:fs'
import { ReadAhead } from './read-ahead.ts'
import { HEADER_BYTES, isIntact, readHeader } from './segment-format.ts'

const WINDOW_BYTES = 256 * 1024

/** A place between two batches: the byte in the file, and the offset that the batch there begins with. */
export type Place = { readonly at: number; readonly next: number }

export type Scan = {
  /** Behind the last batch that was passed. */
  readonly place: Place
  /** Where that batch began; where the scan began when it passed none. */
  readonly last: Place
  readonly lastTime: number
  /** What stands at `place`: nothing, a part of a batch, bytes that are none, or the batch that was looked for. */
  readonly rest: 'nothing' | 'part' | 'damage' | 'batch'
}

export type ScanOptions = {
  /** Reads the bodies too and compares the checksums; otherwise they are skipped. */
  readonly check: boolean
  /** Stops before the batch that holds this offset. */
  readonly offset?: number
}

export function scanSegment(fd: number, start: Place, { check, offset = Infinity }: ScanOptions): Scan {
  const size = fstatSync(fd).size
  const ahead = new ReadAhead(fd, WINDOW_BYTES)
  let place = start
  let last = start
  let lastTime = 0
  const stop = (rest: Scan['rest']): Scan => ({ place, last, lastTime, rest })
  for (;;) {
    if (place.at >= size) return stop('nothing')
    const head = ahead.locate(place.at, HEADER_BYTES)
    if (head < 0) return stop('part')
    const header = readHeader(ahead.bytes, head)
    if (header === undefined || header.base !== place.next) return stop('damage')
    if (offset < header.base + header.count) return stop('batch')
    const bytes = HEADER_BYTES + header.bodyBytes
    if (place.at + bytes > size) return stop('part')
    if (check) {
      const from = ahead.locate(place.at, bytes)
      if (from < 0) return stop('part')
      if (!isIntact(ahead.bytes, from, header)) return stop('damage')
    }
    last = place
    lastTime = header.time
    place = { at: place.at + bytes, next: header.base + header.count }
  }
}

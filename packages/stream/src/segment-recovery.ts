// What is found when a journal is opened: its segments, without the end that a writer left torn.

import { closeSync, fdatasyncSync, ftruncateSync, openSync, statSync } from 'node:fs'
import { OFFSETS_LOST_AT_MOST } from './boot-identity.ts'
import { listSegments, segmentFile } from './segment-format.ts'
import { lostPower } from './segment-owner.ts'
import { type Scan, scanSegment } from './segment-scan.ts'

const MICROS_PER_MS = 1000

/** A segment that takes no more batches. */
export type FinishedSegment = { readonly base: number; readonly bytes: number; readonly lastTime: number }

export type Recovered = {
  readonly finished: readonly FinishedSegment[]
  /** The segment to go on with, when there is one without a jump. */
  readonly current: FinishedSegment | undefined
  readonly nextOffset: number
  readonly lastTime: number
}

/**
 * Checks the last segment from its start and cuts what follows its last whole batch; after a power cut the one before
 * too, because two may not be on the disk yet. Offsets jump where readers may have seen what was lost.
 */
export function recoverSegments(directory: string): Recovered {
  const bases = listSegments(directory)
  const segments = bases.map((base) => describe(directory, base))
  const last = segments.at(-1)
  if (last === undefined) return { finished: [], current: undefined, nextOffset: 0, lastTime: 0 }
  const power = lostPower(directory)
  const before = segments.at(-2)
  // A segment that was only just begun tells neither the time of the last batch nor how far the one before came.
  const earlier = before !== undefined && (power || last.bytes === 0) ? cutTorn(directory, before) : undefined
  if (before !== undefined) bringToDisk(directory, before)
  if (earlier !== undefined) segments[segments.length - 2] = earlier.segment
  const { segment, next, damaged } = cutTorn(directory, last)
  segments[segments.length - 1] = segment
  const lastTime = segment.bytes > 0 ? segment.lastTime : (earlier?.segment.lastTime ?? 0)
  if (!power && !damaged) return { finished: segments.slice(0, -1), current: segment, nextOffset: next, lastTime }
  return { finished: segments, current: undefined, nextOffset: next + OFFSETS_LOST_AT_MOST, lastTime }
}

function describe(directory: string, base: number): FinishedSegment {
  const { size, mtimeMs } = statSync(segmentFile(directory, base))
  return { base, bytes: size, lastTime: Math.ceil(mtimeMs) * MICROS_PER_MS }
}

/** So that never more than the last two segments wait for it, also where a killed process left two. */
function bringToDisk(directory: string, { base }: FinishedSegment): void {
  const fd = openSync(segmentFile(directory, base), 'r+')
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function cutTorn(
  directory: string,
  { base, bytes, lastTime }: FinishedSegment,
): { segment: FinishedSegment; next: number; damaged: boolean } {
  const fd = openSync(segmentFile(directory, base), 'r+')
  try {
    const found: Scan = scanSegment(fd, { at: 0, next: base }, { check: true })
    const { at, next } = found.place
    if (at < bytes) ftruncateSync(fd, at)
    return {
      segment: { base, bytes: at, lastTime: at > 0 ? found.lastTime : lastTime },
      next,
      damaged: found.rest === 'damage',
    }
  } finally {
    closeSync(fd)
  }
}

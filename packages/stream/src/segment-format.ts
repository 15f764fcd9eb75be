// How the journal lies on disk: a directory of segment files, each named after its first offset, each a sequence of
// batches. A batch is this header (little endian) and the bytes that record-batch.ts describes.
//
//   0 u32 magic and version    4 u32 body bytes    8 u32 CRC-32 of all that follows
//  12 u64 base offset         20 u32 count        24 u64 time in microseconds
//
// Inside a segment offsets have no gap; from one segment to the next they may jump.

import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { MAX_BATCH_BYTES, MAX_RECORD_BYTES, writeU32 } from './record-batch.ts'

export const HEADER_BYTES = 32
const MAGIC = 0x31_4a_4c_53 // 'SLJ1' as it stands in the file
const CHECKED_FROM = 12
const MAX_BODY_BYTES = MAX_BATCH_BYTES + MAX_RECORD_BYTES
const U32 = 2 ** 32
const SEGMENT_FILE = /^(\d{20})\.seg$/

export type BatchHeader = {
  readonly bodyBytes: number
  readonly checksum: number
  readonly base: number
  readonly count: number
  readonly time: number
}

/** Fills in the header of the batch whose body lies behind it, up to `end`. */
export function writeHeader(bytes: Buffer, end: number, base: number, count: number, time: number): void {
  writeU32(bytes, 0, MAGIC)
  writeU32(bytes, 4, end - HEADER_BYTES)
  writeU64(bytes, 12, base)
  writeU32(bytes, 20, count)
  writeU64(bytes, 24, time)
  writeU32(bytes, 8, crc32(bytes.subarray(CHECKED_FROM, end)))
}

/** The header at `at`; undefined where none can be. */
export function readHeader(bytes: Buffer, at: number): BatchHeader | undefined {
  if (bytes.readUInt32LE(at) !== MAGIC) return
  const bodyBytes = bytes.readUInt32LE(at + 4)
  const base = readU64(bytes, at + 12)
  const count = bytes.readUInt32LE(at + 20)
  if (bodyBytes > MAX_BODY_BYTES || count === 0 || !Number.isSafeInteger(base + count)) return
  return { bodyBytes, checksum: bytes.readUInt32LE(at + 8), base, count, time: readU64(bytes, at + 24) }
}

export function isIntact(bytes: Buffer, at: number, header: BatchHeader): boolean {
  return crc32(bytes.subarray(at + CHECKED_FROM, at + HEADER_BYTES + header.bodyBytes)) === header.checksum
}

export function segmentFile(directory: string, base: number): string {
  return join(directory, `${String(base).padStart(20, '0')}.seg`)
}

/** The first offsets of the segments that exist now, in order. */
export function listSegments(directory: string): number[] {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  return names
    .map((name) => SEGMENT_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

/** Brings names that were made, changed or removed in a directory to the disk. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ENOENT'
}

function writeU64(bytes: Buffer, at: number, value: number): void {
  writeU32(bytes, at, value % U32)
  writeU32(bytes, at + 4, Math.floor(value / U32))
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * U32
}

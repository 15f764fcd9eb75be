// Text within `bytea`: as it is, as UTF-16, compressed. Only whether anything is in it: then the value goes as a whole.

import { gunzipSync } from 'node:zlib'
import type { Detectors, ScanContext } from '../detectors/detection.ts'

const MAX_UNZIPPED_BYTES = 2 ** 22

/** Grows up to the longest value that is scanned. */
let scratch = Buffer.alloc(2 ** 12)

const room = (bytes: number): Buffer => {
  if (scratch.length < bytes) scratch = Buffer.alloc(Math.max(bytes, 2 * scratch.length))
  return scratch
}

const BACKSLASH = 0x5c
const X = 0x78

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** `\x68656c6c6f` into `into`: its length, -1 where it is no such thing. */
const readHex = (bytes: Buffer, start: number, end: number, into: Buffer): number => {
  if ((end - start) % 2 !== 0) return -1
  let length = 0
  for (let at = start; at < end; at += 2) {
    const value = (hexDigit(bytes[at] as number) << 4) | hexDigit(bytes[at + 1] as number)
    if (value < 0) return -1
    into[length++] = value
  }
  return length
}

/** `bytea_output = escape`: a doubled backslash, or one before three octal digits. */
const readEscaped = (bytes: Buffer, start: number, end: number, into: Buffer): number => {
  let length = 0
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    if (byte !== BACKSLASH) {
      into[length++] = byte
      at++
    } else if (bytes[at + 1] === BACKSLASH && at + 1 < end) {
      into[length++] = BACKSLASH
      at += 2
    } else {
      const value = Number.parseInt(bytes.toString('latin1', at + 1, Math.min(at + 4, end)), 8)
      if (Number.isNaN(value)) return -1
      into[length++] = value
      at += 4
    }
  }
  return length
}

/** The stored bytes of a `bytea` in text format; null where it can't be read. The result is valid until the next call. */
function byteaOfText(bytes: Buffer, start: number, end: number): Buffer | null {
  const into = room(end - start)
  const isHex = bytes[start] === BACKSLASH && bytes[start + 1] === X && end - start >= 2
  const length = isHex ? readHex(bytes, start + 2, end, into) : readEscaped(bytes, start, end, into)
  return length < 0 ? null : into.subarray(0, length)
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const unzipped = (bytes: Buffer): Buffer | null => {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNZIPPED_BYTES })
  } catch {
    return null
  }
}

const holds = (bytes: Buffer, detectors: Detectors, context: ScanContext): boolean => {
  if (detectors.scanBytes(bytes, 0, bytes.length, context) !== null) return true
  // UTF-16 of what Latin letters and digits can write is the same bytes with NULs between them.
  if (!bytes.includes(0)) return false
  const without = bytes.filter((byte) => byte !== 0)
  return detectors.scanBytes(Buffer.from(without.buffer, 0, without.length), 0, without.length, context) !== null
}

/** Whether the detectors find anything in the stored bytes; true where they can't be read. */
export function byteaHolds(
  stored: { readonly bytes: Buffer; readonly start: number; readonly end: number; readonly format: 'text' | 'binary' },
  detectors: Detectors,
  context: ScanContext,
): boolean {
  const { bytes, start, end, format } = stored
  const raw = format === 'binary' ? bytes.subarray(start, end) : byteaOfText(bytes, start, end)
  if (raw === null) return true
  if (!isGzip(raw)) return holds(raw, detectors, context)
  const content = unzipped(raw)
  return content === null || holds(content, detectors, context)
}

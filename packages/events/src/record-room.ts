// How much room the content of an event needs at most, counted before it is written. Pure.

import { MAX_LONG_BYTES, stringRoom } from './avro-write.ts'
import { FRAMING_BYTES } from './codec.ts'
import { SHA256_BYTES } from './digest.ts'
import { PeerUnsupported } from './errors.ts'
import type { SensitiveSpan } from './frame.ts'
import { MAX_PART_BYTES, NONCE_BYTES, type RawSegment } from './segments.ts'

/** All segments of one event together. A statement or a batch of rows is bounded long before. */
export const MAX_EVENT_PAYLOAD_BYTES = 33_554_432

/** Numbers and branches around header, content, seal, key, closing and links. */
const FRAME_ROOM = FRAMING_BYTES + 2 * SHA256_BYTES + 16 * MAX_LONG_BYTES
const SEGMENT_ROOM = SHA256_BYTES + NONCE_BYTES + 4 * MAX_LONG_BYTES

/** Into how many numbered parts a segment of so many bytes is split. */
export function partsOf(bytes: number): number {
  return bytes <= MAX_PART_BYTES ? 1 : Math.ceil(bytes / MAX_PART_BYTES)
}

/** How many bytes will be sealed: each part's nonce and bytes. Throws PeerUnsupported beyond the bound of an event. */
export function payloadBytesOf(segments: readonly RawSegment[]): number {
  let total = 0
  for (const { bytes } of segments) total += bytes.length + NONCE_BYTES * partsOf(bytes.length)
  if (total > MAX_EVENT_PAYLOAD_BYTES) {
    throw new PeerUnsupported(
      'event_too_large',
      `a payload of ${total} bytes is more than one event can hold (${MAX_EVENT_PAYLOAD_BYTES}); send it in smaller pieces`,
    )
  }
  return total
}

/** Room for all of a record but its header and what only the first and the last event of a session have. */
export function contentRoom(
  segments: readonly RawSegment[],
  spans: readonly SensitiveSpan[],
  context: string | null,
  payloadBytes: number,
): number {
  let room = FRAME_ROOM + payloadBytes
  for (const { label, bytes } of segments) room += (SEGMENT_ROOM + stringRoom(label)) * partsOf(bytes.length)
  for (const { tag } of spans) room += 3 * MAX_LONG_BYTES + stringRoom(tag)
  return context === null ? room : room + stringRoom(context)
}

// The session chain. Each event is linked to the one before it:
//   root(n) = SHA-256(content(n)), 32 zero bytes where the content is empty
//   link(n) = SHA-256(link(n-1) ‖ header(n) ‖ root(n))
// header(n) are the Avro bytes of `header`; content(n) those of `sensitiveSpans`, `context` and `segments` (kind,
// label, length, commitment, part, parts), both as they stand in the frame. Version 1; docs/events.md has vectors.

import { SHA256_BYTES, sha256 } from './digest.ts'
import { uuidBytes } from './uuid.ts'

const FIRST_LINK = Buffer.from('sluice-chain-v1')
const CLOSING = Buffer.from('sluice-close-v1')

/** The content of an event without spans, context and segments: two empty arrays around a null. */
export const EMPTY_CONTENT = Buffer.from([0, 0, 0])
export const EMPTY_ROOT = Buffer.alloc(SHA256_BYTES)

/** What the first event of a session is linked to: binds the session and the node's Ed25519 key (32 bytes). */
export function firstLink(sessionId: string, nodePublicKey: Buffer): Buffer {
  return sha256(FIRST_LINK, uuidBytes(sessionId), nodePublicKey)
}

export function contentRoot(contentBytes: Buffer): Buffer {
  return contentBytes.equals(EMPTY_CONTENT) ? EMPTY_ROOT : sha256(contentBytes)
}

export function nextLink(previous: Buffer, headerBytes: Buffer, root: Buffer): Buffer {
  return sha256(previous, headerBytes, root)
}

/** What the node signs when a session ends: the session, its count of events, and the link of the last. */
export function closingBytes(sessionId: string, count: number, link: Buffer): Buffer {
  const countBytes = Buffer.alloc(8)
  countBytes.writeBigInt64BE(BigInt(count))
  return Buffer.concat([CLOSING, uuidBytes(sessionId), countBytes, link])
}

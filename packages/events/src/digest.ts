// SHA-256 of a slice, written into a place. crypto.hash with a Latin-1 result is the cheapest way Node has for
// short inputs: no Buffer is made for the result, which costs more than the hash itself.

import { hash } from 'node:crypto'

export const SHA256_BYTES = 32

/** Writes SHA-256 of `source` to `target` at `position`. */
export function sha256Into(source: Uint8Array, target: Buffer, position: number): void {
  const digest = hash('sha256', source, 'latin1')
  for (let at = 0; at < SHA256_BYTES; at++) target[position + at] = digest.charCodeAt(at)
}

/** SHA-256 of the concatenation of `parts`. */
export function sha256(...parts: readonly Buffer[]): Buffer {
  const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  return hash('sha256', whole, 'buffer')
}

const MAX_KEPT_VIEW_BYTES = 1_024
const INITIAL_BYTES = 8_192

/**
 * A place to put together what is hashed. Its views of usual lengths are kept: making one costs as much as a short hash.
 */
export class HashInput {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #views: (Uint8Array | undefined)[] = []

  /** A buffer with room for `length` bytes, valid until the next call. */
  reserve(length: number): Buffer {
    if (this.#bytes.length < length) {
      this.#bytes = Buffer.allocUnsafeSlow(length)
      this.#views = []
    }
    return this.#bytes
  }

  /** The first `length` bytes. */
  view(length: number): Uint8Array {
    if (length > MAX_KEPT_VIEW_BYTES) return this.#bytes.subarray(0, length)
    this.#views[length] ??= this.#bytes.subarray(0, length)
    return this.#views[length]
  }
}

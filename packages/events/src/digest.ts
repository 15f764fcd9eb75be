// SHA-256 of a slice, written into a place. crypto.hash with a Latin-1 result is the cheapest way Node has for
// short inputs: no Buffer is made for the result, which costs more than the hash itself.

import { hash } from 'node:crypto'

export const SHA256_BYTES = 32

/** Writes SHA-256 of `source[start, end)` to `target` at `position`. */
export function sha256Into(source: Buffer, start: number, end: number, target: Buffer, position: number): void {
  target.write(hash('sha256', source.subarray(start, end), 'latin1'), position, SHA256_BYTES, 'latin1')
}

/** SHA-256 of the concatenation of `parts`. */
export function sha256(...parts: readonly Buffer[]): Buffer {
  const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  return hash('sha256', whole, 'buffer')
}

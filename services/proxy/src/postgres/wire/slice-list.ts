// Bytes on their way out, in order. Neighbours in the same memory become one slice again, so that a chunk that passes
// unchanged leaves as one write without a copy.

import type { Socket } from 'node:net'
import { AdjacentChunks } from './adjacent-chunks.ts'

/**
 * Writes the slices with one system call. False when the peer is slower than we are. `written` is called when their
 * memory is free again; never when the connection is lost before.
 */
export function writeAll(socket: Socket, slices: readonly Buffer[], written: (() => void) | null): boolean {
  const several = slices.length > 1
  if (several) socket.cork()
  let flowing = true
  for (const [index, bytes] of slices.entries()) {
    flowing =
      written === null || index < slices.length - 1
        ? socket.write(bytes)
        : socket.write(bytes, (error) => {
            if (!error) written()
          })
  }
  if (several) socket.uncork()
  return flowing
}

/** Below this, copying into one buffer is cheaper than a write for each slice. */
const CONCAT_BELOW_BYTES = 16 * 1024

export class SliceList {
  #slices: Buffer[] = []
  /** The neighbours at the end; their slice is made when another comes that is none. */
  readonly #run = new AdjacentChunks()
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  push(slice: Buffer): void {
    if (slice.length === 0) return
    this.#bytes += slice.length
    const earlier = this.#run.add(slice)
    if (earlier !== null) this.#slices.push(earlier)
  }

  /** All that is held, as few buffers as sensible; the list is empty afterwards. */
  take(): readonly Buffer[] {
    const last = this.#run.take()
    if (last !== null) this.#slices.push(last)
    const slices = this.#slices
    const bytes = this.#bytes
    if (bytes === 0) return slices
    this.#slices = []
    this.#bytes = 0
    return slices.length > 1 && bytes < CONCAT_BELOW_BYTES ? [Buffer.concat(slices, bytes)] : slices
  }
}

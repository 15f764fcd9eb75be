// Bytes on their way out, in order. Neighbours in the same memory become one slice again, so that a chunk that passes
// unchanged leaves as one write without a copy.

import type { Socket } from 'node:net'

/**
 * Writes the slices with one system call. False when the peer is slower than we are. `written` is called when their
 * memory is free again; never when the connection is lost before. */
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
  /** The run of neighbours at the end; its slice is made when the run is over. */
  #run: Buffer | null = null
  #runBytes = 0
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  push(slice: Buffer): void {
    const { length } = slice
    if (length === 0) return
    this.#bytes += length
    const run = this.#run
    if (run !== null && run.buffer === slice.buffer && run.byteOffset + this.#runBytes === slice.byteOffset) {
      this.#runBytes += length
      return
    }
    this.#endRun()
    this.#run = slice
    this.#runBytes = length
  }

  /** All that is held, as few buffers as sensible; the list is empty afterwards. */
  take(): readonly Buffer[] {
    this.#endRun()
    const slices = this.#slices
    const bytes = this.#bytes
    if (bytes === 0) return slices
    this.#slices = []
    this.#bytes = 0
    return slices.length > 1 && bytes < CONCAT_BELOW_BYTES ? [Buffer.concat(slices, bytes)] : slices
  }

  #endRun(): void {
    const run = this.#run
    if (run === null) return
    this.#run = null
    this.#slices.push(run.length === this.#runBytes ? run : Buffer.from(run.buffer, run.byteOffset, this.#runBytes))
  }
}

// Bytes on their way out, in order. Neighbours in the same memory become one slice again, so that a chunk that passes
// unchanged leaves as one write without a copy.

/** Below this, copying into one buffer is cheaper than a write for each slice. */
const CONCAT_BELOW_BYTES = 16 * 1024

export class SliceList {
  #slices: Buffer[] = []
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  push(slice: Buffer): void {
    if (slice.length === 0) return
    this.#bytes += slice.length
    const last = this.#slices.at(-1)
    if (last !== undefined && last.buffer === slice.buffer && last.byteOffset + last.length === slice.byteOffset) {
      this.#slices[this.#slices.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + slice.length)
      return
    }
    this.#slices.push(slice)
  }

  /** All that is held, as few buffers as sensible; the list is empty afterwards. */
  take(): readonly Buffer[] {
    const slices = this.#slices
    const bytes = this.#bytes
    this.#slices = []
    this.#bytes = 0
    return slices.length > 1 && bytes < CONCAT_BELOW_BYTES ? [Buffer.concat(slices, bytes)] : slices
  }

  takeOne(): Buffer {
    const slices = this.take()
    return slices.length === 1 ? (slices[0] as Buffer) : Buffer.concat(slices)
  }
}

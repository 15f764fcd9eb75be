// Chunks that lie one behind the other in the same memory, put together without a copy. TLS gives what it read record by
// record, and what passes unchanged is walked message by message: as one piece it costs one walk and one write, and its
// memory can be given back as a whole.

export class AdjacentChunks {
  #first: Buffer | null = null
  #bytes = 0

  /** Takes a chunk; returns what was held before when the two are not neighbours. */
  add(chunk: Buffer): Buffer | null {
    const first = this.#first
    if (first !== null && first.buffer === chunk.buffer && first.byteOffset + this.#bytes === chunk.byteOffset) {
      this.#bytes += chunk.length
      return null
    }
    const earlier = this.take()
    this.#first = chunk
    this.#bytes = chunk.length
    return earlier
  }

  /** Whether what is held is all of its memory: then nobody else has a part in it. */
  get isWhole(): boolean {
    return this.#first !== null && this.#bytes === this.#first.buffer.byteLength
  }

  /** All that is held, as one view. */
  take(): Buffer | null {
    const first = this.#first
    this.#first = null
    if (first === null || first.length === this.#bytes) return first
    return Buffer.from(first.buffer, first.byteOffset, this.#bytes)
  }
}

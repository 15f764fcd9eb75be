// Random bytes from a pool: one call to the operating system for some hundred takes.

import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8_192

export class RandomPool {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  #position = POOL_BYTES

  /** Copies `length` fresh random bytes (at most the pool's size) into `target`, and forgets them. */
  fill(target: Buffer, position: number, length: number): void {
    const pool = this.#pool
    const start = this.take(length)
    for (let at = 0; at < length; at++) {
      target[position + at] = pool[start + at] as number
      pool[start + at] = 0
    }
  }

  /** A random unsigned integer of 16 bits. */
  uint16(): number {
    return this.#pool.readUInt16LE(this.take(2))
  }

  /** A random unsigned integer of 32 bits. */
  uint32(): number {
    return this.#pool.readUInt32LE(this.take(4))
  }

  private take(length: number): number {
    if (this.#position + length > POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#position = 0
    }
    const start = this.#position
    this.#position += length
    return start
  }
}

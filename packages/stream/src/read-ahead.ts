// Reads a file through one reusable window, so that going through it in order costs a system call for each window.

import { readSync } from 'node:fs'

export class ReadAhead {
  readonly #fd: number
  readonly #windowBytes: number
  #bytes: Buffer
  #start = 0
  #length = 0
  #sawEnd = false

  constructor(fd: number, windowBytes: number) {
    this.#fd = fd
    this.#windowBytes = windowBytes
    this.#bytes = Buffer.allocUnsafeSlow(windowBytes)
  }

  /** What `locate` points into, valid until its next call. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Whether the last read reached the file's end as it was then. */
  get sawEnd(): boolean {
    return this.#sawEnd
  }

  /** Whether the last read found nothing. */
  get isEmpty(): boolean {
    return this.#length === 0
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  /** Whether `locate` would answer without a read. */
  holds(at: number, length: number): boolean {
    return at >= this.#start && at + length <= this.#start + this.#length
  }

  /** Where in `bytes` the file's bytes from `at` on are; -1 where the file has fewer than `length` of them. */
  locate(at: number, length: number): number {
    if (this.holds(at, length)) return at - this.#start
    const size = Math.max(length, this.#windowBytes)
    // A window that one large batch needed is given back with the next one.
    if (size !== this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(size)
    this.#start = at
    this.#length = readSync(this.#fd, this.#bytes, 0, size, at)
    this.#sawEnd = this.#length < size
    return this.#length < length ? -1 : 0
  }

  /** Has the next `locate` read anew: what was read may have been changed since. */
  forget(): void {
    this.#length = 0
  }
}

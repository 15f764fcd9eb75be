// What was found out about a text is kept for the same text, bounded by bytes. Two generations instead of a list in order
// of use: a hit in the young one changes nothing, and what nobody asked for while a generation filled up is dropped.

/** Of both generations together. */
export const MAX_CACHE_BYTES = 16 * 1024 * 1024
/** Longer texts are read again: a few of them would push everything else out. */
export const MAX_CACHED_CHARACTERS = 64 * 1024

export class TextCache<V> {
  readonly #maxBytes: number
  readonly #sizeOf: (value: V) => number
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  #youngBytes = 0
  #oldBytes = 0

  /** `sizeOf` estimates the memory of a value in bytes; the text is counted here. */
  constructor(sizeOf: (value: V) => number, maxBytes: number = MAX_CACHE_BYTES) {
    this.#sizeOf = sizeOf
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#youngBytes + this.#oldBytes
  }

  get(text: string): V | undefined {
    const young = this.#young.get(text)
    if (young !== undefined) return young
    const old = this.#old.get(text)
    if (old !== undefined) this.set(text, old)
    return old
  }

  set(text: string, value: V): void {
    if (text.length > MAX_CACHED_CHARACTERS || this.#young.has(text)) return
    const bytes = 2 * text.length + this.#sizeOf(value)
    if (this.#youngBytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young
      this.#oldBytes = this.#youngBytes
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(text, value)
    this.#youngBytes += bytes
  }
}

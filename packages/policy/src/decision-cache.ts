// Decisions by the facts that they were made of, bounded by count; what was asked least recently goes first.

import { createHash } from 'node:crypto'

export const MAX_DECISIONS = 4_096

/** A digest, so that an entry is small whatever the statement names. */
export function cacheKey(facts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64')
}

export class DecisionCache<T> {
  readonly #max: number
  readonly #entries = new Map<string, T>()

  constructor(max: number = MAX_DECISIONS) {
    this.#max = max
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): T | undefined {
    const found = this.#entries.get(key)
    if (found === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, found)
    return found
  }

  set(key: string, value: T): void {
    if (this.#entries.size >= this.#max) {
      const oldest = this.#entries.keys().next()
      if (oldest.done !== true) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, value)
  }
}

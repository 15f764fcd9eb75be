// Token buckets by key: so many at once, so many a second after that. Bounded: the keys that were idle longest go first.

export type RateLimitOptions = { readonly burst: number; readonly perSecond: number; readonly maxKeys: number }

type Bucket = { readonly left: number; readonly atMs: number }

export class RateLimit {
  readonly #options: RateLimitOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RateLimitOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Seconds until one is free again; 0 where one is. Takes nothing. */
  waitSeconds(key: string, nowMs: number): number {
    const left = this.#left(key, nowMs)
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#options.perSecond)
  }

  take(key: string, nowMs: number): void {
    const left = Math.max(0, this.#left(key, nowMs) - 1)
    this.#buckets.delete(key)
    if (this.#buckets.size >= this.#options.maxKeys) {
      const [longestIdle] = this.#buckets.keys()
      if (longestIdle !== undefined) this.#buckets.delete(longestIdle)
    }
    this.#buckets.set(key, { left, atMs: nowMs })
  }

  #left(key: string, nowMs: number): number {
    const { burst, perSecond } = this.#options
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) return burst
    return Math.min(burst, bucket.left + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
  }
}

// Bounds how often a client may do one thing. Who is too fast is refused, and told how long to wait: in words, and in
// the header that clients obey.
import { type OwnCode, type ProblemError, refuse } from './problem.ts'
import { RateLimit, type RateLimitOptions } from './rate-limit.ts'

export type RequestLimitOptions = RateLimitOptions & {
  readonly code: OwnCode
  readonly detail: (waitSeconds: number) => string
}

export class RequestLimit {
  readonly #options: RequestLimitOptions
  readonly #rate: RateLimit

  constructor(options: RequestLimitOptions) {
    this.#options = options
    this.#rate = new RateLimit(options)
  }

  /** Null where one is free. Takes nothing. */
  refusal(key: string, nowMs: number): ProblemError | null {
    const waitSeconds = this.#rate.waitSeconds(key, nowMs)
    if (waitSeconds === 0) return null
    const { code, detail } = this.#options
    return refuse(code, detail(waitSeconds), { 'retry-after': String(waitSeconds) })
  }

  take(key: string, nowMs: number): void {
    this.#rate.take(key, nowMs)
  }

  /** Takes one. @throws ProblemError where none is free */
  count(key: string, nowMs: number): void {
    const refusal = this.refusal(key, nowMs)
    if (refusal !== null) throw refusal
    this.take(key, nowMs)
  }
}

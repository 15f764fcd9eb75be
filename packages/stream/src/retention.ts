// Removes what is older than a topic's retention: in small pieces with pauses, because it runs where records are written.

const LOOK_EVERY_MS = 60_000
const PAUSE_MS = 5

export class Retention {
  readonly #keepMs: number
  readonly #trim: (olderThanMicros: number) => number
  #timer: NodeJS.Timeout

  /** `trim` removes a bounded number of records and returns how many, 0 when there are no more. */
  constructor(keepMs: number, trim: (olderThanMicros: number) => number) {
    this.#keepMs = keepMs
    this.#trim = trim
    this.#timer = this.#after(PAUSE_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#piece(), ms).unref()
  }

  #piece(): void {
    let records = 0
    try {
      records = this.#trim((Date.now() - this.#keepMs) * 1000)
    } catch {
      // The disk is full or gone: who appends is told, and the next look tries again.
    }
    this.#timer = this.#after(records > 0 ? PAUSE_MS : LOOK_EVERY_MS)
  }
}

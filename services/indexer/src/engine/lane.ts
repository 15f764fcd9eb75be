// A queue in front of something that takes one piece of work at a time. Bounded: who finds it full is told so.

export class LaneFull extends Error {}

export class Lane {
  readonly #maxWaiting: number
  #waiting = 0
  #tail: Promise<unknown> = Promise.resolve()

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Runs `work` after everything before it has settled. Throws LaneFull where too many wait. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) return Promise.reject(new LaneFull('too many requests are waiting'))
    this.#waiting += 1
    const result = this.#tail.then(() => {
      this.#waiting -= 1
      return work()
    })
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#waiting > 0) await this.#tail
    await this.#tail
  }
}

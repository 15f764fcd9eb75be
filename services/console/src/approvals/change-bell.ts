// Lets requests wait until something changed: bounded in time, in number, and by the client's patience.

export const MAX_WAITING = 1_000
/** Each ring costs an answer to all who wait, so that nobody may wait many times over. */
export const MAX_WAITING_EACH = 20

export type WaitOptions = {
  /** Who waits. */
  readonly key: string
  readonly maxMs: number
  /** Aborted when nobody waits for the answer any more. */
  readonly signals: readonly AbortSignal[]
}

export class ChangeBell {
  readonly #waiting = new Set<() => void>()
  readonly #countOf = new Map<string, number>()

  get waiting(): number {
    return this.#waiting.size
  }

  /** No more may wait now, or no more of theirs. */
  isFullFor(key: string): boolean {
    return this.#waiting.size >= MAX_WAITING || (this.#countOf.get(key) ?? 0) >= MAX_WAITING_EACH
  }

  ring(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Resolves at the next ring, and at the latest when the time is over or a signal came. */
  wait({ key, maxMs, signals }: WaitOptions): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        if (this.#waiting.delete(end)) this.#count(key, -1)
        for (const signal of signals) signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, maxMs)
      this.#waiting.add(end)
      this.#count(key, 1)
      for (const signal of signals) signal.addEventListener('abort', end)
      if (signals.some(({ aborted }) => aborted)) end()
    })
  }

  #count(key: string, change: 1 | -1): void {
    const count = (this.#countOf.get(key) ?? 0) + change
    if (count > 0) this.#countOf.set(key, count)
    else this.#countOf.delete(key)
  }
}

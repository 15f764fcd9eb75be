// Lets requests wait until something changed: bounded in time, in number, and by the client's patience.

export const MAX_WAITING = 1_000

export type WaitOptions = {
  readonly maxMs: number
  /** Aborted when nobody waits for the answer any more. */
  readonly signals: readonly AbortSignal[]
}

export class ChangeBell {
  readonly #waiting = new Set<() => void>()

  get waiting(): number {
    return this.#waiting.size
  }

  /** No more may wait now. */
  get isFull(): boolean {
    return this.#waiting.size >= MAX_WAITING
  }

  ring(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Resolves at the next ring, and at the latest when the time is over or a signal came. */
  wait({ maxMs, signals }: WaitOptions): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(end)
        for (const signal of signals) signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, maxMs)
      this.#waiting.add(end)
      for (const signal of signals) signal.addEventListener('abort', end)
      if (signals.some(({ aborted }) => aborted)) end()
    })
  }
}

// Who may look at a database at a time. A look at what a command would touch costs the database some milliseconds of its
// processor; when many sessions ask at once, those that ask nothing would wait for them.

import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'

const MAX_LOOKS = 2
/** A look that waits for a lock, or whose session has ended, stands in nobody's way for longer. */
const MAX_TURN_MS = 100

/** The turns of one connection. */
export class LookTurns {
  readonly #limit = pLimit(MAX_LOOKS)

  /** Begins to look when it is its turn. */
  async take<Result>(look: () => Promise<Result>): Promise<Result> {
    let looking: Promise<Result> | undefined
    await this.#limit(async () => {
      looking = look()
      const turn = new AbortController()
      const timer = delay(MAX_TURN_MS, undefined, { signal: turn.signal }).catch(() => undefined)
      await Promise.race([looking, timer]).finally(() => turn.abort())
    })
    return looking as Promise<Result>
  }
}

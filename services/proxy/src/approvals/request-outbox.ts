// Records on their way to the log. Each one costs a signature, so many at once are spread over several turns of the
// event loop; those that nobody waits for are tried again while the log is busy.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ApprovalRequest } from '@sluice/events'

/** A few hundred microseconds of work; then everyone else has a turn. */
const RECORDS_PER_TURN = 4
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 5_000
/** With the pauses above, about half a minute; the log itself waits for a busy disk besides. */
const ATTEMPTS = 12

export interface RequestWriter {
  publish(recordKey: string, content: ApprovalRequest): Promise<unknown>
  /** No further version of this key will be written. */
  forget(recordKey: string): void
}

export type OutboxOptions = {
  readonly writer: RequestWriter
  /** Records that are tried again at the same time. */
  readonly maxInBackground: number
  /** A record that nobody waited for did not reach the log: people see the command as held until its time is out. */
  readonly onLost: (content: ApprovalRequest, error: unknown) => void
}

type Waiting = {
  readonly content: ApprovalRequest
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class RequestOutbox {
  readonly #options: OutboxOptions
  #waiting: Waiting[] = []
  #busy = false
  readonly #background = new Set<Promise<void>>()
  readonly #closing = new AbortController()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Resolves when the log has the record; rejects as the log does. */
  publish(content: ApprovalRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ content, resolve, reject })
      this.#takeTurn()
    })
  }

  /** The last record of this approval: nobody waits for it, so it is tried again a number of times. */
  publishLast(content: ApprovalRequest): void {
    if (this.#background.size >= this.#options.maxInBackground) {
      this.#options.onLost(content, new Error('too many records wait for the log'))
      this.#options.writer.forget(content.approvalId)
      return
    }
    const attempts = this.#tryAgainAndAgain(content).finally(() => {
      this.#background.delete(attempts)
      this.#options.writer.forget(content.approvalId)
    })
    this.#background.add(attempts)
  }

  /** Gives what is under way `graceMs`, then gives up on it. */
  async close(graceMs: number): Promise<void> {
    const cut = setTimeout(() => this.#closing.abort(), graceMs)
    await Promise.all(this.#background)
    clearTimeout(cut)
    this.#closing.abort()
  }

  /** The next few follow when the log has answered: else those that waited for it would be written all at once. */
  #takeTurn(): void {
    if (this.#busy || this.#waiting.length === 0) return
    this.#busy = true
    setImmediate(() => {
      const answered = this.#waiting
        .splice(0, RECORDS_PER_TURN)
        .map(({ content, resolve, reject }) =>
          this.#options.writer.publish(content.approvalId, content).then(() => resolve(), reject),
        )
      void Promise.all(answered).then(() => {
        this.#busy = false
        this.#takeTurn()
      })
    })
  }

  async #tryAgainAndAgain(content: ApprovalRequest): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    for (let attempt = 1; ; attempt++) {
      try {
        await this.publish(content)
        return
      } catch (error) {
        if (attempt === ATTEMPTS || this.#closing.signal.aborted) {
          this.#options.onLost(content, error)
          return
        }
      }
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
    }
  }
}

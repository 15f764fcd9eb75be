// Decisions on their way into the log, in the order in which they were made. What the approver knows is ahead of the log by
// these; one that the log does not take is tried again until it does, and a restart decides anew what never got there.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ApproverEvent } from './approval-state.ts'

export type DecidedEvent = Extract<ApproverEvent, { kind: 'decided' }>

/** Beyond it nothing more is decided until the log has taken some. */
export const MAX_WAITING_DECISIONS = 1_000
const MAX_BATCH = 200
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000

export type DecisionOutboxOptions = {
  readonly publish: (event: DecidedEvent) => Promise<unknown>
  readonly onPublished: (event: DecidedEvent) => void
  readonly onFailure: (error: unknown) => void
}

export class DecisionOutbox {
  readonly #options: DecisionOutboxOptions
  readonly #closing = new AbortController()
  #waiting: DecidedEvent[] = []
  #run: Promise<void> | null = null
  #failing = false

  constructor(options: DecisionOutboxOptions) {
    this.#options = options
  }

  /** Whether the log refused the last of them. */
  get failing(): boolean {
    return this.#failing
  }

  push(event: DecidedEvent): void {
    this.#waiting.push(event)
    this.#run ??= this.#work()
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING_DECISIONS) await this.#run
  }

  /** Gives up what the log does not take at once. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#run
  }

  async #work(): Promise<void> {
    // Everything that is decided in this turn goes together.
    await Promise.resolve()
    for (let waitMs = FIRST_RETRY_MS; this.#waiting.length > 0; ) {
      if (await this.#publishSome()) {
        waitMs = FIRST_RETRY_MS
      } else {
        if (this.#closing.signal.aborted) break
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
        waitMs = Math.min(2 * waitMs, LAST_RETRY_MS)
      }
    }
    this.#run = null
  }

  async #publishSome(): Promise<boolean> {
    const batch = this.#waiting.slice(0, MAX_BATCH)
    const results = await Promise.allSettled(batch.map((event) => this.#options.publish(event)))
    const failed = batch.filter((_, index) => results[index]?.status === 'rejected')
    this.#waiting = [...failed, ...this.#waiting.slice(batch.length)]
    this.#failing = failed.length > 0
    batch.forEach((event, index) => {
      const result = results[index]
      if (result?.status === 'fulfilled') this.#options.onPublished(event)
    })
    const refused = results.find((result) => result.status === 'rejected')
    if (refused !== undefined) this.#options.onFailure(refused.reason)
    return failed.length === 0
  }
}

// Waits for the end of a held command at the upstream and keeps what would tell the client of it.

import type { Gate } from '../session/reply-queue.ts'
import type { TransactionStatus } from '../wire/message-types.ts'

export type RunEnd = {
  /** Null where it failed: the client was told. */
  readonly completion: Buffer | null
  readonly failure: string | null
  /** Null for the extended protocol. */
  readonly status: TransactionStatus | null
}

export class RunGate implements Gate {
  readonly ended: Promise<RunEnd>
  readonly #settle: (end: RunEnd) => void
  readonly #waitsForReady: boolean
  #completion: Buffer | null = null
  #failure: string | null = null

  constructor(waitsForReady: boolean) {
    const { promise, resolve } = Promise.withResolvers<RunEnd>()
    this.ended = promise
    this.#settle = resolve
    this.#waitsForReady = waitsForReady
  }

  completed(bytes: Buffer): void {
    // A copy: it waits longer than what arrived with it.
    this.#completion = Buffer.from(bytes)
    if (!this.#waitsForReady) this.#done(null)
  }

  failed(sqlState: string): void {
    this.#failure = sqlState
    if (!this.#waitsForReady) this.#done(null)
  }

  ready(status: TransactionStatus): void {
    this.#done(status)
  }

  #done(status: TransactionStatus | null): void {
    this.#settle({ completion: this.#failure === null ? this.#completion : null, failure: this.#failure, status })
  }
}

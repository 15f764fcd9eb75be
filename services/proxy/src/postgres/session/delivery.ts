// Result bytes between the upstream and the client: held until their record exists, released when the journal has it.

import type { OutcomeStatus } from '@sluice/events'
import type { OpenRequest, Session } from '@sluice/session'
import { SliceList } from '../wire/slice-list.ts'

/** A result is recorded in batches of about this size. */
export const RESULT_BATCH_BYTES = 64 * 1024

export class Delivery {
  readonly #session: Session
  /** What no record covers yet: part of a result, and all that must not overtake it. */
  readonly #held = new SliceList()
  /** May leave with the next commit. */
  readonly #ready = new SliceList()
  #owner: OpenRequest | null = null

  constructor(session: Session) {
    this.#session = session
  }

  get holdsUnrecorded(): boolean {
    return this.#held.byteLength > 0
  }

  /** Bytes that belong to no request, or that the gateway says itself. */
  push(bytes: Buffer): void {
    if (this.#held.byteLength > 0) this.#held.push(bytes)
    else this.#ready.push(bytes)
  }

  /** Bytes of the answer to `request`. Throws AuditUnavailable when a full batch can't be recorded. */
  pushResult(request: OpenRequest, bytes: Buffer): void {
    this.#owner = request
    this.#held.push(bytes)
    if (this.#held.byteLength >= RESULT_BATCH_BYTES) this.recordPartial()
  }

  /** Records what is held of a result that goes on. Throws AuditUnavailable. */
  recordPartial(): void {
    if (this.#owner === null || this.#held.byteLength === 0) return
    const result = this.#held.takeOne()
    this.#session.response(this.#owner, result)
    this.#ready.push(result)
  }

  /** Records the end of `request`. Throws AuditUnavailable. */
  finish(request: OpenRequest, status: OutcomeStatus, code: string | null): void {
    const owns = this.#owner === request
    const result = owns && this.#held.byteLength > 0 ? this.#held.takeOne() : null
    this.#session.finish(request, status, code, result)
    if (owns) this.#owner = null
    if (result !== null) this.#ready.push(result)
  }

  /** What may be written to the client now that the journal has its records. */
  take(): readonly Buffer[] {
    return this.#ready.take()
  }

  /** Drops what no record covers: it is not delivered. */
  abandon(): void {
    this.#owner = null
    this.#held.take()
  }
}

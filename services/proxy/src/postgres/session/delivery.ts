// Result bytes between the upstream and the client: held until their record exists, released when the journal has it.

import { freeMemory, type OutcomeStatus } from '@sluice/events'
import type { OpenRequest, Session } from '@sluice/session'
import { AdjacentChunks } from '../wire/adjacent-chunks.ts'
import { SliceList } from '../wire/slice-list.ts'

/** A result is recorded in batches of about this size. */
export const RESULT_BATCH_BYTES = 64 * 1024

/** The memory of smaller chunks is left to the garbage collector. */
const MIN_FREED_BYTES = 4 * 1024

const NOTHING: readonly Buffer[] = []

/** Where a batch is put together to be recorded; the recorder copies it at once, and what is delivered is not copied. */
const batch = Buffer.allocUnsafeSlow(4 * RESULT_BATCH_BYTES)

/** The slices one after the other: a view that the next call overwrites. */
function asOne(slices: readonly Buffer[]): Buffer {
  const [first] = slices
  if (slices.length === 1 && first !== undefined) return first
  let length = 0
  for (const bytes of slices) length += bytes.length
  if (length > batch.length) return Buffer.concat(slices)
  let at = 0
  for (const bytes of slices) at += bytes.copy(batch, at)
  return batch.subarray(0, at)
}

export class Delivery {
  readonly #session: Session
  /** What no record covers yet: part of a result, and all that must not overtake it. */
  readonly #held = new SliceList()
  /** May leave with the next commit. */
  readonly #ready = new SliceList()
  #owner: OpenRequest | null = null
  /** Bytes that came in and that went out, since the session began. */
  #pushed = 0
  #taken = 0
  /** Memory that is free once all that was pushed up to then is written. */
  #spent: { readonly memory: Buffer; readonly until: number }[] = []
  /** Chunks that have a part of some memory in common, until they are all of it. */
  readonly #memory = new AdjacentChunks()

  constructor(session: Session) {
    this.#session = session
  }

  get holdsUnrecorded(): boolean {
    return this.#held.byteLength > 0
  }

  /** Bytes that belong to no request, or that the gateway says itself. */
  push(bytes: Buffer): void {
    this.#pushed += bytes.length
    if (this.#held.byteLength > 0) this.#held.push(bytes)
    else this.#ready.push(bytes)
  }

  /** Bytes of the answer to `request`. Throws AuditUnavailable when a full batch can't be recorded. */
  pushResult(request: OpenRequest, bytes: Buffer): void {
    this.#owner = request
    this.#pushed += bytes.length
    this.#held.push(bytes)
    if (this.#held.byteLength >= RESULT_BATCH_BYTES) this.recordPartial()
  }

  /** Records what is held of a result that goes on. Throws AuditUnavailable. */
  recordPartial(): void {
    if (this.#owner === null || this.#held.byteLength === 0) return
    const slices = this.#held.take()
    this.#session.response(this.#owner, asOne(slices))
    for (const bytes of slices) this.#ready.push(bytes)
  }

  /** Records the end of `request`. Throws AuditUnavailable. */
  finish(request: OpenRequest, status: OutcomeStatus, code: string | null): void {
    const owns = this.#owner === request
    const slices = owns ? this.#held.take() : NOTHING
    this.#session.finish(request, status, code, slices.length > 0 ? asOne(slices) : null)
    if (owns) this.#owner = null
    for (const bytes of slices) this.#ready.push(bytes)
  }

  /** What may be written to the client now that the journal has its records. */
  take(): readonly Buffer[] {
    this.#taken += this.#ready.byteLength
    return this.#ready.take()
  }

  /** All of `chunk` was pushed or is no longer needed. */
  spent(chunk: Buffer): void {
    if (chunk.length < MIN_FREED_BYTES) return
    this.#memory.add(chunk)
    if (!this.#memory.isWhole) return
    const memory = this.#memory.take()
    if (memory !== null) this.#spent.push({ memory, until: this.#pushed })
  }

  /** To be called when what was taken last is written; null where that frees nothing. */
  get written(): (() => void) | null {
    if (this.#spent.length === 0) return null
    const taken = this.#taken
    return () => {
      const free = this.#spent.findIndex(({ until }) => until > taken)
      for (const { memory } of this.#spent.splice(0, free < 0 ? this.#spent.length : free)) freeMemory(memory)
    }
  }

  /** Drops what no record covers: it is not delivered. */
  abandon(): void {
    this.#owner = null
    this.#held.take()
  }
}

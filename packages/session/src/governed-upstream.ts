// The only way to an upstream: bytes are taken against a permit, kept until the journal has their record, and written.

import type { Permit } from './permit.ts'

export interface UpstreamSocket {
  /** False when the peer is slower than we are. */
  write(bytes: Buffer): boolean
}

export interface OutgoingBytes {
  push(bytes: Buffer): void
  take(): readonly Buffer[]
}

export class GovernedUpstream {
  readonly #sessionId: string
  readonly #socket: UpstreamSocket
  readonly #outgoing: OutgoingBytes

  constructor(sessionId: string, socket: UpstreamSocket, outgoing: OutgoingBytes) {
    this.#sessionId = sessionId
    this.#socket = socket
    this.#outgoing = outgoing
  }

  /** Queues the messages of one frame. Throws PermitMisused without a fresh permit for exactly this frame. */
  queue(permit: Permit, frame: number, messages: readonly Buffer[]): void {
    permit.redeem(this.#sessionId, frame)
    for (const bytes of messages) this.#outgoing.push(bytes)
  }

  /** Writes what is queued. Call it only when the journal holds every record of this turn. */
  release(): boolean {
    let flowing = true
    for (const bytes of this.#outgoing.take()) flowing = this.#socket.write(bytes)
    return flowing
  }

  /** Forgets what is queued: its record could not be written. */
  discard(): void {
    this.#outgoing.take()
  }
}

// A ticket as the proxies need it: who it speaks for, its bounds, and a verifier; never the secret.
// Mirrors schemas/ticket.avsc.

import type { Subject } from './frame.ts'

export type ScramVerifier = {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export type Ticket = {
  readonly ticketId: string
  readonly subject: Subject
  /** The only connection it opens; null: any that policy permits. */
  readonly connection: string | null
  readonly task: string | null
  /** Microseconds since the epoch, UTC. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly scram: ScramVerifier
}

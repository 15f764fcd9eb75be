// Which credentials open this proxy: published tickets, and tokens for the door `sluice:proxy`.

import { PeerInvalid, type Subject, type Ticket } from '@sluice/events'
import type { TokenVerifier } from '@sluice/identity'
import type { PublishedTickets } from './tickets.ts'

export type FoundTicket = { readonly ticket: Ticket; readonly demo: boolean } | 'expired' | 'unknown'

export class Credentials {
  readonly #tickets: PublishedTickets
  readonly #verifier: TokenVerifier

  constructor(tickets: PublishedTickets, verifier: TokenVerifier) {
    this.#tickets = tickets
    this.#verifier = verifier
  }

  /** A ticket of an issuer that is no longer trusted is as good as unknown. */
  async findTicket(ticketId: string): Promise<FoundTicket> {
    const ticket = await this.#tickets.find(ticketId)
    if (typeof ticket === 'string') return ticket
    const standing = this.#verifier.standingOf(ticket.subject)
    return standing === 'untrusted' ? 'unknown' : { ticket, demo: standing === 'demo' }
  }

  /** Throws PeerInvalid with the code of what is wrong. */
  async verifyToken(token: string): Promise<{ readonly subject: Subject; readonly demo: boolean }> {
    if (token.length === 0) throw new PeerInvalid('token_missing', 'no token was given')
    const { issuer, id, kind, groups, onBehalfOf, demo } = await this.#verifier.verify(token, 'sluice:proxy')
    return { subject: { issuer, id, kind, groups, onBehalfOf }, demo }
  }
}

// The tickets that a proxy knows: a fold over the tickets topic, bounded.
import type { Ticket } from '@sluice/events'

export const DEFAULT_MAX_TICKETS = 20_000

export type TicketLookup = Ticket | 'expired' | 'unknown'

export class TicketStore {
  readonly #tickets = new Map<string, Ticket>()
  readonly #maxTickets: number

  constructor(options: { readonly maxTickets?: number } = {}) {
    this.#maxTickets = options.maxTickets ?? DEFAULT_MAX_TICKETS
  }

  get size(): number {
    return this.#tickets.size
  }

  /** Idempotent, so that a topic may be read again. The latest record of an id holds. */
  apply(ticket: Ticket): void {
    this.#tickets.delete(ticket.ticketId)
    if (this.#tickets.size >= this.#maxTickets) this.#makeRoom(ticket.issuedAt)
    this.#tickets.set(ticket.ticketId, ticket)
  }

  /** @param nowMicros microseconds since the epoch */
  find(ticketId: string, nowMicros: number): TicketLookup {
    const ticket = this.#tickets.get(ticketId)
    if (ticket === undefined) return 'unknown'
    return ticket.expiresAt > nowMicros ? ticket : 'expired'
  }

  /** Expired ones go first, then the oldest: a ticket that is forgotten is refused, never misread. */
  #makeRoom(nowMicros: number): void {
    for (const [id, ticket] of this.#tickets) if (ticket.expiresAt <= nowMicros) this.#tickets.delete(id)
    // A tenth at once, so that a full store isn't searched for each ticket.
    const target = Math.min(this.#maxTickets - 1, Math.floor(this.#maxTickets * 0.9))
    for (const id of this.#tickets.keys()) {
      if (this.#tickets.size <= target) return
      this.#tickets.delete(id)
    }
  }
}

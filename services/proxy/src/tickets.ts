// The tickets that the console signed: read to their end at start, and again whenever an unknown one is presented, so
// that a ticket works from the moment on in which its maker was told of it.

import { nowMicros, type SchemaRegistry, type Ticket, TOPICS } from '@sluice/events'
import { type TicketLookup, TicketStore } from '@sluice/identity'
import type { EventLog } from '@sluice/stream'
import { ControlReader, type Incident, type TrustedKeys } from '@sluice/trust'

export type PublishedTicketsOptions = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  readonly keys: Pick<TrustedKeys, 'judge'>
  readonly maxTickets: number
  /** A ticket that nobody of ours signed opens nothing; the others do. */
  readonly onIncident: (incident: Incident) => void
}

export class PublishedTickets {
  readonly #store: TicketStore
  readonly #reader: ControlReader<typeof TOPICS.tickets>
  #reading: Promise<void> | null = null
  /** For all who came while one was running: that one may have begun before their ticket. */
  #next: Promise<void> | null = null

  /** Resolves when all tickets that were published before are known. */
  static async open(options: PublishedTicketsOptions): Promise<PublishedTickets> {
    const { maxTickets, ...rest } = options
    const store = new TicketStore({ maxTickets })
    const reader = await ControlReader.open({
      ...rest,
      topic: TOPICS.tickets,
      role: 'console',
      memory: null,
      skip: (ticket) => passOver(store, ticket),
    })
    const tickets = new PublishedTickets(store, reader)
    try {
      await tickets.#catchUp()
    } catch (error) {
      await reader.close()
      throw error
    }
    return tickets
  }

  private constructor(store: TicketStore, reader: ControlReader<typeof TOPICS.tickets>) {
    this.#store = store
    this.#reader = reader
  }

  async find(ticketId: string): Promise<TicketLookup> {
    const known = this.#store.find(ticketId, nowMicros())
    if (known !== 'unknown') return known
    await this.#catchUp()
    return this.#store.find(ticketId, nowMicros())
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }

  #catchUp(): Promise<void> {
    if (this.#reading === null) return this.#read()
    this.#next ??= this.#reading.then(
      () => this.#read(),
      () => this.#read(),
    )
    return this.#next
  }

  #read(): Promise<void> {
    this.#next = null
    const reading = this.#reader
      .catchUp(({ content }) => this.#store.apply(content))
      .finally(() => {
        if (this.#reading === reading) this.#reading = null
      })
    this.#reading = reading
    return reading
  }
}

/**
 * Most tickets in the log are long over. Their signature, the dear part, is not looked at: all that one of them can
 * cause is the answer that it has expired, and it takes no other's place.
 */
function passOver(store: TicketStore, ticket: Ticket): boolean {
  const now = nowMicros()
  if (ticket.expiresAt > now) return false
  if (store.find(ticket.ticketId, now) === 'unknown') store.apply(ticket)
  return true
}

// The tickets that the console signed: read to their end at start, and again whenever an unknown one is presented, so
// that a ticket works from the moment on in which its maker was told of it.

import { nowMicros, type SchemaRegistry, type Ticket, TOPICS } from '@sluice/events'
import { type TicketLookup, TicketStore } from '@sluice/identity'
import type { EventLog } from '@sluice/stream'
import { ControlReader, type Incident, type TrustedKeys } from '@sluice/trust'

/** Beyond it the oldest are answered like tickets that never were. */
const MAX_OVER = 10_000

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
  readonly #over: OverTickets
  readonly #reader: ControlReader<typeof TOPICS.tickets>
  #reading: Promise<void> | null = null
  /** For all who came while one was running: that one may have begun before their ticket. */
  #next: Promise<void> | null = null

  /** Resolves when all tickets that were published before are known. */
  static async open(options: PublishedTicketsOptions): Promise<PublishedTickets> {
    const { maxTickets, ...rest } = options
    const over = new OverTickets()
    const reader = await ControlReader.open({
      ...rest,
      topic: TOPICS.tickets,
      role: 'console',
      memory: null,
      skip: (ticket) => isOver(ticket, over),
    })
    const tickets = new PublishedTickets(new TicketStore({ maxTickets }), over, reader)
    try {
      await tickets.#catchUp()
    } catch (error) {
      await reader.close()
      throw error
    }
    return tickets
  }

  private constructor(store: TicketStore, over: OverTickets, reader: ControlReader<typeof TOPICS.tickets>) {
    this.#store = store
    this.#over = over
    this.#reader = reader
  }

  async find(ticketId: string): Promise<TicketLookup> {
    const known = this.#find(ticketId)
    if (known !== 'unknown') return known
    await this.#catchUp()
    return this.#find(ticketId)
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }

  #find(ticketId: string): TicketLookup {
    const found = this.#store.find(ticketId, nowMicros())
    return found === 'unknown' && this.#over.has(ticketId) ? 'expired' : found
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
 * Tickets that were over before they were read: most of those in the log. Their signature, the dear part, is not looked
 * at, so all that one of them can cause is the answer that it has expired.
 */
class OverTickets {
  readonly #ids = new Set<string>()

  has(ticketId: string): boolean {
    return this.#ids.has(ticketId)
  }

  add(ticketId: string): void {
    this.#ids.delete(ticketId)
    for (const oldest of this.#ids) {
      if (this.#ids.size < MAX_OVER) break
      this.#ids.delete(oldest)
    }
    this.#ids.add(ticketId)
  }
}

function isOver({ ticketId, expiresAt }: Ticket, over: OverTickets): boolean {
  if (expiresAt > nowMicros()) return false
  over.add(ticketId)
  return true
}

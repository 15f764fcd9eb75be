// The tickets that were published: read to their end at start, and again whenever an unknown one is presented, so that
// a ticket works from the moment on in which its maker was told of it.

import { type Codec, nowMicros, PeerInvalid, type Ticket, TOPICS } from '@sluice/events'
import { type TicketLookup, TicketStore } from '@sluice/identity'
import type { Consumer, EventLog } from '@sluice/stream'

const MAX_RECORDS = 1_000
const MAX_BYTES = 4 * 1024 * 1024

export class PublishedTickets {
  readonly #store: TicketStore
  readonly #codec: Codec<Ticket>
  readonly #consumer: Consumer
  readonly #onUnreadable: (error: PeerInvalid) => void
  #reading: Promise<void> | null = null

  private constructor(
    consumer: Consumer,
    codec: Codec<Ticket>,
    maxTickets: number,
    onUnreadable: (error: PeerInvalid) => void,
  ) {
    this.#consumer = consumer
    this.#codec = codec
    this.#store = new TicketStore({ maxTickets })
    this.#onUnreadable = onUnreadable
  }

  /** Resolves when all tickets that were published before are known. */
  static async open(
    log: EventLog,
    codec: Codec<Ticket>,
    maxTickets: number,
    onUnreadable: (error: PeerInvalid) => void,
  ): Promise<PublishedTickets> {
    const consumer = await log.consumer({ group: null, topics: [TOPICS.tickets], from: 'earliest' })
    const tickets = new PublishedTickets(consumer, codec, maxTickets, onUnreadable)
    await tickets.#catchUp()
    return tickets
  }

  async find(ticketId: string): Promise<TicketLookup> {
    const known = this.#store.find(ticketId, nowMicros())
    if (known !== 'unknown') return known
    await this.#catchUp()
    return this.#store.find(ticketId, nowMicros())
  }

  async close(): Promise<void> {
    await this.#reading
    await this.#consumer.close()
  }

  /** One reading at a time; who comes during one waits for the next, since it may have begun before their ticket. */
  async #catchUp(): Promise<void> {
    await this.#reading
    this.#reading ??= this.#readToEnd().finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  async #readToEnd(): Promise<void> {
    for (;;) {
      const records = await this.#consumer.poll({ maxRecords: MAX_RECORDS, maxBytes: MAX_BYTES, maxWaitMs: 0 })
      if (records.length === 0) return
      for (const record of records) {
        try {
          this.#store.apply(this.#codec.decode(record.value))
        } catch (error) {
          // A ticket that can't be read opens nothing; the others do.
          if (!(error instanceof PeerInvalid)) throw error
          this.#onUnreadable(error)
        }
      }
    }
  }
}

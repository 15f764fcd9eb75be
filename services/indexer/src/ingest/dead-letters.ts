// Records that can't be decoded go to the dead-letter topic whole; the producer is opened for the first of them.

import { type Codec, type DeadLetter, TOPICS } from '@sluice/events'
import type { EventLog, Producer } from '@sluice/stream'

/** The embedded log has one writer a partition: this one is the indexer's. */
export const INDEXER_DEAD_LETTER_PARTITION = 1

export class DeadLetters {
  readonly #log: EventLog
  readonly #codec: Pick<Codec<DeadLetter>, 'encode'>
  #producer: Promise<Producer> | null = null

  constructor(log: EventLog, codec: Pick<Codec<DeadLetter>, 'encode'>) {
    this.#log = log
    this.#codec = codec
  }

  async append(letters: readonly DeadLetter[]): Promise<void> {
    this.#producer ??= this.#log.producer(TOPICS.deadLetters, { partition: INDEXER_DEAD_LETTER_PARTITION })
    try {
      const producer = await this.#producer
      const headers = JSON.stringify({ 'content-type': 'application/avro' })
      await producer.append(letters.map((letter) => ({ key: letter.key, value: this.#codec.encode(letter), headers })))
    } catch (error) {
      this.#producer = null
      throw error
    }
  }

  async close(): Promise<void> {
    await (await this.#producer)?.close()
  }
}

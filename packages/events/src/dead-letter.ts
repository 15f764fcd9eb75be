// A record that a consumer could not decode, whole, with where it came from. Mirrors schemas/dead-letter.avsc.

export type DeadLetter = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Microseconds since the epoch: when the record was appended. */
  readonly time: number
  /** Code and message of the error; never a payload. */
  readonly error: string
  readonly key: Buffer
  readonly value: Buffer
  /** The record's headers as JSON text. */
  readonly headers: string
}

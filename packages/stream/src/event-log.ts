// The event-log port: what the services know of the log, whichever adapter carries it.
// Keys, values and headers are opaque here; schemas and topic names live in @sluice/events.

/** What a producer hands in. `headers` is the JSON text of a flat map of strings. */
export type StreamRecord = {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: string
}

/** A record as it is read back. Buffers may share memory with their neighbours: copy what is kept for long. */
export type StoredRecord = StreamRecord & {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Microseconds since the epoch, UTC: when the log took the record. */
  readonly time: number
}

export interface Producer {
  /** Appends all records, in order and next to each other, or none of them. */
  append(records: readonly StreamRecord[]): Promise<{ readonly partition: number; readonly firstOffset: number }>
  close(): Promise<void>
}

export type PollOptions = {
  readonly maxRecords: number
  /** Bound of what one poll returns, in bytes of key, headers and value. One record is returned even if it is larger. */
  readonly maxBytes: number
  /** How long to wait where there is nothing; 0 does not wait. */
  readonly maxWaitMs: number
  /** Ends the wait early: the poll then returns what there is, also nothing. */
  readonly signal?: AbortSignal | undefined
}

export type Position = { readonly topic: string; readonly partition: number; readonly nextOffset: number }

export interface Consumer {
  /** The next records of one partition, in order; empty when `maxWaitMs` passed. */
  poll(options: PollOptions): Promise<readonly StoredRecord[]>
  /** Remembers for the group that everything before `nextOffset` is done. */
  commit(position: Position): Promise<void>
  /** The group's position; without one, where this consumer began. */
  committed(topic: string, partition: number): Promise<number>
  /** The next poll of that partition begins at `offset`. */
  seek(topic: string, partition: number, offset: number): void
  /** For each partition that exists, the offset that its next record will have. */
  endOffsets(topic: string): Promise<ReadonlyMap<number, number>>
  close(): Promise<void>
}

export type ConsumerOptions = {
  /** null: nothing is committed, the consumer keeps its own position. */
  readonly group: string | null
  readonly topics: readonly string[]
  /** Where to begin in a partition that the group has no position in. */
  readonly from: 'earliest' | 'latest'
}

export interface EventLog {
  producer(topic: string, options?: { readonly partition?: number }): Promise<Producer>
  consumer(options: ConsumerOptions): Promise<Consumer>
  close(): Promise<void>
}

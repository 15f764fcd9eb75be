// The event log: its port, the embedded implementation on SQLite files, and the node's journal.

export { EmbeddedLog, type EmbeddedLogOptions } from './embedded-log.ts'
export { JournalBroken, JournalFull, StreamError, type StreamErrorCode } from './errors.ts'
export type {
  Consumer,
  ConsumerOptions,
  EventLog,
  PollOptions,
  Position,
  Producer,
  StoredRecord,
  StreamRecord,
} from './event-log.ts'
export { Journal, type JournalOptions } from './journal.ts'

// Walks a server's bytes without collecting what only passes: rows go through in whatever pieces they come, control
// messages are seen whole.

import { HEADER_BYTES, SERVER } from './message-types.ts'

export interface ServerMessageSink {
  /** A row begins. Its bytes follow as `pass`. */
  row(): void
  /** Bytes of rows, to be delivered as they are. */
  pass(bytes: Buffer): void
  /** A whole control message. */
  control(type: number, bytes: Buffer): void
  violation(reason: string): void
}

/** Longest control message: a row description of 1,600 columns or a long error. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024
/** Rows up to this size are handed on whole; longer ones in pieces as they come. */
const WHOLE_ROW_BYTES = 64 * 1024

export class ServerFramer {
  readonly #sink: ServerMessageSink
  /** Bytes of a long row that are still to come. */
  #passing = 0
  /** The beginning of a message whose rest is in the next chunk. */
  #held: Buffer[] = []
  #heldBytes = 0
  #wanted = 0

  constructor(sink: ServerMessageSink) {
    this.#sink = sink
  }

  /** Whether a long row was handed on only in part: nothing else may be said to the client then. */
  get insideRow(): boolean {
    return this.#passing > 0
  }

  push(chunk: Buffer): void {
    let position = 0
    while (this.#heldBytes > 0) {
      const needed = this.#wanted - this.#heldBytes
      const taken = chunk.subarray(position, position + needed)
      this.#held.push(taken)
      this.#heldBytes += taken.length
      position += taken.length
      if (taken.length < needed) return
      const bytes = Buffer.concat(this.#held)
      this.#held = []
      this.#heldBytes = 0
      this.#walk(bytes, 0)
    }
    this.#walk(chunk, position)
  }

  #walk(bytes: Buffer, start: number): void {
    let position = start + Math.min(this.#passing, bytes.length - start)
    this.#passing -= position - start
    /** Where the run of row bytes began that was not handed on yet. */
    let runStart = start
    while (position < bytes.length) {
      const available = bytes.length - position
      if (available < HEADER_BYTES) {
        this.#passRun(bytes, runStart, position)
        return this.#hold(bytes.subarray(position), HEADER_BYTES)
      }
      const type = bytes[position] as number
      const length = bytes.readUInt32BE(position + 1) + 1
      if (length < HEADER_BYTES) return this.#sink.violation('a message shorter than its own length field')
      const isRow = type === SERVER.dataRow
      const streamed = isRow && length > WHOLE_ROW_BYTES
      if (!isRow && length > MAX_CONTROL_BYTES) return this.#sink.violation(`a control message of ${length} bytes`)
      if (available < length && !streamed) {
        this.#passRun(bytes, runStart, position)
        return this.#hold(bytes.subarray(position), length)
      }
      if (isRow) {
        this.#sink.row()
        const here = Math.min(length, available)
        this.#passing = length - here
        position += here
        continue
      }
      this.#passRun(bytes, runStart, position)
      this.#sink.control(type, bytes.subarray(position, position + length))
      position += length
      runStart = position
    }
    this.#passRun(bytes, runStart, position)
  }

  #passRun(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#sink.pass(bytes.subarray(start, end))
  }

  #hold(rest: Buffer, wanted: number): void {
    // A copy: what is held must not keep a whole chunk alive.
    this.#held = [Buffer.from(rest)]
    this.#heldBytes = rest.length
    this.#wanted = wanted
  }
}

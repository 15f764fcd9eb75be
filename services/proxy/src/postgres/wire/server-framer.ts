// Walks a server's bytes without collecting what only passes: rows go through in whatever pieces they come, control
// messages are seen whole.

import { HEADER_BYTES, SERVER } from './message-types.ts'

export interface ServerMessageSink {
  /** A row of a result or of a COPY begins. Its bytes follow as `pass`. */
  row(): void
  /** Bytes of rows: of many whole ones, or a piece of a long one. */
  pass(bytes: Buffer): void
  /**
   * Asked for each row above 64 KiB: how many bytes it may have to be handed on whole, like the others. 0, or not to be
   * asked, means in pieces, however long.
   */
  wantsWholeRows?(): number
  /** A row that is longer than it may be. Nothing comes after it. Without it, that is a violation. */
  rowTooLong?(bytes: number, bound: number): void
  /** A whole control message. */
  control(type: number, bytes: Buffer): void
  /** Nothing comes after it. */
  violation(reason: string): void
}

/** Longest control message: a row description of 1,600 columns or a long error. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024
/** Rows up to this size are handed on whole; longer ones in pieces as they come. */
const WHOLE_ROW_BYTES = 64 * 1024

const NOTHING = Buffer.alloc(0)

export class ServerFramer {
  readonly #sink: ServerMessageSink
  /** Bytes of a long row that are still to come. */
  #passing = 0
  /**
   * Memory for a message whose rest is in later chunks, and how much of it is there. A copy: chunks are freed when what
   * was handed on of them is delivered.
   */
  #held: Buffer = NOTHING
  #heldBytes = 0
  #ended = false

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
      const held = this.#held
      const taken = chunk.copy(held, this.#heldBytes, position)
      this.#heldBytes += taken
      position += taken
      if (this.#heldBytes < held.length) return
      this.#held = NOTHING
      this.#heldBytes = 0
      this.#walk(held, 0)
    }
    this.#walk(chunk, position)
  }

  #walk(bytes: Buffer, start: number): void {
    if (this.#ended) return
    let position = start + Math.min(this.#passing, bytes.length - start)
    this.#passing -= position - start
    /** Where the run of row bytes began that was not handed on yet. */
    let runStart = start
    while (position < bytes.length) {
      const available = bytes.length - position
      if (available < HEADER_BYTES) {
        this.#passRun(bytes, runStart, position)
        return this.#hold(bytes, position, HEADER_BYTES)
      }
      const type = bytes[position] as number
      const length = bytes.readUInt32BE(position + 1) + 1
      if (length < HEADER_BYTES) return this.#violation('a message shorter than its own length field')
      const isRow = type === SERVER.dataRow || type === SERVER.copyData
      let inPieces = false
      if (isRow && length > WHOLE_ROW_BYTES) {
        const bound = this.#sink.wantsWholeRows?.() ?? 0
        inPieces = bound === 0
        if (bound > 0 && length > bound) {
          this.#passRun(bytes, runStart, position)
          return this.#rowTooLong(length, bound)
        }
      }
      if (!isRow && length > MAX_CONTROL_BYTES) return this.#violation(`a control message of ${length} bytes`)
      if (available < length && !inPieces) {
        this.#passRun(bytes, runStart, position)
        return this.#hold(bytes, position, length)
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

  #hold(bytes: Buffer, position: number, wanted: number): void {
    this.#held = Buffer.allocUnsafe(wanted)
    this.#heldBytes = bytes.copy(this.#held, 0, position)
  }

  #violation(reason: string): void {
    this.#ended = true
    this.#sink.violation(reason)
  }

  #rowTooLong(length: number, bound: number): void {
    if (this.#sink.rowTooLong === undefined) {
      return this.#violation(`a row of ${length} bytes, where ${bound} is the most that is looked at as a whole`)
    }
    this.#ended = true
    this.#sink.rowTooLong(length, bound)
  }
}

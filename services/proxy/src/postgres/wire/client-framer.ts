// Cuts a client's bytes into whole messages, with bounded memory. A message that is longer than its type may be is
// reported and its bytes are skipped, so that the session can go on after an ordinary error.

import { CLIENT, HEADER_BYTES } from './message-types.ts'

export type ClientMessage =
  | { readonly kind: 'message'; readonly type: number; readonly bytes: Buffer }
  /** Too long for its type; all of its bytes are dropped. */
  | { readonly kind: 'oversized'; readonly type: number; readonly length: number; readonly bound: number }
  | { readonly kind: 'violation'; readonly reason: string }

export type FrameBounds = {
  /** Bytes of a statement's text, in Query and Parse. */
  readonly statementBytes: number
  /** Bytes of a Bind message: its parameters together. */
  readonly bindBytes: number
}

/** Names, parameter types and counts around a statement's text. */
const PARSE_OVERHEAD_BYTES = 64 * 1024
const SMALL_MESSAGE_BYTES = 64 * 1024

function boundsByType(bounds: FrameBounds): ReadonlyMap<number, number> {
  return new Map([
    [CLIENT.query, bounds.statementBytes + HEADER_BYTES + 1],
    [CLIENT.parse, bounds.statementBytes + PARSE_OVERHEAD_BYTES],
    [CLIENT.bind, bounds.bindBytes],
    [CLIENT.close, SMALL_MESSAGE_BYTES],
    [CLIENT.copyData, SMALL_MESSAGE_BYTES],
    [CLIENT.copyDone, SMALL_MESSAGE_BYTES],
    [CLIENT.copyFail, SMALL_MESSAGE_BYTES],
    [CLIENT.describe, SMALL_MESSAGE_BYTES],
    [CLIENT.execute, SMALL_MESSAGE_BYTES],
    [CLIENT.flush, SMALL_MESSAGE_BYTES],
    [CLIENT.functionCall, SMALL_MESSAGE_BYTES],
    [CLIENT.password, SMALL_MESSAGE_BYTES],
    [CLIENT.sync, SMALL_MESSAGE_BYTES],
    [CLIENT.terminate, SMALL_MESSAGE_BYTES],
  ])
}

/** Chunks are kept apart from this size on: a message may come byte by byte, and each chunk costs as much as 300 bytes. */
const SMALL_CHUNK_BYTES = 8 * 1024

/** Feed it chunks, take messages until there is none. Never throws on bad input. */
export class ClientFramer {
  readonly #bounds: ReadonlyMap<number, number>
  #chunks: Buffer[] = []
  #head: Buffer = Buffer.alloc(0)
  #position = 0
  #waitingBytes = 0
  #skip = 0

  constructor(bounds: FrameBounds) {
    this.#bounds = boundsByType(bounds)
  }

  /** Bytes that are held and not yet taken. */
  get bufferedBytes(): number {
    return this.#head.length - this.#position + this.#waitingBytes
  }

  push(chunk: Buffer): void {
    if (this.#position === this.#head.length) {
      this.#head = chunk
      this.#position = 0
      return
    }
    this.#waitingBytes += chunk.length
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.length + chunk.length <= SMALL_CHUNK_BYTES) {
      this.#chunks[this.#chunks.length - 1] = Buffer.concat([last, chunk])
    } else this.#chunks.push(chunk)
  }

  /** The next whole message, or null when more bytes are needed. Message bytes are a view on what was pushed. */
  next(): ClientMessage | null {
    this.#dropSkipped()
    if (this.#skip > 0 || !this.#gather(HEADER_BYTES)) return null
    const type = this.#head[this.#position] as number
    const length = this.#head.readUInt32BE(this.#position + 1) + 1
    const bound = this.#bounds.get(type)
    if (bound === undefined) return { kind: 'violation', reason: `unknown message type 0x${type.toString(16)}` }
    if (length < HEADER_BYTES) return { kind: 'violation', reason: 'a message shorter than its own length field' }
    if (length > bound) {
      this.#skip = length
      this.#dropSkipped()
      return { kind: 'oversized', type, length, bound }
    }
    if (!this.#gather(length)) return null
    const bytes = this.#head.subarray(this.#position, this.#position + length)
    this.#position += length
    return { kind: 'message', type, bytes }
  }

  /** Makes `count` bytes contiguous at the head. Copies at most once for each message that spans chunks. */
  #gather(count: number): boolean {
    const held = this.#head.length - this.#position
    if (held >= count) return true
    if (held + this.#waitingBytes < count) return false
    this.#head = Buffer.concat([this.#head.subarray(this.#position), ...this.#chunks])
    this.#position = 0
    this.#chunks = []
    this.#waitingBytes = 0
    return true
  }

  #dropSkipped(): void {
    while (this.#skip > 0) {
      const held = this.#head.length - this.#position
      const dropped = Math.min(held, this.#skip)
      this.#position += dropped
      this.#skip -= dropped
      if (this.#skip === 0) return
      const next = this.#chunks.shift()
      if (next === undefined) return
      this.#waitingBytes -= next.length
      this.#head = next
      this.#position = 0
    }
  }
}

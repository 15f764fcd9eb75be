// Reads a socket's first bytes on demand, with a bound on what is held and a deadline on all of it. Used until a session
// begins, on either side; afterwards the socket is handed over with what was read too much.

import type { Socket } from 'node:net'
import { PeerInvalid } from '@sluice/events'

/** More than any handshake message may have. */
const MAX_BUFFERED_BYTES = 128 * 1024

export class ByteReader {
  readonly #socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #ended: Error | null = null
  #wake: (() => void) | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    if (this.#buffer.length > MAX_BUFFERED_BYTES) this.#socket.pause()
    this.#wake?.()
  }

  readonly #onError = (error: Error): void => {
    this.#ended ??= error
    this.#wake?.()
  }

  readonly #onClose = (): void => {
    this.#ended ??= new PeerInvalid('connection_closed', 'the peer closed the connection during the handshake')
    this.#wake?.()
  }

  /** Bytes that came and were not read. */
  get bufferedBytes(): number {
    return this.#buffer.length
  }

  async peekByte(): Promise<number> {
    await this.#need(1)
    return this.#buffer[0] as number
  }

  async read(count: number): Promise<Buffer> {
    await this.#need(count)
    const bytes = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    if (this.#socket.isPaused() && this.#buffer.length < MAX_BUFFERED_BYTES) this.#socket.resume()
    return bytes
  }

  /** A typed message, header included. */
  async readMessage(maxBytes: number): Promise<{ readonly type: number; readonly bytes: Buffer }> {
    await this.#need(5)
    const type = this.#buffer[0] as number
    const length = this.#buffer.readUInt32BE(1) + 1
    if (length < 5 || length > maxBytes) {
      throw new PeerInvalid('message_length', `a message of ${length} bytes where at most ${maxBytes} are allowed`)
    }
    return { type, bytes: await this.read(length) }
  }

  /** Stops listening; what was not read comes back, and the socket is paused. */
  release(): Buffer {
    this.#socket.pause()
    this.#socket.off('data', this.#onData)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
    const rest = this.#buffer
    this.#buffer = Buffer.alloc(0)
    return rest
  }

  async #need(count: number): Promise<void> {
    while (this.#buffer.length < count) {
      if (this.#ended !== null) throw this.#ended
      // One message may be larger than what is read ahead.
      if (this.#socket.isPaused()) this.#socket.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }
}

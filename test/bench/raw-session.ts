// A PostgreSQL client that does nothing with results but count bytes and rows: the same for every target, and leaner
// than any driver, so that a row of the benchmark shows the gateway and not the client.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ScramClient } from '@sluice/identity'

export type Endpoint = {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The PEM of the authority; null for plaintext. */
  readonly authority: string | null
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const PROTOCOL_3_0 = 196_608
const HEADER_BYTES = 5
const NONCE_BYTES = 18
/** The messages that are read, not passed over. */
const READ = new Set(['R', 'E', 'Z'])

const cstring = (text: string): Buffer => Buffer.from(`${text}\0`)
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const message = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const open = async ({ port, authority }: Endpoint): Promise<Socket> => {
  const plain = connect(port, '127.0.0.1').setNoDelay(true)
  await once(plain, 'connect')
  if (authority === null) return plain
  plain.write(SSL_REQUEST)
  const [answer] = (await once(plain, 'data')) as [Buffer]
  if (answer.toString('latin1') !== 'S') throw new Error('the server has no TLS')
  const secure = connectTls({ socket: plain, ca: authority, host: '127.0.0.1' })
  await once(secure, 'secureConnect')
  return secure
}

export type Counted = { readonly bytes: number; readonly rows: number; readonly millis: number }

export class RawSession {
  bytes = 0
  rows = 0
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #skip = 0
  #waiting: { resolve: (read: { type: string; body: Buffer }) => void; reject: (error: Error) => void } | null = null
  readonly #arrived: { type: string; body: Buffer }[] = []
  #failure: Error | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#walk(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static async open(endpoint: Endpoint): Promise<RawSession> {
    const session = new RawSession(await open(endpoint))
    await session.#logIn(endpoint)
    return session
  }

  /** Runs one simple query to its end and counts what comes. */
  async count(sql: string): Promise<Counted> {
    const [bytes, rows, started] = [this.bytes, this.rows, performance.now()]
    this.#socket.write(message('Q', cstring(sql)))
    for (;;) {
      const { type, body } = await this.#next()
      if (type === 'E') throw new Error(readable(body))
      if (type === 'Z') break
    }
    return { bytes: this.bytes - bytes, rows: this.rows - rows, millis: performance.now() - started }
  }

  close(): void {
    this.#socket.end(message('X'))
  }

  async #logIn({ user, password, database }: Endpoint): Promise<void> {
    const parameters = [
      ['user', user],
      ['database', database],
      ['client_encoding', 'UTF8'],
    ]
      .flat()
      .map(cstring)
    const body = Buffer.concat([int32(PROTOCOL_3_0), ...parameters, Buffer.from([0])])
    this.#socket.write(Buffer.concat([int32(body.length + 4), body]))
    let scram: ScramClient | null = null
    for (;;) {
      const { type, body: answer } = await this.#next()
      if (type === 'E') throw new Error(readable(answer))
      if (type === 'Z') return
      const kind = answer.readInt32BE(0)
      if (kind === 10) {
        const offered = answer
          .subarray(4)
          .toString('latin1')
          .split('\0')
          .filter((name) => name !== '')
        scram = new ScramClient({ password, clientNonce: randomBytes(NONCE_BYTES), channelBinding: null, offered })
        const first = scram.first()
        this.#socket.write(message('p', cstring(scram.mechanism), int32(first.length), first))
      } else if (kind === 11 && scram !== null) {
        this.#socket.write(message('p', scram.final(answer.subarray(4))))
      } else if (kind === 12 && scram !== null) {
        if (!scram.verify(answer.subarray(4))) throw new Error('the server does not know the password')
      } else if (kind !== 0) {
        throw new Error(`authentication of kind ${kind} is not expected here`)
      }
    }
  }

  #next(): Promise<{ type: string; body: Buffer }> {
    const arrived = this.#arrived.shift()
    if (arrived !== undefined) return Promise.resolve(arrived)
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
    this.#waiting = null
  }

  #deliver(read: { type: string; body: Buffer }): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting === null) this.#arrived.push(read)
    else waiting.resolve(read)
  }

  #walk(chunk: Buffer): void {
    this.bytes += chunk.length
    let at = Math.min(this.#skip, chunk.length)
    this.#skip -= at
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk.subarray(at)])
    if (this.#rest.length > 0) at = 0
    this.#rest = Buffer.alloc(0)
    while (bytes.length - at >= HEADER_BYTES) {
      const type = String.fromCharCode(bytes[at] ?? 0)
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (READ.has(type)) {
        if (end > bytes.length) break
        this.#deliver({ type, body: bytes.subarray(at + HEADER_BYTES, end) })
      } else if (type === 'D') {
        this.rows++
      }
      at = end
      if (at > bytes.length) {
        this.#skip = at - bytes.length
        return
      }
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at))
  }
}

/** The fields of an ErrorResponse, each on a line. */
const readable = (body: Buffer): string => body.toString('utf8').split('\0').join('\n').trim()

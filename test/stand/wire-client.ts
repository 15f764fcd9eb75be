// A client that speaks PostgreSQL's protocol message by message, for what drivers never send.

import { randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { endpointBinding, ScramClient } from '@sluice/identity'
import { BodyReader, decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import * as encode from '../../services/proxy/src/postgres/wire/encode.ts'
import { CLIENT, PROTOCOL_3_0 } from '../../services/proxy/src/postgres/wire/message-types.ts'
import type { Login, RunningProxy } from './proxy.ts'

export type Reply = { readonly type: string; readonly bytes: Buffer }

const REPLY_MS = 15_000

/** Replies as one line: `1 2 T D C(SELECT 1) Z(I) E(42501 …)`. */
export function transcript(replies: readonly Reply[]): string {
  return replies.map(describeReply).join(' ')
}

function describeReply({ type, bytes }: Reply): string {
  switch (type) {
    case 'C':
      return `C(${bytes.toString('utf8', 5, bytes.length - 1)})`
    case 'Z':
      return `Z(${bytes.toString('latin1', 5)})`
    case 'E': {
      const fields = decodeReport(bytes)
      return `E(${fields.get('C')})`
    }
    default:
      return type
  }
}

/** Each event has an id of its own; nothing in one follows from data. */
const EVENT_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** As one string, each byte a character, but for the ids of events. */
export const seenIn = ({ type, bytes }: Reply): string => {
  const text = bytes.toString('latin1')
  // An id changes the length of nothing.
  return type === 'E' || type === 'N' ? text.replaceAll(EVENT_ID, 'id') : text
}

export class WireClient {
  readonly socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #replies: Reply[] = []
  /** How many of them were handed out: taking one off the front moves all others, and results have millions. */
  #taken = 0
  #wake: () => void = () => undefined
  #closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      this.#cut()
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  #cut(): void {
    while (this.#buffer.length >= 5) {
      const length = this.#buffer.readUInt32BE(1) + 1
      if (this.#buffer.length < length) return
      const bytes = this.#buffer.subarray(0, length)
      this.#replies.push({ type: String.fromCharCode(bytes[0] as number), bytes })
      this.#buffer = this.#buffer.subarray(length)
    }
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages))
  }

  /** The next reply; null when the connection was closed. */
  async next(): Promise<Reply | null> {
    let late: AbortSignal | undefined
    for (;;) {
      const reply = this.#take()
      if (reply !== undefined) return reply
      if (this.#closed) return null
      late ??= AbortSignal.timeout(REPLY_MS)
      const waiting = late
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        waiting.addEventListener('abort', () => reject(new Error('no reply in time')), { once: true })
      })
    }
  }

  #take(): Reply | undefined {
    const reply = this.#replies[this.#taken]
    if (reply === undefined) {
      this.#replies = []
      this.#taken = 0
    } else {
      this.#taken++
    }
    return reply
  }

  /** Everything up to the `count`th ReadyForQuery, or the end of the connection. */
  async until(count = 1): Promise<readonly Reply[]> {
    const seen: Reply[] = []
    for (let left = count; left > 0; ) {
      const reply = await this.next()
      if (reply === null) return seen
      seen.push(reply)
      if (reply.type === 'Z') left--
    }
    return seen
  }

  async ask(...messages: readonly Buffer[]): Promise<string> {
    this.send(...messages)
    return transcript(await this.until())
  }

  end(): void {
    this.socket.destroy()
  }
}

/** TLS after SSLRequest, nothing sent yet. */
export async function openTls(proxy: Pick<RunningProxy, 'host' | 'port' | 'authority'>): Promise<TLSSocket> {
  const raw = await openTcp(proxy)
  raw.write(encode.sslRequest)
  const answer = await new Promise<Buffer>((resolve) => raw.once('data', resolve))
  if (String(answer) !== 'S') throw new Error(`SSLRequest was answered ${String(answer)}`)
  const socket = connectTls({ socket: raw, host: 'localhost', ca: proxy.authority })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return socket
}

export async function openTcp({ host, port }: Pick<RunningProxy, 'host' | 'port'>): Promise<Socket> {
  const raw = connectTcp({ host, port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    raw.once('connect', resolve)
    raw.once('error', reject)
  })
  return raw
}

export type LoginOptions = {
  readonly version?: number
  readonly parameters?: Readonly<Record<string, string>>
  readonly plus?: boolean
}

/** Logs in by SCRAM and reads up to the first ReadyForQuery. */
export async function logIn(proxy: RunningProxy, login: Login, options: LoginOptions = {}): Promise<WireClient> {
  const client = new WireClient(await openTls(proxy))
  await authenticateBy(client, login, options)
  return client
}

export async function authenticateBy(
  client: WireClient,
  login: Login,
  options: LoginOptions = {},
): Promise<readonly Reply[]> {
  const parameters = new Map(Object.entries({ user: login.user, database: 'shop', ...options.parameters }))
  client.send(encode.startupPacket(options.version ?? PROTOCOL_3_0, parameters))
  let offer = await client.next()
  if (offer?.type === 'v') offer = await client.next()
  if (offer?.type !== 'R')
    throw new Error(`no authentication was offered: ${transcript(offer === null ? [] : [offer])}`)
  const certificate = (client.socket as TLSSocket).getPeerCertificate().raw
  const offered: string[] = []
  const body = new BodyReader(offer.bytes, 9)
  for (let name = body.cText(); name !== '' && !body.broken; name = body.cText()) offered.push(name)
  const scram = new ScramClient({
    password: login.password,
    clientNonce: randomBytes(18),
    channelBinding: options.plus === false ? null : endpointBinding(certificate),
    offered,
  })
  client.send(encode.saslInitialResponse(scram.mechanism, scram.first()))
  const challenge = await client.next()
  if (challenge?.type !== 'R') return challenge === null ? [] : [challenge]
  client.send(encode.passwordMessage(scram.final(challenge.bytes.subarray(9))))
  return client.until()
}

const int16 = encode.int16
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Bind with text parameters and text results. */
export function bind(portal: string, statement: string, values: readonly (string | null)[] = []): Buffer {
  const parts = values.map((value) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
  const head = [encode.cString(portal), encode.cString(statement), int16(0), int16(values.length)]
  return encode.message(CLIENT.bind, ...head, ...parts, int16(0))
}

/** `bind` with codes for results and parameters. */
export function bindAs(
  portal: string,
  statement: string,
  results: readonly number[],
  values: readonly Buffer[] = [],
  parameters: readonly number[] = [],
): Buffer {
  return encode.message(
    CLIENT.bind,
    encode.cString(portal),
    encode.cString(statement),
    int16(parameters.length),
    ...parameters.map((code) => int16(code)),
    int16(values.length),
    ...values.flatMap((value) => [int32(value.length), value]),
    int16(results.length),
    ...results.map((code) => int16(code)),
  )
}

export function execute(portal = '', maxRows = 0): Buffer {
  return encode.message(CLIENT.execute, encode.cString(portal), int32(maxRows))
}

export function describe(kind: 'S' | 'P', name = ''): Buffer {
  return encode.message(CLIENT.describe, Buffer.from(kind), encode.cString(name))
}

export function close(kind: 'S' | 'P', name: string): Buffer {
  return encode.message(CLIENT.close, Buffer.from(kind), encode.cString(name))
}

export const sync = encode.message(CLIENT.sync)
export const flush = encode.message(CLIENT.flush)
export const { parse, query } = encode
export { CLIENT }

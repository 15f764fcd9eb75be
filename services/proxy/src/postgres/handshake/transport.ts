// From an accepted TCP connection to a start-up packet: TLS (by SSLRequest or directly), GSS refused, cancel requests.

import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { PeerInvalid } from '@sluice/events'
import { ByteReader } from './byte-reader.ts'
import { decodeStartup, type StartupRequest } from './startup-packet.ts'

export type TransportOptions = {
  readonly secureContext: SecureContext
  readonly startupPacketBytes: number
}

export type ClientTransport = {
  readonly socket: Socket
  readonly reader: ByteReader
  readonly encrypted: boolean
}

export type Arrival = {
  readonly transport: ClientTransport
  readonly request: Exclude<StartupRequest, { kind: 'ssl' | 'gss' }>
}

const TLS_HANDSHAKE_BYTE = 0x16
const MIN_PACKET_BYTES = 8
/** SSLRequest and GSSENCRequest, each once, then the start-up packet. */
const MAX_ENCRYPTION_REQUESTS = 2
const ACCEPT_SSL = Buffer.from('S')
const REFUSE_ENCRYPTION = Buffer.from('N')
const POSTGRESQL_ALPN = 'postgresql'

/** Reads until the client says what it wants. Throws PeerInvalid on anything that is not the protocol. */
export async function awaitStartup(raw: Socket, options: TransportOptions): Promise<Arrival> {
  let transport: ClientTransport = { socket: raw, reader: new ByteReader(raw), encrypted: false }
  if ((await transport.reader.peekByte()) === TLS_HANDSHAKE_BYTE) {
    transport = await directTls(transport, options)
  }
  for (let round = 0; round <= MAX_ENCRYPTION_REQUESTS; round++) {
    const request = decodeStartup(await readPacket(transport.reader, options.startupPacketBytes))
    if (request.kind === 'gss' && !transport.encrypted) {
      requireNothingBehind(transport.reader, 'GSSENCRequest')
      transport.socket.write(REFUSE_ENCRYPTION)
    } else if (request.kind === 'ssl' && !transport.encrypted) {
      requireNothingBehind(transport.reader, 'SSLRequest')
      transport.socket.write(ACCEPT_SSL)
      transport = await startTls(transport, options, Buffer.alloc(0), false)
    } else if (request.kind === 'ssl' || request.kind === 'gss') {
      throw new PeerInvalid('encryption_requested_twice', 'encryption was requested inside an encrypted connection')
    } else {
      return { transport, request }
    }
  }
  throw new PeerInvalid('encryption_requested_twice', 'encryption was requested again and again')
}

/** Plaintext that arrives behind an encryption request was put there by someone in the middle (CVE-2021-23214). */
function requireNothingBehind(reader: ByteReader, request: string): void {
  if (reader.bufferedBytes > 0) {
    throw new PeerInvalid('plaintext_behind_request', `plaintext arrived behind ${request}`)
  }
}

async function readPacket(reader: ByteReader, maxBytes: number): Promise<Buffer> {
  const prefix = await reader.read(4)
  const length = prefix.readUInt32BE(0)
  if (length < MIN_PACKET_BYTES || length > maxBytes) {
    throw new PeerInvalid('startup_length', `a start-up packet of ${length} bytes; allowed are 8 to ${maxBytes}`)
  }
  return Buffer.concat([prefix, await reader.read(length - 4)])
}

async function directTls(transport: ClientTransport, options: TransportOptions): Promise<ClientTransport> {
  const first = transport.reader.release()
  return startTls({ ...transport, reader: transport.reader }, options, first, true)
}

async function startTls(
  transport: ClientTransport,
  options: TransportOptions,
  received: Buffer,
  requireAlpn: boolean,
): Promise<ClientTransport> {
  const raw = transport.socket
  if (!requireAlpn) transport.reader.release()
  if (received.length > 0) raw.unshift(received)
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: options.secureContext,
    ALPNCallback: ({ protocols }) => (protocols.includes(POSTGRESQL_ALPN) ? POSTGRESQL_ALPN : undefined),
  })
  await secured(socket)
  if (requireAlpn && socket.alpnProtocol !== POSTGRESQL_ALPN) {
    socket.destroy()
    throw new PeerInvalid('alpn_missing', 'direct TLS without the application protocol "postgresql"')
  }
  return { socket, reader: new ByteReader(socket), encrypted: true }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error): void => {
      reject(new PeerInvalid('tls_failed', 'the TLS handshake failed', { cause: error }))
    }
    socket.once('secure', () => {
      socket.off('error', fail)
      socket.off('close', fail)
      resolve()
    })
    socket.once('error', fail)
    socket.once('close', fail)
  })
}

// Opens and logs in one upstream session: TLS against a pinned authority, SCRAM (with channel binding where the server
// has it), md5, or cleartext inside TLS. The upstream's credential never leaves this folder.

import { createHash, randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { UpstreamFailed } from '@sluice/events'
import { endpointBinding, ScramClient, type ScramKeyCache } from '@sluice/identity'
import { ByteReader } from '../handshake/byte-reader.ts'
import { BodyReader, decodeParameterStatus, decodeReport } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { AUTHENTICATION, PROTOCOL_3_0, SERVER } from '../wire/message-types.ts'
import { askDatabaseNames, type DatabaseNames } from './database-names.ts'
import { GUARDED_SETTINGS } from './guarded-settings.ts'

export type UpstreamAddress = {
  readonly host: string
  readonly port: number
  readonly tls:
    | { readonly mode: 'verify-full'; readonly authority: string | null; readonly serverName: string | null }
    | { readonly mode: 'disable' }
}

export type UpstreamLogin = {
  readonly database: string
  readonly user: string
  readonly password: string
  readonly keyCache: ScramKeyCache
  /** Settings for the start-up packet. */
  readonly settings: ReadonlyMap<string, string>
}

export type CancelKey = { readonly processId: number; readonly secret: Buffer }

export type Upstream = {
  readonly socket: Socket
  /** ParameterStatus as the server reported them. */
  readonly parameters: ReadonlyMap<string, string>
  readonly cancelKey: CancelKey | null
  readonly names: DatabaseNames
  /** What came behind ReadyForQuery. */
  readonly received: Buffer
}

const MAX_LOGIN_MESSAGE_BYTES = 64 * 1024
const CLIENT_NONCE_BYTES = 18
const SSL_ACCEPTED = 'S'.charCodeAt(0)

/** Throws UpstreamFailed; its message names no credential. `signal` bounds the whole of it. */
export async function connectUpstream(
  address: UpstreamAddress,
  login: UpstreamLogin,
  signal: AbortSignal,
): Promise<Upstream> {
  const socket = await openUpstream(address, signal)
  return bounded(socket, signal, () => logIn(socket, login))
}

/** A connection that is encrypted as `address` says and on which nothing was sent yet. */
export async function openUpstream(address: UpstreamAddress, signal: AbortSignal): Promise<Socket> {
  const raw = connectTcp({ host: address.host, port: address.port, noDelay: true, keepAlive: true })
  return bounded(raw, signal, async () => {
    await once(raw, 'connect')
    return address.tls.mode === 'disable' ? raw : startTls(raw, address, address.tls)
  })
}

/** Runs a step of the opening; `signal` ends it, and only it: the socket's own option would end the session later. */
async function bounded<T>(socket: Socket, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  const abort = (): void => {
    socket.destroy(new UpstreamFailed('upstream_timeout', 'the upstream did not answer in time'))
  }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await step()
  } catch (error) {
    socket.destroy()
    throw asUpstreamFailure(error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function startTls(
  raw: Socket,
  address: UpstreamAddress,
  tls: Extract<UpstreamAddress['tls'], { mode: 'verify-full' }>,
): Promise<TLSSocket> {
  const reader = new ByteReader(raw)
  raw.write(encode.sslRequest)
  const answer = (await reader.read(1))[0]
  if (answer !== SSL_ACCEPTED || reader.bufferedBytes > 0) {
    throw new UpstreamFailed('upstream_tls', 'the upstream does not offer TLS')
  }
  reader.release()
  const socket = connectTls({
    socket: raw,
    host: tls.serverName ?? address.host,
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
    ...(tls.authority === null ? {} : { ca: tls.authority }),
    minVersion: 'TLSv1.2',
  })
  await once(socket, 'secureConnect')
  return socket
}

function once(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new UpstreamFailed('upstream_closed', 'the upstream closed the connection'))
    socket.once('error', reject)
    socket.once('close', closed)
    socket.once(event, () => {
      socket.off('error', reject)
      socket.off('close', closed)
      resolve()
    })
  })
}

/** Errors of sockets and certificates in the words of operators. */
const FAILURE_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the upstream refuses connections',
  ECONNRESET: 'the upstream reset the connection',
  ENOTFOUND: 'the host name of the upstream is unknown',
  ETIMEDOUT: 'the upstream does not answer',
  ERR_TLS_CERT_ALTNAME_INVALID: "the upstream's certificate is for another name",
}

function asUpstreamFailure(error: unknown): UpstreamFailed {
  if (error instanceof UpstreamFailed) return error
  const code = (error as { code?: string }).code ?? ''
  const isCertificate = code.startsWith('ERR_TLS') || code.includes('CERT') || code.includes('SIGNATURE')
  const words =
    FAILURE_WORDS[code] ?? (isCertificate ? "the upstream's certificate is not trusted" : 'the upstream failed')
  return new UpstreamFailed(isCertificate ? 'upstream_certificate' : 'upstream_unreachable', words, { cause: error })
}

async function logIn(socket: Socket, login: UpstreamLogin): Promise<Upstream> {
  const reader = new ByteReader(socket)
  const parameters = new Map([...login.settings, ['user', login.user], ['database', login.database]])
  socket.write(encode.startupPacket(PROTOCOL_3_0, parameters))
  const reported = new Map<string, string>()
  let cancelKey: CancelKey | null = null
  for (;;) {
    const { type, bytes } = await reader.readMessage(MAX_LOGIN_MESSAGE_BYTES)
    switch (type) {
      case SERVER.authentication:
        await answerAuthentication(socket, reader, bytes, login)
        break
      case SERVER.parameterStatus: {
        const { name, value } = decodeParameterStatus(bytes)
        reported.set(name, value)
        break
      }
      case SERVER.backendKeyData:
        cancelKey = { processId: bytes.readInt32BE(5), secret: Buffer.from(bytes.subarray(9)) }
        break
      case SERVER.readyForQuery:
        requireGuardedSettings(reported)
        return {
          socket,
          parameters: reported,
          cancelKey,
          names: await askDatabaseNames(socket, reader),
          received: reader.release(),
        }
      case SERVER.error:
        throw loginRefused(bytes)
      case SERVER.notice:
      case SERVER.negotiateProtocolVersion:
        break
      default:
        throw new UpstreamFailed('upstream_protocol', 'the upstream sent an unexpected message during login')
    }
  }
}

/** What stands between may have dropped what was asked for, and a database can have defaults of its own. */
function requireGuardedSettings(reported: ReadonlyMap<string, string>): void {
  for (const [name, value] of GUARDED_SETTINGS) {
    if (reported.get(name) === value) continue
    throw new UpstreamFailed('upstream_settings', `the upstream does not begin with ${name} = ${value}`)
  }
}

async function answerAuthentication(
  socket: Socket,
  reader: ByteReader,
  message: Buffer,
  login: UpstreamLogin,
): Promise<void> {
  const encrypted = 'encrypted' in socket
  switch (message.readInt32BE(5)) {
    case AUTHENTICATION.ok:
      return
    case AUTHENTICATION.cleartextPassword:
      if (!encrypted)
        throw new UpstreamFailed('upstream_authentication', 'the upstream asks for a password in the clear')
      socket.write(encode.passwordMessage(encode.cString(login.password)))
      return
    case AUTHENTICATION.md5Password:
      socket.write(encode.passwordMessage(encode.cString(md5Password(login, message.subarray(9, 13)))))
      return
    case AUTHENTICATION.sasl:
      return scram(socket, reader, message, login)
    default:
      throw new UpstreamFailed('upstream_authentication', 'the upstream asks for an unsupported way of authentication')
  }
}

function md5Password(login: UpstreamLogin, salt: Buffer): string {
  const inner = createHash('md5')
    .update(login.password + login.user)
    .digest('hex')
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`
}

async function scram(socket: Socket, reader: ByteReader, message: Buffer, login: UpstreamLogin): Promise<void> {
  const client = new ScramClient({
    password: login.password,
    clientNonce: randomBytes(CLIENT_NONCE_BYTES),
    channelBinding: channelBindingOf(socket),
    offered: readMechanisms(message),
    keyCache: login.keyCache,
  })
  socket.write(encode.saslInitialResponse(client.mechanism, client.first()))
  const challenge = await readSasl(reader, AUTHENTICATION.saslContinue)
  socket.write(encode.passwordMessage(client.final(challenge)))
  if (!client.verify(await readSasl(reader, AUTHENTICATION.saslFinal))) {
    throw new UpstreamFailed('upstream_impostor', 'the upstream could not prove that it knows the password')
  }
}

function channelBindingOf(socket: Socket): Buffer | null {
  if (!('getPeerCertificate' in socket)) return null
  const certificate = (socket as TLSSocket).getPeerCertificate().raw
  try {
    return endpointBinding(certificate)
  } catch {
    return null
  }
}

function readMechanisms(message: Buffer): readonly string[] {
  const body = new BodyReader(message, 9)
  const names: string[] = []
  for (let name = body.cText(); name !== '' && !body.broken; name = body.cText()) names.push(name)
  return names
}

async function readSasl(reader: ByteReader, expected: number): Promise<Buffer> {
  const { type, bytes } = await reader.readMessage(MAX_LOGIN_MESSAGE_BYTES)
  if (type === SERVER.error) throw loginRefused(bytes)
  if (type !== SERVER.authentication || bytes.readInt32BE(5) !== expected) {
    throw new UpstreamFailed('upstream_protocol', 'the upstream sent an unexpected message during login')
  }
  return bytes.subarray(9)
}

/** The server's text may name the role or quote its configuration: only the SQLSTATE is repeated. */
function loginRefused(message: Buffer): UpstreamFailed {
  const sqlState = decodeReport(message).get('C') ?? 'XX000'
  return new UpstreamFailed('upstream_login', `the upstream refused the login of the gateway (SQLSTATE ${sqlState})`)
}

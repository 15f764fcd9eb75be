// From an accepted socket to a client that is identified and may use a connection: the handshake as one sequence.

import type { Socket } from 'node:net'
import type { PeerInvalid } from '@sluice/events'
import type { UpstreamAddress } from '../upstream/connect.ts'
import * as encode from '../wire/encode.ts'
import { type AuthenticationOptions, authenticate, type Identified } from './authenticate.ts'
import { acceptParameters, negotiateVersion } from './startup-packet.ts'
import { awaitStartup, type ClientTransport, type TransportOptions } from './transport.ts'

/** An upstream as the gateway uses it. */
export type GovernedConnection = {
  readonly name: string
  readonly address: UpstreamAddress
  readonly database: string
  readonly user: string
  /** The current secret; it may change while the gateway runs. */
  readonly password: () => Promise<string>
  readonly demo: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Whether values are masked: with false no plan is needed. */
  readonly masking: boolean
}

export type AdmissionOptions = TransportOptions &
  AuthenticationOptions & {
    readonly connections: ReadonlyMap<string, GovernedConnection>
    /** Plaintext from clients; only ever on loopback addresses. */
    readonly allowPlaintext: boolean
  }

export type Admitted = {
  readonly kind: 'admitted'
  readonly transport: ClientTransport
  readonly protocolVersion: number
  readonly identified: Identified
  readonly connection: GovernedConnection
  readonly claims: { readonly user: string; readonly database: string; readonly applicationName: string }
  readonly settings: ReadonlyMap<string, string>
}

export type Admission =
  | Admitted
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: Buffer; readonly socket: Socket }
  /** The client was told why, or left. `code` is for the log and the metrics. */
  | { readonly kind: 'ended'; readonly code: string; readonly socket: Socket }

/** Throws PeerInvalid where the bytes are not the protocol: then there is nobody who would understand an answer. */
export async function admit(raw: Socket, options: AdmissionOptions): Promise<Admission> {
  const { transport, request } = await awaitStartup(raw, options)
  const { socket } = transport
  if (request.kind === 'cancel') return { ...request, socket }
  const refuse = (sqlState: string, code: string, reason: string, hint: string): Admission => {
    socket.end(encode.errorResponse({ severity: 'FATAL', sqlState, message: `sluice: ${reason}`, hint }))
    return { kind: 'ended', code, socket }
  }
  if (request.kind === 'refused') return refuse(request.sqlState, 'startup_refused', request.reason, request.hint)
  if (!transport.encrypted && !options.allowPlaintext) {
    return refuse(
      '28000',
      'plaintext_refused',
      'this connection is not encrypted',
      'Use sslmode=verify-full and sslrootcert.',
    )
  }
  const version = negotiateVersion(request.version, request.parameters)
  if (version.differs) socket.write(encode.negotiateProtocolVersion(version.version, version.unknownOptions))
  const parameters = acceptParameters(request.parameters)
  if (parameters.kind === 'refused') {
    return refuse(parameters.sqlState, 'parameter_refused', parameters.reason, parameters.hint)
  }
  const authentication = await authenticate(transport, parameters.user, options)
  if (authentication.kind === 'left') return { kind: 'ended', code: 'client_left', socket }
  if (authentication.kind === 'refused') {
    return refuse('28P01', authentication.code, authentication.reason, authentication.hint)
  }
  const { identified } = authentication
  const connection = options.connections.get(parameters.database)
  if (connection === undefined || (identified.boundTo !== null && identified.boundTo !== connection.name)) {
    return refuse(
      '3D000',
      'connection_unknown',
      'there is no such connection for you',
      'The database name is the name of the connection.',
    )
  }
  if (identified.demo && !connection.demo) {
    return refuse(
      '28000',
      'demo_refused',
      "the demo's identities do not open this connection",
      'Use an identity of a trusted issuer.',
    )
  }
  const { user, database, applicationName, settings } = parameters
  return {
    kind: 'admitted',
    transport,
    protocolVersion: version.version,
    identified,
    connection,
    claims: { user, database, applicationName },
    settings,
  }
}

/** What a peer is told that spoke something else: PostgreSQL's own answer to it. */
export function protocolError(error: PeerInvalid): Buffer {
  return encode.errorResponse({ severity: 'FATAL', sqlState: '08P01', message: `sluice: ${error.message}` })
}

// Who is calling: a ticket by SCRAM, or a token as cleartext password inside TLS.

import { randomBytes } from 'node:crypto'
import { PeerInvalid, type Subject, type Ticket } from '@sluice/events'
import { mockVerifier, parseTicketUser, type ScramMechanism, ScramServer } from '@sluice/identity'
import { BodyReader } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { CLIENT } from '../wire/message-types.ts'
import type { ClientTransport } from './transport.ts'

export type Identified = {
  readonly subject: Subject
  /** The token came from the demo's own issuer, which opens demo connections only. */
  readonly demo: boolean
  /** The only connection that the credential opens, or null. */
  readonly boundTo: string | null
  /** The task of a ticket. */
  readonly purpose: string | null
}

export type Authentication =
  | { readonly kind: 'identified'; readonly identified: Identified }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string; readonly code: string }
  /** psql hangs up at the first password request in order to prompt: no failure. */
  | { readonly kind: 'left' }

export interface CredentialSource {
  /** The ticket, after the store has read all that was published so far. */
  findTicket(ticketId: string): Promise<{ ticket: Ticket; demo: boolean } | 'expired' | 'unknown'>
  verifyToken(token: string): Promise<{ subject: Subject; demo: boolean }>
}

export type AuthenticationOptions = {
  readonly credentials: CredentialSource
  readonly passwordTokens: boolean
  /** tls-server-end-point of our certificate. */
  readonly channelBinding: Buffer | null
  /** Makes unknown tickets look like known ones. */
  readonly mockKey: Buffer
}

/** The longest password message: a token of 70 kB is what PGPASSWORD takes. */
const MAX_PASSWORD_BYTES = 72 * 1024
const MAX_SASL_BYTES = 8 * 1024
const SERVER_NONCE_BYTES = 18

export async function authenticate(
  transport: ClientTransport,
  user: string,
  options: AuthenticationOptions,
): Promise<Authentication> {
  const ticketUser = parseTicketUser(user)
  try {
    if (ticketUser !== null) return await byTicket(transport, ticketUser.ticketId, options)
    if (options.passwordTokens && transport.encrypted) return await byToken(transport, options)
  } catch (error) {
    if (error instanceof PeerInvalid) {
      return error.code === 'connection_closed' ? { kind: 'left' } : refused(error.code, error.message)
    }
    throw error
  }
  return refused('credential_missing', 'a ticket is needed to connect')
}

function refused(code: string, reason: string, hint = TICKET_HINT): Authentication {
  return { kind: 'refused', code, reason, hint }
}

const TICKET_HINT = 'Get a fresh ticket with: sluice token, and connect as the user name that it prints.'

async function byTicket(
  transport: ClientTransport,
  ticketId: string,
  options: AuthenticationOptions,
): Promise<Authentication> {
  const found = await options.credentials.findTicket(ticketId)
  const known = typeof found === 'string' ? null : found
  const channelBinding = transport.encrypted ? options.channelBinding : null
  const offered: ScramMechanism[] =
    channelBinding === null ? ['SCRAM-SHA-256'] : ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']
  transport.socket.write(encode.authenticationSasl(offered))

  const initial = new BodyReader(await readPassword(transport, MAX_SASL_BYTES))
  const asked = initial.cText()
  const mechanism = offered.find((name) => name === asked) ?? null
  const first = initial.bytes(initial.int32())
  if (mechanism === null || initial.broken)
    throw new PeerInvalid('scram_mechanism', 'that SASL mechanism was not offered')
  const server = new ScramServer({
    mechanism,
    channelBinding,
    serverNonce: randomBytes(SERVER_NONCE_BYTES),
    verifier: known === null ? mockVerifier(options.mockKey, ticketId) : known.ticket.scram,
  })
  transport.socket.write(encode.authenticationSaslContinue(server.first(first)))
  const final = await readPassword(transport, MAX_SASL_BYTES)
  const result = server.final(final.subarray(5))
  if (found === 'expired') return refused('ticket_expired', 'the ticket has expired')
  if (known === null || !result.ok) return refused('ticket_invalid', 'the ticket is not valid')
  transport.socket.write(encode.authenticationSaslFinal(result.serverFinal))
  const { ticket, demo } = known
  return {
    kind: 'identified',
    identified: { subject: ticket.subject, demo, boundTo: ticket.connection, purpose: ticket.task },
  }
}

async function byToken(transport: ClientTransport, options: AuthenticationOptions): Promise<Authentication> {
  transport.socket.write(encode.authenticationCleartext)
  const body = new BodyReader(await readPassword(transport, MAX_PASSWORD_BYTES))
  const token = body.cText()
  if (body.broken || !body.done) throw new PeerInvalid('password_malformed', 'the password message is malformed')
  const { subject, demo } = await options.credentials.verifyToken(token)
  return { kind: 'identified', identified: { subject, demo, boundTo: null, purpose: null } }
}

async function readPassword(transport: ClientTransport, maxBytes: number): Promise<Buffer> {
  const { type, bytes } = await transport.reader.readMessage(maxBytes)
  if (type !== CLIENT.password) throw new PeerInvalid('password_expected', 'a password message was expected')
  return bytes
}

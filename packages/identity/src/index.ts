// Who is calling: tokens of trusted issuers, tickets, SCRAM on both sides, and the certificates of an own authority.
export {
  AUTHORITY_DAYS,
  type Authority,
  type CertificateWithKey,
  createAuthority,
  issueServerCertificate,
  SERVER_CERTIFICATE_DAYS,
} from './certificates.ts'
export { endpointBinding } from './endpoint-binding.ts'
export {
  MAX_SCRAM_ITERATIONS,
  MIN_SCRAM_ITERATIONS,
  ScramClient,
  type ScramClientOptions,
  ScramKeyCache,
} from './scram-client.ts'
export { mockVerifier, scramVerifier } from './scram-keys.ts'
export { MAX_SCRAM_MESSAGE_BYTES } from './scram-messages.ts'
export { type ScramMechanism, type ScramResult, ScramServer, type ScramServerOptions } from './scram-server.ts'
export { type NewTicketOptions, newTicket, parseTicketUser, ticketUser } from './ticket.ts'
export { DEFAULT_MAX_TICKETS, type TicketLookup, TicketStore } from './ticket-store.ts'
export { looksLikeToken, MAX_TOKEN_BYTES } from './token-shape.ts'
export {
  type Audience,
  CLOCK_SKEW_SECONDS,
  type IssuerStanding,
  TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedSubject,
} from './token-verifier.ts'
export { type IssuerSettings, readTrustedIssuers, type TrustedIssuer } from './trusted-issuer.ts'

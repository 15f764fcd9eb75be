// The outside of a JWT (RFC 7519, compact serialisation) before anything in it is trusted: is it one, whole, and whose?
import { PeerInvalid } from '@sluice/events'

/** What fits into an HTTP header and is far above any token seen; PGPASSWORD would carry 70 kB. */
export const MAX_TOKEN_BYTES = 16_384

export type TokenShape = {
  readonly algorithm: string
  /** As claimed: it chooses whose keys are tried, and is checked again with the signature. */
  readonly issuer: string
  readonly signatureBytes: number
}

/** The least bytes of a complete signature. RSA's grow with the key, whose least size is 2048 bits. */
const LEAST_SIGNATURE_BYTES: Readonly<Record<string, number>> = {
  ES256: 64,
  ES384: 96,
  ES512: 132,
  EdDSA: 64,
  Ed25519: 64,
  RS256: 256,
  RS384: 256,
  RS512: 256,
  PS256: 256,
  PS384: 256,
  PS512: 256,
}

const ALPHABET = /^[A-Za-z0-9_.-]+$/
/** `{"` in base64url, with which every header begins. */
const BEGINNING = 'eyJ'

export function tokenMalformed(what: string, cause?: unknown): PeerInvalid {
  return new PeerInvalid('token_malformed', `the token is malformed: ${what}`, cause === undefined ? {} : { cause })
}

export function tokenCutOff(): PeerInvalid {
  return new PeerInvalid(
    'token_cut_off',
    'the token was cut off: its signature is not complete. Terminals and password files shorten long passwords; use PGPASSWORD or a ticket',
  )
}

/** Whether a password may be meant as a token at all, complete or not. */
export function looksLikeToken(password: string): boolean {
  return password.startsWith(BEGINNING) && ALPHABET.test(password)
}

/** @throws PeerInvalid `token_malformed` or `token_cut_off` */
export function shapeOf(jwt: string): TokenShape {
  if (jwt.length > MAX_TOKEN_BYTES) throw tokenMalformed(`it has more than ${MAX_TOKEN_BYTES} bytes`)
  if (!looksLikeToken(jwt)) throw tokenMalformed('it is no signed JWT')
  const parts = jwt.split('.')
  if (parts.length > 3) throw tokenMalformed('it has more than three parts')
  const [headerPart = '', payloadPart = '', signaturePart] = parts
  // Nothing that was cut before its second dot can be read further.
  if (signaturePart === undefined) throw tokenCutOff()
  const algorithm = jsonOf(headerPart)['alg']
  const issuer = jsonOf(payloadPart)['iss']
  if (typeof algorithm !== 'string') throw tokenMalformed('its header names no algorithm')
  if (typeof issuer !== 'string') throw tokenMalformed('it names no issuer')
  return { algorithm, issuer, signatureBytes: Math.floor((signaturePart.length * 3) / 4) }
}

/** Only for an algorithm that is allowed: one that isn't has no length to compare with. */
export function isCutOff({ algorithm, signatureBytes }: TokenShape): boolean {
  return signatureBytes < (LEAST_SIGNATURE_BYTES[algorithm] ?? 1)
}

function jsonOf(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw tokenMalformed('a part of it is no JSON', cause)
  }
  throw tokenMalformed('a part of it is no JSON object')
}

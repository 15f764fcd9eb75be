// A token of a trusted issuer, for one door: verified, or refused with a code that says why. Signature and times are
// jose's work; which issuer, algorithm, type and audience count is decided here.
import { ConfigInvalid, PeerInvalid, type Subject } from '@sluice/events'
import { type CryptoKey, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { ISSUER_KEYS_DEFAULTS, IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts'
import { subjectOf } from './subject-claims.ts'
import { isCutOff, shapeOf, type TokenShape, tokenCutOff, tokenMalformed } from './token-shape.ts'
import { checkIssuer, type TrustedIssuer } from './trusted-issuer.ts'

/** A token for one door is refused at the others. */
export type Audience = 'sluice:console' | 'sluice:proxy'

export const CLOCK_SKEW_SECONDS = 30
const MICROS_PER_SECOND = 1_000_000

/** A subject with what its token says beyond: no part of these goes into a record. */
export type VerifiedSubject = Subject & {
  /** Its issuer is the demo's own: refuse it on connections that are not marked so. */
  readonly demo: boolean
  /** Microseconds since the epoch. */
  readonly expiresAt: number
  /** When they logged in (`auth_time`), else when the token was issued; seconds since the epoch. Null: it does not tell. */
  readonly authenticatedAt: number | null
}

export type TokenVerifierOptions = {
  readonly keys?: Partial<IssuerKeysOptions>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Told of each download of keys that failed, for the log. */
  readonly onKeysFailure?: (issuer: string, error: unknown) => void
}

/** `demo`: refuse its subjects on connections that are not marked as demo. */
export type IssuerStanding = 'trusted' | 'demo' | 'untrusted'

type Entry = { readonly issuer: TrustedIssuer; readonly keys: IssuerKeys }

export class TokenVerifier {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #now: () => number

  /** @throws ConfigInvalid on an issuer that must not be trusted as it is written. */
  constructor(issuers: readonly TrustedIssuer[], options: TokenVerifierOptions = {}) {
    this.#now = options.now ?? Date.now
    const keyOptions = { ...ISSUER_KEYS_DEFAULTS, ...options.keys }
    const entries = new Map<string, Entry>()
    for (const issuer of issuers) {
      checkIssuer(issuer)
      if (entries.has(issuer.issuer)) throw new ConfigInvalid('issuer_twice', `issuer ${issuer.issuer} stands twice`)
      const keys = new IssuerKeys(issuer, keyOptions, this.#now, options.onKeysFailure ?? (() => {}))
      entries.set(issuer.issuer, { issuer, keys })
    }
    this.#entries = entries
  }

  /** Fetches all keys at start, so that the first caller need not wait. Never fails. */
  async prefetch(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ keys }) => keys.prefetch()))
  }

  /** The issuers whose tokens can't be checked now. */
  unavailableIssuers(): readonly string[] {
    return [...this.#entries.values()].filter(({ keys }) => !keys.available).map(({ issuer }) => issuer.issuer)
  }

  /** For a subject that comes from a ticket: its issuer may be trusted less, or no longer, than when it was issued. */
  standingOf(subject: Subject): IssuerStanding {
    const entry = this.#entries.get(subject.issuer)
    if (entry === undefined) return 'untrusted'
    return entry.issuer.demo ? 'demo' : 'trusted'
  }

  /** @throws PeerInvalid with a code `token_…` or `issuer_unavailable`; no message holds a part of the token. */
  async verify(jwt: string, door: Audience): Promise<VerifiedSubject> {
    const shape = shapeOf(jwt)
    const entry = this.#entries.get(shape.issuer)
    if (entry === undefined) {
      throw new PeerInvalid('token_issuer', 'the token is from an issuer that is not trusted here')
    }
    const { issuer, keys } = entry
    if (!issuer.algorithms.includes(shape.algorithm)) throw algorithmRefused()
    if (isCutOff(shape)) throw tokenCutOff()
    const claims = await this.#claims(jwt, door, issuer, keys, shape)
    const { exp } = claims
    if (exp === undefined) throw new PeerInvalid('token_claims', 'the token never expires')
    const authenticatedAt = authenticationTime(claims)
    return { ...subjectOf(claims, issuer), demo: issuer.demo, expiresAt: exp * MICROS_PER_SECOND, authenticatedAt }
  }

  async #claims(
    jwt: string,
    door: Audience,
    issuer: TrustedIssuer,
    keys: IssuerKeys,
    shape: TokenShape,
  ): Promise<JWTPayload> {
    const rules: JWTVerifyOptions = {
      issuer: issuer.issuer,
      audience: door,
      algorithms: [...issuer.algorithms],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(this.#now()),
      requiredClaims: ['exp'],
      ...(issuer.type === null ? {} : { typ: issuer.type }),
    }
    let modulusBits = 0
    try {
      const verified = await jwtVerify(
        jwt,
        async (header, token) => {
          const key = await keys.find(header, token)
          modulusBits = modulusBitsOf(key as CryptoKey)
          return key
        },
        rules,
      )
      return verified.payload
    } catch (error) {
      const cutOff = error instanceof errors.JWSSignatureVerificationFailed && shape.signatureBytes * 8 < modulusBits
      throw cutOff ? tokenCutOff() : refusal(error, door)
    }
  }
}

/** OpenID Connect Core 1.0, section 2. An `auth_time` that is none is not replaced by a later time. */
function authenticationTime({ auth_time: authTime, iat }: JWTPayload): number | null {
  const time = authTime === undefined ? iat : authTime
  return typeof time === 'number' && Number.isFinite(time) && time >= 0 ? time : null
}

function modulusBitsOf(key: CryptoKey): number {
  const { algorithm } = key
  return 'modulusLength' in algorithm && typeof algorithm.modulusLength === 'number' ? algorithm.modulusLength : 0
}

function algorithmRefused(): PeerInvalid {
  return new PeerInvalid('token_algorithm', 'the token is signed in a way that its issuer is not trusted with')
}

/** Claims that jose checks, and what it means when one of them doesn't hold. */
const CLAIM_REFUSALS: Readonly<Record<string, (door: Audience) => PeerInvalid>> = {
  aud: (door) =>
    new PeerInvalid('token_audience', `the token is not for this door; ask its issuer for audience ${door}`),
  iss: () => new PeerInvalid('token_issuer', 'the token is from an issuer that is not trusted here'),
  typ: () => new PeerInvalid('token_type', 'the token is of another type than its issuer gives for access'),
  nbf: () => new PeerInvalid('token_not_yet_valid', 'the token is not valid yet; check the clocks'),
  exp: () => new PeerInvalid('token_claims', 'the token never expires; only such that do are accepted'),
}

function refusal(error: unknown, door: Audience): unknown {
  if (error instanceof PeerInvalid) return error
  if (error instanceof errors.JWTExpired)
    return new PeerInvalid('token_expired', 'the token has expired; get a new one')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return CLAIM_REFUSALS[error.claim]?.(door) ?? tokenMalformed(`claim ${error.claim} can't be used`)
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return algorithmRefused()
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new PeerInvalid('token_signature', 'the token was changed, or is not of the issuer that it names')
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return new PeerInvalid('token_signature', 'the token is signed by a key that its issuer does not publish')
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return tokenMalformed('it names no key (kid) where its issuer has several')
  }
  // What is left: headers or keys that jose can't or won't use. Nothing of that may count as verified.
  return tokenMalformed('it can not be verified', error)
}

// The bearer token of a request (RFC 6750), and the bound on attempts that fail.
import { createHmac, randomBytes } from 'node:crypto'
import { PeerInvalid } from '@sluice/events'
import type { TokenVerifier, VerifiedSubject } from '@sluice/identity'
import { refuse } from './problem.ts'
import { RequestLimit } from './request-limit.ts'

export const FAILURES_AT_ONCE = 20
export const FAILURES_PER_SECOND = 0.5
export const MAX_LIMITED_ADDRESSES = 10_000
/** Tokens that were good lately: those are let through where others from the same address fail. */
export const MAX_REMEMBERED_TOKENS = 1_000
const BEARER = /^Bearer +([^\s,]+) *$/i

/** The token of an `Authorization` header; null where it carries none. */
export function bearerToken(authorization: string | undefined): string | null {
  return BEARER.exec(authorization ?? '')?.[1] ?? null
}

export type AuthenticatorOptions = {
  readonly verifier: Pick<TokenVerifier, 'verify'>
  readonly nowMs: () => number
  readonly onFailure: (code: string) => void
}

export class Authenticator {
  readonly #options: AuthenticatorOptions
  readonly #failures = new RequestLimit({
    burst: FAILURES_AT_ONCE,
    perSecond: FAILURES_PER_SECOND,
    maxKeys: MAX_LIMITED_ADDRESSES,
    code: 'too_many_failures',
    detail: (waitSeconds) => `too many tokens from this address were refused; wait ${waitSeconds} s`,
  })
  readonly #good = new Set<string>()
  readonly #fingerprintKey = randomBytes(32)

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** @throws ProblemError, PeerInvalid: the answer to give. */
  async authenticate(authorization: string | undefined, address: string): Promise<VerifiedSubject> {
    const { verifier, nowMs, onFailure } = this.#options
    const token = bearerToken(authorization)
    if (token === null) {
      throw refuse('token_missing', 'send `Authorization: Bearer` with a token for audience sluice:console', {
        'www-authenticate': 'Bearer realm="sluice"',
      })
    }
    const fingerprint = createHmac('sha256', this.#fingerprintKey).update(token).digest('base64')
    const refusal = this.#failures.refusal(address, nowMs())
    if (refusal !== null && !this.#good.has(fingerprint)) {
      onFailure('too_many_failures')
      throw refusal
    }
    try {
      const subject = await verifier.verify(token, 'sluice:console')
      this.#remember(fingerprint)
      return subject
    } catch (error) {
      this.#good.delete(fingerprint)
      if (error instanceof PeerInvalid) {
        onFailure(error.code)
        // An issuer that is away is no attempt of the client's.
        if (error.code !== 'issuer_unavailable') this.#failures.take(address, nowMs())
      }
      throw error
    }
  }

  #remember(fingerprint: string): void {
    if (this.#good.has(fingerprint)) return
    if (this.#good.size >= MAX_REMEMBERED_TOKENS) {
      const [oldest] = this.#good
      if (oldest !== undefined) this.#good.delete(oldest)
    }
    this.#good.add(fingerprint)
  }
}

// The keys of one issuer: fetched when needed, refreshed behind the back of those who verify, kept while the issuer
// is away, and asked for anew at most once a cooldown when a token names a key that isn't known.
import { setTimeout as sleep } from 'node:timers/promises'
import { PeerInvalid } from '@sluice/events'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { fetchKeys } from './fetch-keys.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

export type IssuerKeysOptions = {
  /** For one download. */
  readonly timeoutMs: number
  /** Between two downloads, whatever tokens ask for. */
  readonly cooldownMs: number
  /** The same while no key is known at all, as when the issuer starts after us; who asks meanwhile waits for the next. */
  readonly retryMs: number
  /** After that time keys are fetched again, without anyone waiting for it. */
  readonly refreshAfterMs: number
  /** After that time keys that could not be fetched again count no longer. */
  readonly maxAgeMs: number
}

export const ISSUER_KEYS_DEFAULTS: IssuerKeysOptions = {
  timeoutMs: 5_000,
  cooldownMs: 30_000,
  retryMs: 1_000,
  refreshAfterMs: 10 * 60_000,
  maxAgeMs: 24 * 60 * 60_000,
}

type Known = { readonly find: JWTVerifyGetKey; readonly fetchedAtMs: number }

export class IssuerKeys {
  readonly #issuer: TrustedIssuer
  readonly #options: IssuerKeysOptions
  readonly #now: () => number
  readonly #onFailure: (issuer: string, error: unknown) => void
  #known: Known | null = null
  #lastAttemptMs = Number.NEGATIVE_INFINITY
  #download: Promise<void> | null = null
  #lastError: unknown = null

  constructor(
    issuer: TrustedIssuer,
    options: IssuerKeysOptions,
    now: () => number,
    onFailure: (issuer: string, error: unknown) => void,
  ) {
    this.#issuer = issuer
    this.#options = options
    this.#now = now
    this.#onFailure = onFailure
  }

  get available(): boolean {
    return this.#usable() !== null
  }

  /** Never fails: what went wrong shows when a key is asked for. */
  async prefetch(): Promise<void> {
    if (this.#known === null) await this.#refresh()
  }

  /** The key for a token's header. @throws PeerInvalid `issuer_unavailable`; jose's errors where no key fits. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    let known = this.#usable()
    if (known === null) {
      await this.#refresh()
      known = this.#usable()
      if (known === null) throw this.#unavailable()
    } else if (this.#now() - known.fetchedAtMs > this.#options.refreshAfterMs) {
      void this.#refresh()
    }
    try {
      return await known.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await this.#refresh()
      const renewed = this.#usable()
      if (renewed === null || renewed === known) throw error
      return renewed.find(header, token)
    }
  }

  #usable(): Known | null {
    const known = this.#known
    return known !== null && this.#now() - known.fetchedAtMs <= this.#options.maxAgeMs ? known : null
  }

  /** One download at a time, and none within the cooldown: tokens with invented key ids cost the issuer nothing. */
  async #refresh(): Promise<void> {
    if (this.#download !== null) return this.#download
    const { cooldownMs, retryMs } = this.#options
    const sinceMs = this.#now() - this.#lastAttemptMs
    const isUsable = this.#usable() !== null
    if (isUsable && sinceMs < cooldownMs) return
    this.#download = this.#fetch(isUsable ? 0 : Math.min(retryMs, retryMs - sinceMs)).finally(() => {
      this.#download = null
    })
    return this.#download
  }

  async #fetch(delayMs: number): Promise<void> {
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false })
    this.#lastAttemptMs = this.#now()
    const { issuer, jwksUri, authority } = this.#issuer
    try {
      const keys: JSONWebKeySet = await fetchKeys(jwksUri, { authority, timeoutMs: this.#options.timeoutMs })
      this.#known = { find: createLocalJWKSet(keys), fetchedAtMs: this.#now() }
    } catch (error) {
      this.#lastError = error
      this.#onFailure(issuer, error)
    }
  }

  #unavailable(): PeerInvalid {
    const message = `the keys of issuer ${this.#issuer.issuer} can't be fetched, so its tokens can't be checked; try again later`
    return new PeerInvalid('issuer_unavailable', message, { cause: this.#lastError })
  }
}

// The client's side of SCRAM-SHA-256 and -PLUS, toward an upstream (RFC 5802, 7677): pure, one exchange an object.
import { timingSafeEqual } from 'node:crypto'
import { PeerInvalid, PeerUnsupported } from '@sluice/events'
import { DEFAULT_SCRAM_ITERATIONS, hmac, type ScramKeys, scramKeysSync, xor } from './scram-keys.ts'
import { parseServerFinal, parseServerFirst } from './scram-messages.ts'
import type { ScramMechanism } from './scram-server.ts'

/** The derivation blocks the event loop: this many are about a quarter of a second. */
export const MAX_SCRAM_ITERATIONS = 600_000
/** RFC 7677 section 4. Fewer would let an impostor guess the password from the proof at leisure. */
export const MIN_SCRAM_ITERATIONS = DEFAULT_SCRAM_ITERATIONS

export type ScramClientOptions = {
  readonly password: string
  /** At least 18 random bytes. */
  readonly clientNonce: Buffer
  /** `endpointBinding` of the server's certificate. Null: no TLS, or a certificate that has no such binding. */
  readonly channelBinding: Buffer | null
  /** The mechanisms that the server offers. */
  readonly offered: readonly string[]
  /** Derived keys of earlier exchanges with the same password; saves 2 ms a login. Never shared between passwords. */
  readonly keyCache?: ScramKeyCache
  /** RFC 5802's `n`; PostgreSQL ignores it and takes the name of the startup packet. */
  readonly user?: string
}

/** The keys of one password, by salt and iterations. Bounded to the last one, for a role has one salt at a time. */
export class ScramKeyCache {
  #id = ''
  #keys: ScramKeys | null = null

  keysOf(password: string, salt: Buffer, iterations: number): ScramKeys {
    const id = `${iterations} ${salt.toString('base64')} ${password}`
    if (this.#keys === null || this.#id !== id) {
      this.#keys = scramKeysSync(password, salt, iterations)
      this.#id = id
    }
    return this.#keys
  }
}

export class ScramClient {
  readonly mechanism: ScramMechanism
  readonly #options: ScramClientOptions
  readonly #nonce: string
  readonly #gs2Header: string
  readonly #bare: string
  #expectedSignature: Buffer | null = null

  /** @throws PeerUnsupported where the server offers no SCRAM-SHA-256 at all. */
  constructor(options: ScramClientOptions) {
    this.#options = options
    this.#nonce = options.clientNonce.toString('base64')
    this.#bare = `n=${scramName(options.user ?? '')},r=${this.#nonce}`
    if (options.channelBinding !== null && options.offered.includes('SCRAM-SHA-256-PLUS')) {
      this.mechanism = 'SCRAM-SHA-256-PLUS'
      this.#gs2Header = 'p=tls-server-end-point,,'
    } else if (options.offered.includes('SCRAM-SHA-256')) {
      this.mechanism = 'SCRAM-SHA-256'
      // `y` tells the server what we saw, so that it notices when its offer of -PLUS was removed on the way.
      this.#gs2Header = options.channelBinding === null ? 'n,,' : 'y,,'
    } else {
      throw new PeerUnsupported('scram_mechanism', 'the upstream offers no authentication by SCRAM-SHA-256')
    }
  }

  first(): Buffer {
    return Buffer.from(this.#gs2Header + this.#bare, 'latin1')
  }

  /** @returns the client's final message. @throws PeerInvalid on what a server must not send. */
  final(message: Buffer): Buffer {
    const { nonce, salt, iterations } = parseServerFirst(message)
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new PeerInvalid('scram_nonce', 'the SCRAM nonce of the server does not continue ours')
    }
    if (iterations < MIN_SCRAM_ITERATIONS || iterations > MAX_SCRAM_ITERATIONS) {
      throw new PeerInvalid(
        'scram_iterations',
        `the server asks for ${iterations} SCRAM iterations; accepted are ${MIN_SCRAM_ITERATIONS} to ${MAX_SCRAM_ITERATIONS}: set scram_iterations so and the role's password again`,
      )
    }
    const { clientKey, storedKey, serverKey } = this.#keys(salt, iterations)
    const withoutProof = `c=${this.#binding().toString('base64')},r=${nonce}`
    const signed = `${this.#bare},${message.toString('latin1')},${withoutProof}`
    const proof = xor(clientKey, hmac(storedKey, signed))
    this.#expectedSignature = hmac(serverKey, signed)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`, 'latin1')
  }

  /** @returns whether the server knows the password too. Without this check an impostor could take over. */
  verify(message: Buffer): boolean {
    if (this.#expectedSignature === null) throw new TypeError('the server final message is not due')
    const final = parseServerFinal(message)
    if (final.kind === 'error' || final.signature.length !== this.#expectedSignature.length) return false
    return timingSafeEqual(final.signature, this.#expectedSignature)
  }

  #keys(salt: Buffer, iterations: number): ScramKeys {
    const { keyCache, password } = this.#options
    return keyCache ? keyCache.keysOf(password, salt, iterations) : scramKeysSync(password, salt, iterations)
  }

  #binding(): Buffer {
    const header = Buffer.from(this.#gs2Header, 'latin1')
    const { channelBinding } = this.#options
    return this.mechanism === 'SCRAM-SHA-256-PLUS' && channelBinding ? Buffer.concat([header, channelBinding]) : header
  }
}

/** RFC 5802 section 5.1: a name writes its commas and equals signs so that they don't cut the message. */
function scramName(name: string): string {
  return Buffer.from(name.replaceAll('=', '=3D').replaceAll(',', '=2C')).toString('latin1')
}

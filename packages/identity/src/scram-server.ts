// The server's side of SCRAM-SHA-256 and -PLUS (RFC 5802, 7677): pure, one exchange an object.
// Which verifier belongs to a name, and how messages travel, is the caller's.
import { timingSafeEqual } from 'node:crypto'
import { PeerInvalid, type ScramVerifier } from '@sluice/events'
import { hashOf, hmac, SCRAM_KEY_BYTES, xor } from './scram-keys.ts'
import { type ClientFirst, malformed, parseClientFinal, parseClientFirst } from './scram-messages.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'

export type ScramServerOptions = {
  readonly verifier: ScramVerifier
  /** At least 18 random bytes. */
  readonly serverNonce: Buffer
  /** `endpointBinding` of the certificate shown to this client. Null: no TLS, so -PLUS was not offered. */
  readonly channelBinding: Buffer | null
  readonly mechanism: ScramMechanism
}

export type ScramResult = { readonly ok: true; readonly serverFinal: Buffer } | { readonly ok: false }

export class ScramServer {
  readonly #options: ScramServerOptions
  #exchange: { readonly clientFirst: ClientFirst; readonly serverFirst: string; readonly nonce: string } | null = null
  #finished = false

  constructor(options: ScramServerOptions) {
    if (options.mechanism === 'SCRAM-SHA-256-PLUS' && options.channelBinding === null) {
      throw new TypeError('SCRAM-SHA-256-PLUS needs a channel binding')
    }
    this.#options = options
  }

  /** @returns the server's first message. @throws PeerInvalid: malformed, or the mechanisms were tampered with. */
  first(message: Buffer): Buffer {
    if (this.#exchange !== null) throw new TypeError('the first message was already given')
    const clientFirst = parseClientFirst(message)
    this.#checkBindingFlag(clientFirst)
    const { salt, iterations } = this.#options.verifier
    const nonce = clientFirst.nonce + this.#options.serverNonce.toString('base64')
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
    this.#exchange = { clientFirst, serverFirst, nonce }
    return Buffer.from(serverFirst, 'latin1')
  }

  /** @returns whether the client knows the password. @throws PeerInvalid: malformed, or bound to another channel. */
  final(message: Buffer): ScramResult {
    if (this.#exchange === null || this.#finished) throw new TypeError('the final message is not due')
    this.#finished = true
    const { clientFirst, serverFirst, nonce } = this.#exchange
    const final = parseClientFinal(message)
    if (final.nonce !== nonce) throw new PeerInvalid('scram_nonce', 'the SCRAM nonce is not the one of this exchange')
    if (!this.#bindingMatches(clientFirst.gs2Header, final.binding)) {
      throw new PeerInvalid(
        'scram_channel_binding',
        'the SCRAM exchange is bound to another TLS channel: something between client and gateway shows its own certificate',
      )
    }
    if (final.proof.length !== SCRAM_KEY_BYTES) throw malformed('the proof has the wrong length')
    const { storedKey, serverKey } = this.#options.verifier
    const signed = `${clientFirst.bare},${serverFirst},${final.withoutProof}`
    const clientKey = xor(final.proof, hmac(storedKey, signed))
    if (!timingSafeEqual(hashOf(clientKey), storedKey)) return { ok: false }
    return { ok: true, serverFinal: Buffer.from(`v=${hmac(serverKey, signed).toString('base64')}`, 'latin1') }
  }

  #checkBindingFlag({ flag }: ClientFirst): void {
    const plus = this.#options.mechanism === 'SCRAM-SHA-256-PLUS'
    if (plus !== (flag === 'p')) throw malformed('the mechanism and the channel binding flag contradict each other')
    if (flag === 'y' && this.#options.channelBinding !== null) {
      // RFC 5802 section 6: the client can bind and believes that we can't, so someone removed -PLUS from our offer.
      throw new PeerInvalid(
        'scram_downgraded',
        'the client supports channel binding and did not see that it was offered: something removed the offer on the way',
      )
    }
  }

  #bindingMatches(gs2Header: string, binding: Buffer): boolean {
    const channel = this.#options.mechanism === 'SCRAM-SHA-256-PLUS' ? this.#options.channelBinding : null
    const header = Buffer.from(gs2Header, 'latin1')
    const expected = channel === null ? header : Buffer.concat([header, channel])
    return binding.length === expected.length && timingSafeEqual(binding, expected)
  }
}

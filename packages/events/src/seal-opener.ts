// Opening of payloads in the masker: unwraps the session's data key, decrypts, and checks every commitment.

import { createDecipheriv, timingSafeEqual } from 'node:crypto'
import { sha256 } from './digest.ts'
import { PeerInvalid } from './errors.ts'
import type { Sealed, Segment, SegmentKind, WrappedKey } from './frame.ts'
import { hpkeSuite, type MaskerPrivateKey } from './masker-keys.ts'
import { AES_BLOCK_BYTES, counterBlock, DATA_KEY_BYTES, WRAP_INFO } from './seal.ts'
import { NONCE_BYTES, type OpenedSegment } from './segments.ts'
import { uuidBytes } from './uuid.ts'

const invalid = (code: string, what: string, cause?: unknown): PeerInvalid =>
  new PeerInvalid(code, `${what}; the frame was changed, or sealed for another masker`, { cause })

export class SealOpener {
  readonly #dataKey: Buffer

  private constructor(dataKey: Buffer) {
    this.#dataKey = dataKey
  }

  /** Throws PeerInvalid where the key was wrapped for another masker or another session, or was changed. */
  static async fromWrapped(sessionId: string, wrapped: WrappedKey, masker: MaskerPrivateKey): Promise<SealOpener> {
    if (wrapped.recipientKeyId !== masker.keyId) {
      throw invalid(
        'seal_recipient',
        `the session key is wrapped for ${wrapped.recipientKeyId}, this masker is ${masker.keyId}`,
      )
    }
    let dataKey: Buffer
    try {
      const options = { aad: uuidBytes(sessionId), info: WRAP_INFO }
      dataKey = Buffer.from(await hpkeSuite.Open(masker.pair, wrapped.encapsulated, wrapped.ciphertext, options))
    } catch (cause) {
      throw invalid('seal_key', "the session key can't be unwrapped", cause)
    }
    if (dataKey.length !== DATA_KEY_BYTES) throw invalid('seal_key', 'the session key has a wrong length')
    return new SealOpener(dataKey)
  }

  /**
   * The segments with their bytes and nonces, each checked against its commitment. Where none of `wanted` is among
   * the kinds, nothing is decrypted and null returned: lengths and commitments are the chain's matter.
   */
  open(segments: readonly Segment[], sealed: Sealed | null, wanted: ReadonlySet<SegmentKind>): OpenedSegment[] | null {
    let total = 0
    for (const segment of segments) total += NONCE_BYTES + segment.length
    const ciphertext = sealed?.ciphertext ?? Buffer.alloc(0)
    if (ciphertext.length !== total)
      throw invalid('seal_length', 'the sealed payload has another length than its segments')
    if (sealed === null || !segments.some((segment) => wanted.has(segment.kind)))
      return segments.length === 0 ? [] : null
    const plain = this.#decrypt(sealed)
    let at = 0
    return segments.map((segment) => {
      const end = at + NONCE_BYTES + segment.length
      const whole = plain.subarray(at, end)
      at = end
      if (!timingSafeEqual(sha256(whole), segment.commitment)) {
        throw invalid('seal_commitment', 'a segment does not match its commitment')
      }
      const { kind, label, part, parts } = segment
      return { kind, label, part, parts, nonce: whole.subarray(0, NONCE_BYTES), bytes: whole.subarray(NONCE_BYTES) }
    })
  }

  #decrypt(sealed: Sealed): Buffer {
    const { stream, offset, ciphertext } = sealed
    if (stream < 0 || offset < 0) throw invalid('seal_position', 'the sealed payload has no place in the key stream')
    const skip = offset % AES_BLOCK_BYTES
    const iv = counterBlock(stream, (offset - skip) / AES_BLOCK_BYTES)
    const decipher = createDecipheriv('aes-256-ctr', this.#dataKey, iv)
    if (skip > 0) decipher.update(Buffer.alloc(skip))
    return decipher.update(ciphertext)
  }
}

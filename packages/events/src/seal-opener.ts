// Opening of payloads in the masker: unwraps the session's data key, decrypts, and checks every commitment.

import { createDecipheriv, timingSafeEqual } from 'node:crypto'
import { sha256 } from './digest.ts'
import { PeerInvalid } from './errors.ts'
import type { Sealed, Segment, SegmentKind, WrappedKey } from './frame.ts'
import { AES_BLOCK_BYTES, counterBlock, DATA_KEY_BYTES, WRAP_INFO } from './seal.ts'
import { hpkeSuite, type SealingPrivateKey } from './sealing-keys.ts'
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
  static async fromWrapped(sessionId: string, wrapped: WrappedKey, masker: SealingPrivateKey): Promise<SealOpener> {
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
   * The segments of the wanted kinds with their bytes and nonces, each checked against its commitment; null in the
   * place of the others, which are not decrypted where nothing wanted follows them: their lengths and commitments are
   * the chain's matter. Throws PeerInvalid where anything does not fit.
   */
  open(
    segments: readonly Segment[],
    sealed: Sealed | null,
    wanted: ReadonlySet<SegmentKind>,
  ): (OpenedSegment | null)[] {
    let total = 0
    let needed = 0
    for (const segment of segments) {
      if (segment.length < 0) throw invalid('seal_length', 'a segment has a negative length')
      total += NONCE_BYTES + segment.length
      if (wanted.has(segment.kind)) needed = total
    }
    if (total !== (sealed?.ciphertext.length ?? 0)) {
      throw invalid('seal_length', 'the sealed payload has another length than its segments')
    }
    if (sealed === null || needed === 0) return segments.map(() => null)
    const plain = this.#decrypt(sealed, needed)
    let at = 0
    return segments.map((segment) => {
      const whole = plain.subarray(at, at + NONCE_BYTES + segment.length)
      at += NONCE_BYTES + segment.length
      if (!wanted.has(segment.kind)) return null
      if (!timingSafeEqual(sha256(whole), segment.commitment)) {
        throw invalid('seal_commitment', 'a segment does not match its commitment')
      }
      const { kind, label, part, parts } = segment
      return { kind, label, part, parts, nonce: whole.subarray(0, NONCE_BYTES), bytes: whole.subarray(NONCE_BYTES) }
    })
  }

  #decrypt({ stream, offset, ciphertext }: Sealed, length: number): Buffer {
    if (stream < 0 || offset < 0) throw invalid('seal_position', 'the sealed payload has no place in the key stream')
    const skip = offset % AES_BLOCK_BYTES
    const iv = counterBlock(stream, (offset - skip) / AES_BLOCK_BYTES)
    const decipher = createDecipheriv('aes-256-ctr', this.#dataKey, iv)
    if (skip > 0) decipher.update(Buffer.alloc(skip))
    return decipher.update(ciphertext.subarray(0, length))
  }
}

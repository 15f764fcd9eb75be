// Sealing of payloads in the proxy. A session has one data key, wrapped once to the masker; its payloads are encrypted
// with one AES-256-CTR key stream of which no byte is used twice. What proves them authentic are the commitments.

import { type Cipheriv, createCipheriv, randomFillSync } from 'node:crypto'
import type { WrappedKey } from './frame.ts'
import { freeMemory } from './free-memory.ts'
import { hpkeSuite, type SealingPublicKey } from './sealing-keys.ts'
import { uuidBytes } from './uuid.ts'

export const DATA_KEY_BYTES = 32
export const WRAP_INFO = Buffer.from('sluice-session-key-v1')
export const AES_BLOCK_BYTES = 16

/** Key stream made ahead: for short payloads the exclusive or here is cheaper than a call into the cipher. */
const AHEAD_BYTES = 2_048
const ZEROS = Buffer.alloc(AHEAD_BYTES)
/** Above this the cipher is called on the payload itself. */
const MAX_AHEAD_PAYLOAD_BYTES = 1_024

/** The initial counter block of a key stream: its number above, the block counter below, both 64 bits. */
export function counterBlock(stream: number, block: number): Buffer {
  const bytes = Buffer.alloc(AES_BLOCK_BYTES)
  bytes.writeBigUInt64BE(BigInt(stream), 0)
  bytes.writeBigUInt64BE(BigInt(block), 8)
  return bytes
}

export class SessionSealer {
  readonly wrapped: WrappedKey
  readonly stream = 0
  readonly #cipher: Cipheriv
  #ahead: Buffer = ZEROS.subarray(0, 0)
  #aheadAt = 0
  #offset = 0

  private constructor(wrapped: WrappedKey, cipher: Cipheriv) {
    this.wrapped = wrapped
    this.#cipher = cipher
  }

  /** Makes a session's data key; only the masker can unwrap it. */
  static async create(sessionId: string, recipient: SealingPublicKey): Promise<SessionSealer> {
    const dataKey = randomFillSync(Buffer.alloc(DATA_KEY_BYTES))
    const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(recipient.key, dataKey, {
      aad: uuidBytes(sessionId),
      info: WRAP_INFO,
    })
    const cipher = createCipheriv('aes-256-ctr', dataKey, counterBlock(0, 0))
    dataKey.fill(0)
    return new SessionSealer(
      {
        recipientKeyId: recipient.keyId,
        encapsulated: Buffer.from(encapsulatedSecret),
        ciphertext: Buffer.from(ciphertext),
      },
      cipher,
    )
  }

  /** Where in the key stream the next payload begins. */
  get offset(): number {
    return this.#offset
  }

  /** Encrypts `plain[0, length)` into `target` at `position`; the key stream moves on by `length`. */
  encryptInto(plain: Buffer, length: number, target: Buffer, position: number): void {
    let done = this.#fromAhead(plain, 0, length, target, position)
    if (done < length && length - done <= MAX_AHEAD_PAYLOAD_BYTES) {
      this.#ahead = this.#cipher.update(ZEROS)
      this.#aheadAt = 0
      done = this.#fromAhead(plain, done, length, target, position)
    } else if (done < length) {
      const sealed = this.#cipher.update(plain.subarray(done, length))
      target.set(sealed, position + done)
      freeMemory(sealed)
    }
    this.#offset += length
  }

  /** Uses up key stream that was made ahead, at most to `length`; returns how far it got. */
  #fromAhead(plain: Buffer, from: number, length: number, target: Buffer, position: number): number {
    const ahead = this.#ahead
    const end = Math.min(length, from + ahead.length - this.#aheadAt)
    const shift = this.#aheadAt - from
    for (let at = from; at < end; at++) {
      target[position + at] = (plain[at] as number) ^ (ahead[at + shift] as number)
    }
    this.#aheadAt += end - from
    return end
  }
}

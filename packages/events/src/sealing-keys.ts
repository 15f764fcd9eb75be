// HPKE keys of those to whom something is sealed: masker, approver (RFC 9180, base mode): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

import { createPrivateKey, createPublicKey } from 'node:crypto'
import {
  AEAD_AES_256_GCM,
  CipherSuite,
  type CryptoKey,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type KeyPair,
} from 'hpke'
import { sha256 } from './digest.ts'
import { ConfigInvalid, PeerInvalid } from './errors.ts'

const KEY_ID_DIGITS = 16
const X25519_BYTES = 32
/** PKCS #8 around a raw X25519 private key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

export const hpkeSuite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

export type SealingPublicKey = { readonly keyId: string; readonly key: CryptoKey }
export type SealingPrivateKey = { readonly keyId: string; readonly pair: KeyPair<CryptoKey> }

function sealingKeyId(publicKey: Buffer): string {
  return `x25519-${sha256(publicKey).toString('hex').slice(0, KEY_ID_DIGITS)}`
}

/** A new pair, 32 raw bytes each: what `importSealing…Key` takes, in a file as it is or as base64. */
export async function generateSealingKeyPair(): Promise<{ readonly publicKey: Buffer; readonly privateKey: Buffer }> {
  const pair = await hpkeSuite.GenerateKeyPair(true)
  return {
    publicKey: Buffer.from(await hpkeSuite.SerializePublicKey(pair.publicKey)),
    privateKey: Buffer.from(await hpkeSuite.SerializePrivateKey(pair.privateKey)),
  }
}

/** From the 32 raw bytes, or a file's content that is their base64 text. */
export async function importSealingPublicKey(content: Buffer): Promise<SealingPublicKey> {
  const raw = rawKey(content)
  return { keyId: sealingKeyId(raw), key: await hpkeSuite.DeserializePublicKey(raw) }
}

/** From the 32 raw bytes, or a file's content that is their base64 text. */
export async function importSealingPrivateKey(content: Buffer): Promise<SealingPrivateKey> {
  const raw = rawKey(content)
  const whole = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(whole).export({ format: 'jwk' })
  const publicKey = Buffer.from(x ?? '', 'base64url')
  // Both halves: from the private one alone the package asks Node for the public one, which warns on each start.
  const pair = {
    privateKey: await hpkeSuite.DeserializePrivateKey(raw),
    publicKey: await hpkeSuite.DeserializePublicKey(publicKey),
  }
  return { keyId: sealingKeyId(publicKey), pair }
}

function rawKey(content: Buffer): Buffer {
  if (content.length === X25519_BYTES) return content
  const text = content.toString('latin1').trim()
  const raw = Buffer.from(text, 'base64')
  if (raw.length !== X25519_BYTES || raw.toString('base64') !== text) {
    throw new ConfigInvalid(
      'key_unreadable',
      `a sealing key is ${X25519_BYTES} bytes, raw or as base64; these are ${content.length} bytes of something else`,
    )
  }
  return raw
}

/** What a reviewer's token is sealed for, by the console to the approver; the review's id is bound to it as well. */
export const REVIEW_TOKEN_INFO = 'sluice-review-token-v1'

export type SealedText = {
  readonly recipientKeyId: string
  readonly encapsulated: Buffer
  readonly ciphertext: Buffer
}

/** Seals a text to one recipient. `info` says what it is for, `aad` what it belongs to; both must be the same to open it. */
export async function sealText(
  recipient: SealingPublicKey,
  info: string,
  aad: Buffer,
  text: string,
): Promise<SealedText> {
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(recipient.key, Buffer.from(text), {
    aad,
    info: Buffer.from(info),
  })
  return {
    recipientKeyId: recipient.keyId,
    encapsulated: Buffer.from(encapsulatedSecret),
    ciphertext: Buffer.from(ciphertext),
  }
}

/** Throws PeerInvalid `sealed_unreadable` where it was sealed to somebody else, for something else, or changed. */
export async function openText(key: SealingPrivateKey, info: string, aad: Buffer, sealed: SealedText): Promise<string> {
  try {
    const bytes = await hpkeSuite.Open(key.pair, sealed.encapsulated, sealed.ciphertext, {
      aad,
      info: Buffer.from(info),
    })
    return Buffer.from(bytes).toString('utf8')
  } catch (cause) {
    throw new PeerInvalid('sealed_unreadable', 'what was sealed to this service can not be opened by it', { cause })
  }
}

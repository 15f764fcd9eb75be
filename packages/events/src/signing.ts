// Ed25519 keys of services. A key's id is derived from the key: nobody can give one key another's name.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { sha256 } from './digest.ts'
import { ConfigInvalid } from './errors.ts'

const KEY_ID_DIGITS = 16
const PUBLIC_KEY_BYTES = 32
/** SubjectPublicKeyInfo around a raw Ed25519 public key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export type SigningKey = {
  readonly keyId: string
  /** The 32 bytes of the public key. */
  readonly publicKey: Buffer
  sign(bytes: Buffer): Buffer
}

export type VerifyingKey = {
  readonly keyId: string
  readonly publicKey: Buffer
  verify(bytes: Buffer, signature: Buffer): boolean
}

function rawPublicKey(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' })
  if (key.asymmetricKeyType !== 'ed25519' || x === undefined) {
    throw new ConfigInvalid('key_type', 'the key is not an Ed25519 key; make a new one, or name the right file')
  }
  return Buffer.from(x, 'base64url')
}

export function signingKeyId(publicKey: Buffer): string {
  return `ed25519-${sha256(publicKey).toString('hex').slice(0, KEY_ID_DIGITS)}`
}

/** A new private key as PKCS #8 PEM. */
export function generateSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/** Throws ConfigInvalid where the PEM holds no Ed25519 private key. */
export function importSigningKey(pem: string): SigningKey {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw new ConfigInvalid('key_unreadable', 'the signing key is not a private key in PEM form', { cause })
  }
  const publicKey = rawPublicKey(createPublicKey(key))
  return { keyId: signingKeyId(publicKey), publicKey, sign: (bytes) => sign(null, bytes, key) }
}

/** The PEM of a public key, as other programs read it. */
export function publicKeyPem(publicKey: Buffer): string {
  const base64 = Buffer.concat([SPKI_PREFIX, publicKey]).toString('base64')
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`
}

/** The 32 bytes from a file's content: the key's PEM, or the base64 text of the bytes. Throws ConfigInvalid. */
export function readPublicKey(content: Buffer): Buffer {
  const text = content.toString('latin1').trim()
  const raw = Buffer.from(text, 'base64')
  if (raw.length === PUBLIC_KEY_BYTES && raw.toString('base64') === text) return raw
  try {
    // Of a private key Node would make the public one: a pinned key must not be in that danger.
    if (text.includes('PRIVATE KEY')) throw new Error('it is a private key')
    return rawPublicKey(createPublicKey(text))
  } catch (cause) {
    if (cause instanceof ConfigInvalid) throw cause
    throw new ConfigInvalid(
      'key_unreadable',
      `a public key is ${PUBLIC_KEY_BYTES} bytes of an Ed25519 key, as PEM or base64; this file holds something else`,
      { cause },
    )
  }
}

/** From the 32 bytes of a public key. */
export function importVerifyingKey(publicKey: Buffer): VerifyingKey {
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
  })
  return {
    keyId: signingKeyId(publicKey),
    publicKey,
    verify: (bytes, signature) => verify(null, bytes, key, signature),
  }
}

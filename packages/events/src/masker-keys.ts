// The masker's HPKE keys (RFC 9180, base mode): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

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
import { ConfigInvalid } from './errors.ts'

const KEY_ID_DIGITS = 16
const X25519_BYTES = 32
/** PKCS #8 around a raw X25519 private key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

export const hpkeSuite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

export type MaskerPublicKey = { readonly keyId: string; readonly key: CryptoKey }
export type MaskerPrivateKey = { readonly keyId: string; readonly pair: KeyPair<CryptoKey> }

function maskerKeyId(publicKey: Buffer): string {
  return `x25519-${sha256(publicKey).toString('hex').slice(0, KEY_ID_DIGITS)}`
}

/** A new pair, 32 raw bytes each. */
export async function generateMaskerKeyPair(): Promise<{ readonly publicKey: Buffer; readonly privateKey: Buffer }> {
  const pair = await hpkeSuite.GenerateKeyPair(true)
  return {
    publicKey: Buffer.from(await hpkeSuite.SerializePublicKey(pair.publicKey)),
    privateKey: Buffer.from(await hpkeSuite.SerializePrivateKey(pair.privateKey)),
  }
}

export async function importMaskerPublicKey(raw: Buffer): Promise<MaskerPublicKey> {
  requireKeyBytes(raw)
  return { keyId: maskerKeyId(raw), key: await hpkeSuite.DeserializePublicKey(raw) }
}

export async function importMaskerPrivateKey(raw: Buffer): Promise<MaskerPrivateKey> {
  requireKeyBytes(raw)
  const whole = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(whole).export({ format: 'jwk' })
  const publicKey = Buffer.from(x ?? '', 'base64url')
  // Both halves: from the private one alone the package asks Node for the public one, which warns on each start.
  const pair = {
    privateKey: await hpkeSuite.DeserializePrivateKey(raw),
    publicKey: await hpkeSuite.DeserializePublicKey(publicKey),
  }
  return { keyId: maskerKeyId(publicKey), pair }
}

function requireKeyBytes(raw: Buffer): void {
  if (raw.length !== X25519_BYTES) {
    throw new ConfigInvalid(
      'key_length',
      `an X25519 key has ${X25519_BYTES} bytes, this one ${raw.length}; name the right file`,
    )
  }
}

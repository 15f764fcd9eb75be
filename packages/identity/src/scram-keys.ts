// The keys of SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677): what is stored for a password, and what proves it.
import { createHash, createHmac, pbkdf2, pbkdf2Sync } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '@sluice/events'
import { saslPrepared } from './sasl-prep.ts'

const HASH = 'sha256'
export const SCRAM_KEY_BYTES = 32
export const DEFAULT_SCRAM_ITERATIONS = 4096
const SALT_BYTES = 16

export type ScramKeys = { readonly clientKey: Buffer; readonly storedKey: Buffer; readonly serverKey: Buffer }

const derive = promisify(pbkdf2)

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac(HASH, key).update(text, 'latin1').digest()
}

export function hashOf(bytes: Buffer): Buffer {
  return createHash(HASH).update(bytes).digest()
}

export function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}

function keysOf(saltedPassword: Buffer): ScramKeys {
  const clientKey = hmac(saltedPassword, 'Client Key')
  return { clientKey, storedKey: hashOf(clientKey), serverKey: hmac(saltedPassword, 'Server Key') }
}

/** Blocks for about 2 ms at 4096 iterations; the caller bounds the iterations. */
export function scramKeysSync(password: string, salt: Buffer, iterations: number): ScramKeys {
  return keysOf(pbkdf2Sync(saslPrepared(password), salt, iterations, SCRAM_KEY_BYTES, HASH))
}

/** The verifier of a password. The work is done in the thread pool. */
export async function scramVerifier(
  password: string,
  salt: Buffer,
  iterations = DEFAULT_SCRAM_ITERATIONS,
): Promise<ScramVerifier> {
  const { storedKey, serverKey } = keysOf(await derive(saslPrepared(password), salt, iterations, SCRAM_KEY_BYTES, HASH))
  return { salt, iterations, storedKey, serverKey }
}

/**
 * A verifier that nothing satisfies, so that an unknown name answers as a known one does. The salt of a name is always
 * the same, else asking twice would tell both apart.
 */
export function mockVerifier(secretKey: Buffer, name: string): ScramVerifier {
  const part = (label: string): Buffer => createHmac(HASH, secretKey).update(`${label}\0`).update(name).digest()
  return {
    salt: part('salt').subarray(0, SALT_BYTES),
    iterations: DEFAULT_SCRAM_ITERATIONS,
    storedKey: part('stored key'),
    serverKey: part('server key'),
  }
}

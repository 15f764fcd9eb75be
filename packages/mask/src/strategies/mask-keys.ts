// Keys for tokens and hashes, one for each connection, tag and use, all from the one secret that only proxies have.

import { hkdfSync } from 'node:crypto'
import type { Tag } from '../plan/plan.ts'

type KeyUse = 'tokenize' | 'hash'

/** Of one connection. */
export type MaskKeys = { keyFor(tag: Tag, use: KeyUse): Buffer }

/** AES-256-SIV takes two keys of 32 bytes; HMAC-SHA-256 takes as much. */
const KEY_BYTES = 64
const SALT = 'sluice masks, version 1'

/** `secret`: at least 32 bytes of what nobody can guess. */
export function maskKeys(secret: Buffer, connection: string): MaskKeys {
  if (secret.length < 32) throw new Error('the secret of masking has less than 32 bytes')
  const keys = new Map<string, Buffer>()
  return {
    keyFor(tag, use) {
      const info = JSON.stringify([connection, tag, use])
      const known = keys.get(info)
      if (known !== undefined) return known
      const key = Buffer.from(hkdfSync('sha256', secret, SALT, info, KEY_BYTES))
      keys.set(info, key)
      return key
    },
  }
}

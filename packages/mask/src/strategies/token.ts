// Deterministic stand-ins for text: tokens, which whoever has the key turns back into the value, and hashes, which nobody does.

import { createHmac } from 'node:crypto'
import { aessiv } from '@noble/ciphers/aes.js'
import type { Tag } from '../plan/plan.ts'
import type { MaskKeys } from './mask-keys.ts'
import { tokenHint } from './placeholders.ts'

/** `tok_ssn_<base64url>`: AES-SIV (RFC 5297) of the value's bytes, so that equal values of a tag have equal tokens. */
export function tokenize(value: Uint8Array, keys: MaskKeys, tag: Tag): Buffer {
  const sealed = aessiv(keys.keyFor(tag, 'tokenize'), Buffer.from(tag)).encrypt(value)
  return Buffer.from(`tok_${tokenHint(tag)}_${Buffer.from(sealed).toString('base64url')}`, 'latin1')
}

const TOKEN = /^tok_[a-z0-9]{1,12}_([A-Za-z0-9_-]{22,})$/

/** The value's bytes; null where it is no token of this connection and tag. */
export function detokenize(token: string, keys: MaskKeys, tag: Tag): Buffer | null {
  const [, sealed] = TOKEN.exec(token) ?? []
  if (sealed === undefined || !token.startsWith(`tok_${tokenHint(tag)}_`)) return null
  const bytes = Buffer.from(sealed, 'base64url')
  // Characters that carry no bits would make many spellings of one token.
  if (bytes.toString('base64url') !== sealed) return null
  try {
    return Buffer.from(aessiv(keys.keyFor(tag, 'tokenize'), Buffer.from(tag)).decrypt(bytes))
  } catch {
    return null
  }
}

/** `hash_ssn_<base64url>`: HMAC-SHA-256 of the value's bytes. */
export function hashed(value: Uint8Array, keys: MaskKeys, tag: Tag): Buffer {
  const digest = createHmac('sha256', keys.keyFor(tag, 'hash')).update(value).digest('base64url')
  return Buffer.from(`hash_${tokenHint(tag)}_${digest}`, 'latin1')
}

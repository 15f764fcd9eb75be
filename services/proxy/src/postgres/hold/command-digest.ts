// What an approval is bound to, as one number. An HMAC: the digest of a command with a value in it could be guessed.

import { createHmac, randomBytes } from 'node:crypto'
import type { Subject } from '@sluice/events'
import type { Inspection } from './inspection.ts'

/** Lives as long as the process, as the sessions do: nobody else needs to compute a digest. */
const key = randomBytes(32)

export type DigestedCommand = {
  readonly subject: Subject
  readonly connection: string
  /** The client's own messages: text, declared types, formats and values. */
  readonly messages: readonly Buffer[]
  readonly inspection: Inspection
}

/** Covers who asks, where, the command with its parameters, and everything that decides what it means. */
export function commandDigest({ subject, connection, messages, inspection }: DigestedCommand): Buffer {
  const digest = createHmac('sha256', key)
  const add = (bytes: Buffer): void => {
    const length = Buffer.allocUnsafe(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    digest.update(length).update(bytes)
  }
  add(Buffer.from('sluice-command-v1'))
  for (const text of [subject.issuer, subject.id, subject.onBehalfOf ?? '', connection, inspection.definitions]) {
    add(Buffer.from(text))
  }
  for (const message of messages) add(message)
  return digest.digest()
}

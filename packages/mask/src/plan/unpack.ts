// What lies in records as compressed JSON, read back into types that can't be wrong.

import { zstdDecompressSync } from 'node:zlib'
import { PeerInvalid } from '@sluice/events'
import { z } from 'zod'

/**
 * Throws PeerInvalid `record_malformed` on what is longer than `maxBytes`, or other than its schema says.
 * @param what for people, at the beginning of a sentence
 */
export function unpack<Value>(schema: z.ZodType<Value>, body: Buffer, maxBytes: number, what: string): Value {
  let cause: unknown
  try {
    const json: unknown = JSON.parse(zstdDecompressSync(body, { maxOutputLength: maxBytes }).toString('utf8'))
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    cause = new Error(z.prettifyError(parsed.error).slice(0, 1_000))
  } catch (error) {
    cause = error
  }
  throw new PeerInvalid('record_malformed', `${what} is not what its schema says`, { cause })
}

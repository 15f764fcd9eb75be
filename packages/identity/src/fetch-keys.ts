// One bounded download of an issuer's keys (RFC 7517): TLS with the issuer's own authority, no redirects, no more
// bytes and no more time than the bounds allow.
import { request } from 'node:https'
import { isIP } from 'node:net'
import type { JSONWebKeySet } from 'jose'

export const MAX_JWKS_BYTES = 262_144
export const MAX_JWKS_KEYS = 100

export type FetchKeysOptions = { readonly timeoutMs: number; readonly authority: string | null }

/** @throws Error whatever goes wrong; the caller knows what that means. */
export async function fetchKeys(uri: string, options: FetchKeysOptions): Promise<JSONWebKeySet> {
  const parsed: unknown = JSON.parse(await download(uri, options))
  if (typeof parsed !== 'object' || parsed === null || !('keys' in parsed) || !Array.isArray(parsed.keys)) {
    throw new Error('the answer is no key set')
  }
  if (parsed.keys.length > MAX_JWKS_KEYS) throw new Error(`the key set has more than ${MAX_JWKS_KEYS} keys`)
  return parsed as JSONWebKeySet
}

function download(uri: string, { timeoutMs, authority }: FetchKeysOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { hostname } = new URL(uri)
  const call = request(uri, {
    agent: false,
    headers: { accept: 'application/json' },
    // For the whole exchange: a server that trickles bytes must not hold it open.
    signal: AbortSignal.timeout(timeoutMs),
    ...(authority === null ? {} : { ca: authority }),
    ...(isIP(hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: hostname }),
  })
  call.on('error', reject)
  call.on('response', (response) => {
    response.on('error', reject)
    if (response.statusCode !== 200) {
      call.destroy()
      return reject(new Error(`the answer has status ${response.statusCode}`))
    }
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_JWKS_BYTES) {
        call.destroy()
        return reject(new Error(`the answer has more than ${MAX_JWKS_BYTES} bytes`))
      }
      chunks.push(chunk)
    })
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    // A connection that breaks off ends without 'end'; after it this changes nothing.
    response.on('close', () => reject(new Error('the answer broke off')))
  })
  call.end()
  return promise
}

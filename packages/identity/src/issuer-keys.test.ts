import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_JWKS_BYTES, MAX_JWKS_KEYS } from './fetch-keys.ts'
import { type KeyServer, type SigningKey, signingKey, startKeyServer, tokenOf } from './key-server.fixture.ts'
import { TokenVerifier } from './token-verifier.ts'

const code = (expected: string) => expect.objectContaining({ name: 'PeerInvalid', code: expected })
const OPTIONS = { timeoutMs: 300, cooldownMs: 30_000, retryMs: 200, refreshAfterMs: 600_000, maxAgeMs: 3_600_000 }

let server: KeyServer
let key: SigningKey
let clockMs: number
let failures: unknown[]
let verifier: TokenVerifier

beforeEach(async () => {
  server = await startKeyServer()
  key = await signingKey('k1')
  server.serve([key])
  clockMs = Date.now()
  failures = []
  verifier = new TokenVerifier([server.issuer], {
    keys: OPTIONS,
    now: () => clockMs,
    onKeysFailure: (_issuer, error) => failures.push(error),
  })
})
afterEach(async () => server.stop())

const token = (signer: SigningKey): Promise<string> =>
  tokenOf(signer, { iss: server.issuer.issuer, exp: Math.floor(clockMs / 1000) + 600 })
const verify = async (signer: SigningKey): Promise<unknown> => verifier.verify(await token(signer), 'sluice:proxy')
const untilRequests = async (count: number): Promise<void> =>
  expect.poll(() => server.requests(), { timeout: 5_000 }).toBe(count)

describe('the keys of an issuer', () => {
  it('are fetched once, whoever asks at the same time', async () => {
    expect(verifier.unavailableIssuers()).toEqual([server.issuer.issuer])
    await Promise.all([verify(key), verify(key), verifier.prefetch(), verify(key)])
    expect(server.requests()).toBe(1)
    expect(verifier.unavailableIssuers()).toEqual([])
  })

  it('rotate without a restart', async () => {
    await verify(key)
    const next = await signingKey('k2')
    server.serve([key, next])
    clockMs += OPTIONS.cooldownMs
    await verify(next)
    await verify(key)
    expect(server.requests()).toBe(2)
  })

  it('are not asked for again within the cooldown, whatever key ids tokens invent', async () => {
    await verify(key)
    for (let i = 0; i < 20; i++)
      await expect(verify(await signingKey(`x${i}`))).rejects.toThrow(code('token_signature'))
    expect(server.requests()).toBe(1)
    clockMs += OPTIONS.cooldownMs
    for (let i = 0; i < 20; i++)
      await expect(verify(await signingKey(`x${i}`))).rejects.toThrow(code('token_signature'))
    expect(server.requests()).toBe(2)
    await verify(key)
  })

  it('that were withdrawn end after the refresh', async () => {
    await verify(key)
    server.serve([await signingKey('k2')])
    clockMs += OPTIONS.refreshAfterMs + 1
    await verify(key)
    await untilRequests(2)
    await expect
      .poll(() =>
        verify(key).then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
      )
      .toBe('token_signature')
  })

  it('go on working while the issuer is away, for their time', async () => {
    await verify(key)
    await server.stop()
    clockMs += OPTIONS.refreshAfterMs + 1
    await verify(key)
    await expect.poll(() => failures.length).toBe(1)
    await verify(key)
    await expect(verify(await signingKey('k2'))).rejects.toThrow(code('token_signature'))
    clockMs += OPTIONS.maxAgeMs
    await expect(verify(key)).rejects.toThrow(code('issuer_unavailable'))
    server = await startKeyServer()
  })

  it('are there a moment after the issuer is, where it started late', async () => {
    server.answer = (response) => response.writeHead(503).end()
    await expect(verify(key)).rejects.toThrow(code('issuer_unavailable'))
    server.serve([key])
    await Promise.all([verify(key), verify(key)])
    expect(server.requests()).toBe(2)
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['never answers', () => {}],
    ['never ends', (response) => response.write('{"keys":[')],
    [
      'breaks off',
      (response) => void response.writeHead(200, { 'content-length': 1000 }).write('{', () => response.destroy()),
    ],
    ['is huge', (response) => response.end(`{"keys":[],"x":"${'x'.repeat(MAX_JWKS_BYTES)}"}`)],
    ['has too many keys', (response) => response.end(JSON.stringify({ keys: Array(MAX_JWKS_KEYS + 1).fill({}) }))],
    ['is no JSON', (response) => response.end('<html>')],
    ['is no key set', (response) => response.end('{"keys":{}}')],
    ['redirects', (response) => response.writeHead(302, { location: 'https://127.0.0.1/' }).end()],
    ['fails', (response) => response.writeHead(500).end('{"keys":[]}')],
  ])('can not be had where the answer %s; no one waits for long', async (_, answer) => {
    server.answer = answer
    await expect(verify(key)).rejects.toThrow(code('issuer_unavailable'))
    expect(failures).toHaveLength(1)
  })

  it('are refused from a server with a certificate of another authority', async () => {
    const other = await startKeyServer()
    other.serve([key])
    const misled = new TokenVerifier([{ ...server.issuer, jwksUri: other.issuer.jwksUri }], { keys: OPTIONS })
    await expect(misled.verify(await token(key), 'sluice:proxy')).rejects.toThrow(code('issuer_unavailable'))
    expect(other.requests()).toBe(0)
    await other.stop()
  })

  it('that are private, symmetric or for encryption are not used', async () => {
    const encryption: SigningKey = { ...key, jwk: { ...key.jwk, use: 'enc' } }
    const symmetric: SigningKey = { ...key, jwk: { kty: 'oct', k: 'AAAA', kid: 'k1', alg: 'ES256' } }
    for (const published of [encryption, symmetric]) {
      server.serve([published])
      const fresh = new TokenVerifier([server.issuer], { keys: OPTIONS })
      await expect(fresh.verify(await token(key), 'sluice:proxy')).rejects.toThrow(code('token_signature'))
    }
  })

  it('several of them need a key id in the token', async () => {
    server.serve([key, await signingKey('k2')])
    const unnamed = await tokenOf(key, { iss: server.issuer.issuer }, { kid: undefined })
    await expect(verifier.verify(unnamed, 'sluice:proxy')).rejects.toThrow(code('token_malformed'))
  })
})

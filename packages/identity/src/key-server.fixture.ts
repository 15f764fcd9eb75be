// A real HTTPS server of keys for the tests: its answer can be changed, slowed, swollen and taken away.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { createAuthority, issueServerCertificate } from './certificates.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

export type SigningKey = {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
  readonly alg: string
}

export async function signingKey(kid: string, alg = 'ES256', modulusLength = 2048): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** A token with everything in order; `claims` and `header` spoil it. A claim of `undefined` is left out. */
export async function tokenOf(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000)
  return new SignJWT({ sub: 'agent', aud: 'sluice:proxy', iat: seconds, exp: seconds + 600, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey)
}

export type KeyServer = {
  readonly issuer: TrustedIssuer
  readonly requests: () => number
  answer: (response: ServerResponse) => void
  serve(keys: readonly SigningKey[]): void
  stop(): Promise<void>
}

export async function startKeyServer(overrides: Partial<TrustedIssuer> = {}): Promise<KeyServer> {
  const authority = await createAuthority('issuer test authority')
  const { certificate, key } = await issueServerCertificate(authority, { names: [], ips: ['127.0.0.1'] })
  let requests = 0
  const server: Server = createServer({ cert: certificate, key }, (_request, response) => {
    requests += 1
    keyServer.answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keyServer: KeyServer = {
    issuer: {
      issuer: origin,
      jwksUri: `${origin}/jwks`,
      authority: authority.certificate,
      algorithms: ['ES256'],
      type: 'at+jwt',
      subjectClaim: 'sub',
      kindClaim: 'sluice_kind',
      groupsClaim: 'groups',
      demo: false,
      ...overrides,
    },
    requests: () => requests,
    answer: (response) => response.end('{"keys":[]}'),
    serve(keys) {
      keyServer.answer = (response) => response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }))
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return keyServer
}

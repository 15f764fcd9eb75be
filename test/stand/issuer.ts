// An identity provider's keys over HTTPS, and tokens signed with them: right ones and wrong ones.

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Authority } from '@sluice/identity'
import { issueServerCertificate } from '@sluice/identity'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export type TokenClaims = {
  readonly audience?: string
  readonly subject?: string
  readonly kind?: string
  readonly groups?: readonly string[]
  readonly expiresInSeconds?: number
  /** How long ago they logged in; without it the token does not say. */
  readonly loggedInSecondsAgo?: number
}

export type Issuer = {
  readonly url: string
  readonly jwksUri: string
  readonly token: (claims?: TokenClaims) => Promise<string>
  readonly stop: () => Promise<void>
}

export async function startIssuer(authority: Authority): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }
  const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  const server = createServer({ cert: tls.certificate, key: tls.key }, (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    jwksUri: `${url}/jwks`,
    token: (claims = {}) =>
      new SignJWT({
        sluice_kind: claims.kind ?? 'agent',
        groups: [...(claims.groups ?? ['agents'])],
        ...(claims.loggedInSecondsAgo === undefined
          ? {}
          : { auth_time: Math.floor(Date.now() / 1000) - claims.loggedInSecondsAgo }),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'test' })
        .setIssuer(url)
        .setAudience(claims.audience ?? 'sluice:proxy')
        .setSubject(claims.subject ?? 'agent')
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + (claims.expiresInSeconds ?? 300))
        .sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

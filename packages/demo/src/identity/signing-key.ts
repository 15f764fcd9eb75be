/** The provider's signing key as JWK. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'oidc-provider'

export function newSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { crv, d, x, y } = privateKey.export({ format: 'jwk' })
  // RFC 7638: the members in this order, nothing else.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv, kty: 'EC', x, y }))
    .digest('base64url')
  return { kty: 'EC', crv, d, x, y, kid, alg: 'ES256', use: 'sig' }
}

/**
 * The demo's OIDC provider: a real one (`oidc-provider`) on loopback, with a certificate of the demo's CA. It knows the
 * three people of the demo, and gives JWT access tokens for Sluice's doors, signed with a key that survives restarts.
 */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ConfigInvalid } from '@sluice/events'
import Provider, { type Configuration, errors, type JWK } from 'oidc-provider'
import { MemoryAdapter } from './memory-adapter.ts'
import { AUDIENCES, DEMO_NAMES, DEMO_PEOPLE, type DemoName, GROUPS_CLAIM, isDemoName, KIND_CLAIM } from './people.ts'

const HOST = '127.0.0.1'
/** Tokens of the demo last for a working day; whoever can read them can read the secrets that make new ones. */
export const DEMO_TOKEN_TTL_S = 8 * 60 * 60
const REQUEST_TIMEOUT_MS = 5_000
const MAX_CONNECTIONS = 64

export type DemoProviderOptions = {
  readonly port: number
  /** PEM texts. */
  readonly tls: { readonly certificate: string; readonly key: string }
  /** The private signing key, EC P-256, with a `kid`. */
  readonly signingKey: JWK
  readonly clientSecrets: Readonly<Record<DemoName, string>>
  readonly cookieSecret: string
}

export type DemoProvider = {
  readonly issuer: string
  readonly jwksUri: string
  readonly tokenEndpoint: string
  readonly close: () => Promise<void>
}

export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  const server = createServer({
    key: options.tls.key,
    cert: options.tls.certificate,
    minVersion: 'TLSv1.2',
    requestTimeout: REQUEST_TIMEOUT_MS,
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new ConfigInvalid('port_taken', `${HOST}:${options.port} is taken by another program`, { cause })
          : cause,
      )
    })
    server.listen(options.port, HOST, resolve)
  })
  // The issuer's name holds the port, which is known only now.
  const issuer = `https://${HOST}:${(server.address() as AddressInfo).port}`
  const answer = new Provider(issuer, configuration(options)).callback()
  server.on('request', (request, response) => void answer(request, response))
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    tokenEndpoint: `${issuer}/token`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function configuration({ signingKey, clientSecrets, cookieSecret }: DemoProviderOptions): Configuration {
  return {
    adapter: MemoryAdapter,
    jwks: { keys: [signingKey] },
    cookies: { keys: [cookieSecret] },
    clients: DEMO_NAMES.map((name) => ({
      client_id: name,
      client_secret: clientSecrets[name],
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    })),
    ttl: { ClientCredentials: DEMO_TOKEN_TTL_S },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // Not in vain a required parameter: a token without an audience would open nothing.
        defaultResource: () => {
          throw new errors.InvalidTarget(`name the door with resource=${AUDIENCES.join(' or resource=')}`)
        },
        getResourceServerInfo: (_context, resource) => {
          if (!AUDIENCES.some((audience) => audience === resource)) throw new errors.InvalidTarget()
          return {
            scope: '',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: DEMO_TOKEN_TTL_S,
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
    },
    extraTokenClaims: (_context, token) => {
      if (token.kind !== 'ClientCredentials' || token.clientId === undefined || !isDemoName(token.clientId))
        return undefined
      const { kind, groups } = DEMO_PEOPLE[token.clientId]
      return { [KIND_CLAIM]: kind, [GROUPS_CLAIM]: groups }
    },
  }
}

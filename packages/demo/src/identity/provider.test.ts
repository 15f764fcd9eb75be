import { createAuthority, issueServerCertificate } from '@sluice/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_NAMES, DEMO_PEOPLE, type DemoName } from './people.ts'
import { type DemoProvider, startDemoProvider } from './provider.ts'
import { requestDemoToken } from './request-token.ts'
import { newSigningKey } from './signing-key.ts'

const clientSecrets = { agent: 'agent+secret', owner: 'owner/secret', admin: 'admin secret' }
const signingKey = newSigningKey()
let authority: { certificate: string; key: string }
let provider: DemoProvider

beforeAll(async () => {
  authority = await createAuthority('test')
  const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  provider = await startDemoProvider({ port: 0, tls, signingKey, clientSecrets, cookieSecret: 'c' })
}, 20_000)
afterAll(() => provider.close())

const ask = (name: DemoName, audience: string, secret = clientSecrets[name]) =>
  requestDemoToken({
    tokenEndpoint: provider.tokenEndpoint,
    authority: authority.certificate,
    name,
    secret,
    audience: audience as 'sluice:proxy',
  })

const part = (jwt: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString())

describe("the demo's provider", () => {
  it.each(DEMO_NAMES)('gives %s a signed token for one door, with kind and groups', async (name) => {
    const jwt = await ask(name, 'sluice:proxy')
    expect(part(jwt, 0)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: signingKey.kid })
    const { kind, groups } = DEMO_PEOPLE[name]
    expect(part(jwt, 1)).toMatchObject({
      iss: provider.issuer,
      aud: 'sluice:proxy',
      sub: name,
      sluice_kind: kind,
      groups,
    })
  })

  it('refuses a wrong secret, an unknown door, and a token for no door', async () => {
    await expect(ask('agent', 'sluice:proxy', 'wrong')).rejects.toThrow('invalid_client')
    await expect(ask('agent', 'sluice:vault')).rejects.toThrow('invalid_target')
    await expect(ask('agent', '')).rejects.toThrow('invalid_target')
  })

  it('shows its public key only', async () => {
    const { get } = await import('node:https')
    const text = await new Promise<string>((resolve, reject) => {
      get(provider.jwksUri, { ca: authority.certificate, agent: false }, (incoming) => {
        incoming.on('data', (chunk: Buffer) => resolve(chunk.toString()))
      }).on('error', reject)
    })
    const { keys } = JSON.parse(text)
    expect(keys).toEqual([expect.objectContaining({ kid: signingKey.kid, kty: 'EC', x: signingKey.x })])
    expect(keys[0]).not.toHaveProperty('d')
  })

  it('says which port is taken', async () => {
    const port = Number(new URL(provider.issuer).port)
    const tls = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
    const second = startDemoProvider({ port, tls, signingKey, clientSecrets, cookieSecret: 'c' })
    await expect(second).rejects.toMatchObject({ code: 'port_taken' })
  })
})

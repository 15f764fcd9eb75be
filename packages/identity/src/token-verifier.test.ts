import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { exportSPKI, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyServer, type SigningKey, signingKey, startKeyServer, tokenOf } from './key-server.fixture.ts'
import { MAX_TOKEN_BYTES } from './token-shape.ts'
import { TokenVerifier } from './token-verifier.ts'

type Claims = Readonly<Record<string, unknown>>

const code = (expected: string) => expect.objectContaining({ name: 'PeerInvalid', code: expected })
const SECONDS = Math.floor(Date.now() / 1000)
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let server: KeyServer
let key: SigningKey
let verifier: TokenVerifier

beforeAll(async () => {
  server = await startKeyServer()
  key = await signingKey('k1')
  server.serve([key])
  verifier = new TokenVerifier([server.issuer])
})
afterAll(async () => server.stop())

const good = (claims: Claims = {}): Promise<string> => tokenOf(key, { iss: server.issuer.issuer, ...claims })

describe('a good token', () => {
  it('gives the subject', async () => {
    const token = await good({
      sub: 'ana',
      sluice_kind: 'human',
      groups: ['analysts', 'admins', 'analysts'],
      iat: SECONDS - 5,
      exp: SECONDS + 600,
    })
    expect(await verifier.verify(token, 'sluice:proxy')).toEqual({
      issuer: server.issuer.issuer,
      id: 'ana',
      kind: 'human',
      groups: ['analysts', 'admins'],
      onBehalfOf: null,
      demo: false,
      expiresAt: (SECONDS + 600) * 1_000_000,
      authenticatedAt: SECONDS - 5,
    })
  })

  it.each([
    ['when they logged in, where it says so', { auth_time: SECONDS - 3_600 }, SECONDS - 3_600],
    ['when it was issued, where it says no more', { iat: SECONDS - 7 }, SECONDS - 7],
    ['nothing, where it says neither', { iat: undefined }, null],
    ['nothing of a time that is none, even where it was issued lately', { auth_time: 'now' }, null],
    ['nothing of a time before all times', { auth_time: -1 }, null],
  ])('tells %s', async (_what, claims, authenticatedAt) => {
    expect(await verifier.verify(await good(claims), 'sluice:proxy')).toMatchObject({ authenticatedAt })
  })

  it('may name several audiences, and a type written in full', async () => {
    const token = await tokenOf(
      key,
      { iss: server.issuer.issuer, aud: ['x', 'sluice:proxy'] },
      { typ: 'application/at+jwt' },
    )
    expect((await verifier.verify(token, 'sluice:proxy')).id).toBe('agent')
  })

  it('with `act` is of who acts, with the rights of who acts', async () => {
    const act = { sub: 'agent-7', sluice_kind: 'service', groups: ['agents'] }
    const token = await good({ sub: 'ana', sluice_kind: 'human', groups: ['admins'], act })
    expect(await verifier.verify(token, 'sluice:proxy')).toMatchObject({
      id: 'agent-7',
      kind: 'service',
      groups: ['agents'],
      onBehalfOf: 'ana',
    })
    const bare = await verifier.verify(
      await good({ sub: 'ana', groups: ['admins'], act: { sub: 'a' } }),
      'sluice:proxy',
    )
    expect(bare).toMatchObject({ id: 'a', kind: 'agent', groups: [], onBehalfOf: 'ana' })
  })

  it('without a kind is of an agent, with one group in a string of one', async () => {
    expect(await verifier.verify(await good({ groups: 'g' }), 'sluice:proxy')).toMatchObject({
      kind: 'agent',
      groups: ['g'],
    })
  })

  it('is accepted 30 seconds past its end, and before its beginning, not 40', async () => {
    await expect(verifier.verify(await good({ exp: SECONDS - 20 }), 'sluice:proxy')).resolves.toBeDefined()
    await expect(verifier.verify(await good({ nbf: SECONDS + 20 }), 'sluice:proxy')).resolves.toBeDefined()
    await expect(verifier.verify(await good({ exp: SECONDS - 40 }), 'sluice:proxy')).rejects.toThrow(
      code('token_expired'),
    )
    await expect(verifier.verify(await good({ nbf: SECONDS + 60 }), 'sluice:proxy')).rejects.toThrow(
      code('token_not_yet_valid'),
    )
  })
})

describe('refused', () => {
  it.each<[string, string, Claims]>([
    ['of another audience', 'token_audience', { aud: 'sluice:console' }],
    ['of an audience of another case', 'token_audience', { aud: 'Sluice:proxy' }],
    ['without an end', 'token_claims', { exp: undefined }],
    ['without a subject', 'token_claims', { sub: undefined }],
    ['with an empty subject', 'token_claims', { sub: '' }],
    ['with a subject of two lines', 'token_claims', { sub: 'a\nb' }],
    ['with an endless subject', 'token_claims', { sub: 'a'.repeat(256) }],
    ['of a kind that there is not', 'token_claims', { sluice_kind: 'root' }],
    ['with groups that are none', 'token_claims', { groups: [1] }],
    ['with too many groups', 'token_claims', { groups: Array.from({ length: 257 }, (_, i) => `g${i}`) }],
    ['with an actor that is none', 'token_claims', { act: 'agent' }],
    ['with an actor without a name', 'token_claims', { act: {} }],
  ])('%s: %s', async (_, expected, claims) => {
    await expect(verifier.verify(await good(claims), 'sluice:proxy')).rejects.toThrow(code(expected))
  })

  it('without an audience', async () => {
    await expect(verifier.verify(await good({ aud: undefined }), 'sluice:proxy')).rejects.toThrow(
      code('token_audience'),
    )
  })

  it('of another issuer, with and without a key of ours', async () => {
    for (const iss of ['https://elsewhere.test', `${server.issuer.issuer}/`, '__proto__']) {
      await expect(verifier.verify(await good({ iss }), 'sluice:proxy')).rejects.toThrow(code('token_issuer'))
    }
  })

  it.each(['JWT', 'id+jwt', undefined])('of type %s', async (typ) => {
    const token = await tokenOf(key, { iss: server.issuer.issuer }, { typ })
    await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_type'))
  })

  it('with alg none, in any spelling, with and without a signature', async () => {
    const payload = (await good()).split('.')[1]
    for (const alg of ['none', 'None', 'nOnE']) {
      for (const signature of ['', 'AAAA']) {
        const token = `${base64url({ alg, typ: 'at+jwt' })}.${payload}.${signature}`
        await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_algorithm'))
      }
    }
  })

  it('HS-signed with the public key', async () => {
    const spki = await exportSPKI((await importJWK(key.jwk, 'ES256')) as CryptoKey)
    const signed = `${base64url({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' })}.${(await good()).split('.')[1]}`
    const token = `${signed}.${createHmac('sha256', spki).update(signed).digest('base64url')}`
    await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_algorithm'))
  })

  it('changed in its payload, or signed by a key of the same name', async () => {
    const [header, , signature] = (await good()).split('.')
    const payload = base64url({ iss: server.issuer.issuer, sub: 'admin', aud: 'sluice:proxy', exp: SECONDS + 600 })
    await expect(verifier.verify(`${header}.${payload}.${signature}`, 'sluice:proxy')).rejects.toThrow(
      code('token_signature'),
    )
    const impostor = await tokenOf(await signingKey('k1'), { iss: server.issuer.issuer })
    await expect(verifier.verify(impostor, 'sluice:proxy')).rejects.toThrow(code('token_signature'))
  })

  it('with keys of its own in the header', async () => {
    const own = await signingKey('own')
    const token = await tokenOf(
      own,
      { iss: server.issuer.issuer },
      { jwk: own.jwk, jku: `${server.issuer.issuer}/own` },
    )
    await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_signature'))
  })

  it('with an extension that must be understood', async () => {
    const [, payload, signature] = (await good()).split('.')
    const header = base64url({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', crit: ['x'], x: 1 })
    await expect(verifier.verify(`${header}.${payload}.${signature}`, 'sluice:proxy')).rejects.toThrow(
      code('token_malformed'),
    )
  })

  it('cut off, wherever', async () => {
    const token = await good()
    for (let end = 3; end < token.length; end++) {
      await expect(verifier.verify(token.slice(0, end), 'sluice:proxy'), `at ${end}`).rejects.toThrow(
        code('token_cut_off'),
      )
    }
  })

  it.each([
    '',
    '.',
    '..',
    'a.b.c',
    'eyJ.eyJ.eyJ',
    'eyJhIjoxfQ.eyJhIjoxfQ.AAAA',
    'secret',
    'eyJ\n',
    `eyJ${'.'.repeat(50)}`,
  ])('malformed: %j', async (token) => {
    await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_malformed'))
  })

  it('oversized', async () => {
    const token = await good({ filler: 'x'.repeat(MAX_TOKEN_BYTES) })
    await expect(verifier.verify(token, 'sluice:proxy')).rejects.toThrow(code('token_malformed'))
  })

  it('whatever it is, with a closed code and without a part of it in the message', async () => {
    const token = await good()
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom('A', 'B', '.', '-', '{', '\0'),
        async (at, character) => {
          // The last character of a signature holds bits that count for nothing.
          fc.pre(token[at] !== character && at < token.length - 1)
          const changed = token.slice(0, at) + character + token.slice(at + 1)
          const outcome = await verifier.verify(changed, 'sluice:proxy').catch((error: unknown) => error)
          expect(outcome).toMatchObject({ code: expect.stringMatching(/^token_/) })
          expect((outcome as Error).message).not.toContain(token.slice(40, 60))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('an RSA token', () => {
  it('is verified, and told to be cut off where its signature is shorter than the key', async () => {
    const rsaServer = await startKeyServer({ algorithms: ['RS256'] })
    const rsa = await signingKey('r1', 'RS256', 3072)
    rsaServer.serve([rsa])
    const rsaVerifier = new TokenVerifier([rsaServer.issuer])
    const token = await tokenOf(rsa, { iss: rsaServer.issuer.issuer })
    expect((await rsaVerifier.verify(token, 'sluice:proxy')).id).toBe('agent')
    for (const missing of [1, 4, 60, 300]) {
      await expect(rsaVerifier.verify(token.slice(0, -missing), 'sluice:proxy')).rejects.toThrow(code('token_cut_off'))
    }
    await rsaServer.stop()
  })
})

describe('issuers', () => {
  it('are told apart: a demo one is marked, one without a type takes any', async () => {
    const demoServer = await startKeyServer({ demo: true, type: null })
    demoServer.serve([key])
    const both = new TokenVerifier([server.issuer, demoServer.issuer])
    const token = await tokenOf(key, { iss: demoServer.issuer.issuer }, { typ: undefined })
    const subject = await both.verify(token, 'sluice:proxy')
    expect(subject.demo).toBe(true)
    expect(both.standingOf(subject)).toBe('demo')
    expect(both.standingOf({ ...subject, issuer: server.issuer.issuer })).toBe('trusted')
    expect(both.standingOf({ ...subject, issuer: 'https://gone.test' })).toBe('untrusted')
    await demoServer.stop()
  })

  it.each([
    ['issuer_algorithms', { algorithms: ['HS256'] }],
    ['issuer_algorithms', { algorithms: ['ES256', 'none'] }],
    ['issuer_algorithms', { algorithms: [] }],
    ['issuer_jwks_uri', { jwksUri: 'http://127.0.0.1/jwks' }],
    ['issuer_jwks_uri', { jwksUri: 'jwks' }],
  ])('are refused as configured: %s', (expected, overrides) => {
    expect(() => new TokenVerifier([{ ...server.issuer, ...overrides }])).toThrow(
      expect.objectContaining({ name: 'ConfigInvalid', code: expected }),
    )
  })

  it('stand once', () => {
    expect(() => new TokenVerifier([server.issuer, server.issuer])).toThrow(
      expect.objectContaining({ code: 'issuer_twice' }),
    )
  })
})

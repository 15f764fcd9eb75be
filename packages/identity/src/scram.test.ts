import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
// @ts-expect-error: node-postgres publishes no types of its internals
import * as foreign from 'pg/lib/crypto/sasl.js'
import { describe, expect, it } from 'vitest'
import { createAuthority, issueServerCertificate } from './certificates.ts'
import { endpointBinding } from './endpoint-binding.ts'
import { ScramClient, ScramKeyCache } from './scram-client.ts'
import { mockVerifier, scramVerifier } from './scram-keys.ts'
import { type ScramMechanism, ScramServer } from './scram-server.ts'

const PASSWORD = 'pencil'
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const CLIENT_NONCE = Buffer.from('rOprNGfwEbeRWgbNEkqO', 'base64')
// The server's nonce of the RFC is no base64, so this one spells itself.
const SERVER_NONCE = Object.assign(Buffer.alloc(0), { toString: () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0' })
const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
const CLIENT_FINAL =
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
const BINDING = Buffer.alloc(32, 7)
const PLAIN = ['SCRAM-SHA-256']
const BOTH = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']

const text = (message: Buffer): string => message.toString('latin1')
const bytes = (message: string): Buffer => Buffer.from(message, 'latin1')
const code = (expected: string) => expect.objectContaining({ code: expected })

async function server(
  mechanism: ScramMechanism = 'SCRAM-SHA-256',
  channelBinding: Buffer | null = null,
): Promise<ScramServer> {
  return new ScramServer({
    verifier: await scramVerifier(PASSWORD, SALT),
    serverNonce: randomBytes(18),
    channelBinding,
    mechanism,
  })
}

function client(offered = PLAIN, channelBinding: Buffer | null = null, password = PASSWORD): ScramClient {
  return new ScramClient({ password, clientNonce: randomBytes(18), channelBinding, offered })
}

describe('the vectors of RFC 7677', () => {
  it('hold for the client', () => {
    const scram = new ScramClient({
      password: PASSWORD,
      clientNonce: CLIENT_NONCE,
      channelBinding: null,
      offered: PLAIN,
      user: 'user',
    })
    expect(text(scram.first())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    expect(text(scram.final(bytes(SERVER_FIRST)))).toBe(CLIENT_FINAL)
    expect(scram.verify(bytes(SERVER_FINAL))).toBe(true)
  })

  it('hold for the server', async () => {
    const scram = new ScramServer({
      verifier: await scramVerifier(PASSWORD, SALT),
      serverNonce: SERVER_NONCE,
      channelBinding: null,
      mechanism: 'SCRAM-SHA-256',
    })
    expect(text(scram.first(bytes('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')))).toBe(SERVER_FIRST)
    const result = scram.final(bytes(CLIENT_FINAL))
    expect(result.ok && text(result.serverFinal)).toBe(SERVER_FINAL)
  })
})

describe('both sides together', () => {
  it.each([
    ['SCRAM-SHA-256', PLAIN, null, null],
    ['SCRAM-SHA-256', PLAIN, BINDING, null],
    ['SCRAM-SHA-256', BOTH, null, BINDING],
    ['SCRAM-SHA-256-PLUS', BOTH, BINDING, BINDING],
  ] as const)('agree by %s with offer %j', async (mechanism, offered, clientBinding, serverBinding) => {
    const [a, b] = [client([...offered], clientBinding), await server(mechanism, serverBinding)]
    expect(a.mechanism).toBe(mechanism)
    const result = b.final(a.final(b.first(a.first())))
    expect(result.ok && a.verify(result.serverFinal)).toBe(true)
  })

  it('agree for any password and nonce', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.uint8Array({ minLength: 18, maxLength: 64 }),
        async (password, nonce) => {
          const verifier = await scramVerifier(password, SALT)
          const b = new ScramServer({
            verifier,
            serverNonce: Buffer.from(nonce),
            channelBinding: null,
            mechanism: 'SCRAM-SHA-256',
          })
          const a = client(PLAIN, null, password)
          const result = b.final(a.final(b.first(a.first())))
          expect(result.ok && a.verify(result.serverFinal)).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('refuse a wrong password, on either side', async () => {
    const [a, b] = [client(PLAIN, null, 'pencil2'), await server()]
    const clientFinal = a.final(b.first(a.first()))
    expect(b.final(clientFinal)).toEqual({ ok: false })
    expect(a.verify(bytes(SERVER_FINAL))).toBe(false)
    expect(a.verify(bytes('v=AAAA'))).toBe(false)
    expect(a.verify(bytes('e=invalid-proof'))).toBe(false)
  })

  it('derive the keys once with a cache, and again for another password', async () => {
    const keyCache = new ScramKeyCache()
    for (const password of [PASSWORD, PASSWORD, 'other']) {
      const b = await server()
      const a = new ScramClient({
        password,
        clientNonce: randomBytes(18),
        channelBinding: null,
        offered: PLAIN,
        keyCache,
      })
      expect(b.final(a.final(b.first(a.first()))).ok).toBe(password === PASSWORD)
    }
  })
})

describe('a foreign client (node-postgres)', () => {
  it('agrees with the server by both mechanisms', async () => {
    const authority = await createAuthority('a')
    const { certificate } = await issueServerCertificate(authority, { names: ['localhost'], ips: [] })
    const raw = Buffer.from(certificate.replace(/-----[^-]+-----/g, ''), 'base64')
    const stream = { getPeerCertificate: () => ({ raw }) }
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'] as const) {
      const plus = mechanism === 'SCRAM-SHA-256-PLUS'
      const b = await server(mechanism, plus ? endpointBinding(raw) : null)
      const session = foreign.startSession(plus ? BOTH : PLAIN, plus ? stream : undefined)
      expect(session.mechanism).toBe(mechanism)
      const serverFirst = b.first(bytes(session.response))
      await foreign.continueSession(session, PASSWORD, text(serverFirst), plus ? stream : undefined)
      const result = b.final(bytes(session.response))
      expect(result.ok).toBe(true)
      if (result.ok) foreign.finalizeSession(session, text(result.serverFinal))
    }
  })
})

describe('tampering', () => {
  it('is seen when the offer of -PLUS was removed on the way', async () => {
    const a = client(PLAIN, BINDING)
    expect(text(a.first())).toMatch(/^y,,/)
    const b = await server('SCRAM-SHA-256', BINDING)
    expect(() => b.first(a.first())).toThrow(code('scram_downgraded'))
  })

  it('is seen when the channel is another', async () => {
    const [a, b] = [client(BOTH, BINDING), await server('SCRAM-SHA-256-PLUS', Buffer.alloc(32, 8))]
    const clientFinal = a.final(b.first(a.first()))
    expect(() => b.final(clientFinal)).toThrow(code('scram_channel_binding'))
  })

  it('is seen when the header of the final message is another', async () => {
    const [a, b] = [client(), await server()]
    const clientFinal = text(a.final(b.first(a.first()))).replace(
      'c=biws',
      `c=${Buffer.from('y,,').toString('base64')}`,
    )
    expect(() => b.final(bytes(clientFinal))).toThrow(code('scram_channel_binding'))
  })

  it('is seen when the nonce is not of this exchange', async () => {
    const [a, b] = [client(), await server()]
    const clientFinal = text(a.final(b.first(a.first()))).replace(/r=([^,]+)/, 'r=$1x')
    expect(() => b.final(bytes(clientFinal))).toThrow(code('scram_nonce'))
    const c = client()
    c.first()
    expect(() => c.final(bytes(SERVER_FIRST))).toThrow(code('scram_nonce'))
    expect(() => c.final(bytes(`${text(c.first()).slice('n,,n=,'.length)},s=AAAA,i=4096`))).toThrow(code('scram_nonce'))
  })

  it.each([1, 4095, 600_001, 4_294_967_295])('is refused where the server asks for %i iterations', (iterations) => {
    const a = client()
    const nonce = text(a.first()).slice('n,,n=,r='.length)
    expect(() => a.final(bytes(`r=${nonce}x,s=AAAA,i=${iterations}`))).toThrow(code('scram_iterations'))
  })
})

describe('malformed input', () => {
  it.each([
    '',
    'x',
    'n',
    'n,',
    'n,,',
    'n,,n=',
    'n,,n=,r=',
    'n,,n=,r=\u007f',
    'n,,n=,r=a b',
    'n,,r=abc',
    'n,,m=ext,n=,r=abc',
    'n,a=admin,n=,r=abc',
    'z,,n=,r=abc',
    'p=tls-server-end-point,,n=,r=abc',
    'n,,n=,r=abc\0',
    `n,,n=,r=${'a'.repeat(1025)}`,
    `n,,n=${'a'.repeat(4096)},r=abc`,
  ])('of the client first is refused: %j', async (message) => {
    const b = await server()
    expect(() => b.first(bytes(message))).toThrow(code('scram_malformed'))
  })

  it('of -PLUS: another binding type, or none', async () => {
    const b = await server('SCRAM-SHA-256-PLUS', BINDING)
    expect(() => b.first(bytes('p=tls-unique,,n=,r=abc'))).toThrow(code('scram_channel_binding'))
    expect(() => b.first(bytes('n,,n=,r=abc'))).toThrow(code('scram_malformed'))
  })

  it.each([
    '',
    'c=biws',
    'c=biws,p=AAAA',
    'c=biws,r=NONCE',
    'c=biws,r=NONCE,p=',
    'c=biws,r=NONCE,p=AAAA',
    'c=biws,r=NONCE,p=A',
    'c=biws,r=NONCE,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ',
    'c=!!!!,r=NONCE,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    'r=NONCE,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  ])('of the client final is refused: %j', async (template) => {
    const b = await server()
    const nonce = /r=([^,]+)/.exec(text(b.first(bytes('n,,n=,r=abc'))))?.[1] ?? ''
    expect(() => b.final(bytes(template.replace('NONCE', nonce)))).toThrow(code('scram_malformed'))
  })

  it.each([
    '',
    'r=NONCEx',
    'r=NONCEx,s=AAAA',
    'r=NONCEx,s=,i=4096',
    'r=NONCEx,s=AAAA,i=',
    'r=NONCEx,s=AAAA,i=-1',
    'r=NONCEx,s=AAAA,i=4096.5',
    'm=x,r=NONCEx,s=AAAA,i=4096',
    's=AAAA,r=NONCEx,i=4096',
  ])('of the server first is refused: %j', (template) => {
    const a = client()
    const nonce = text(a.first()).slice('n,,n=,r='.length)
    expect(() => a.final(bytes(template.replace('NONCE', nonce)))).toThrow(code('scram_malformed'))
  })

  it('of the server final is refused', async () => {
    const [a, b] = [client(), await server()]
    a.final(b.first(a.first()))
    expect(() => a.verify(bytes('x=1'))).toThrow(code('scram_malformed'))
  })

  it('never ends in anything but PeerInvalid', async () => {
    const verifier = await scramVerifier(PASSWORD, SALT)
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('n,,n=,r=', 'n,,', 'y,,n=,r='),
        (garbage, prefix) => {
          const b = new ScramServer({
            verifier,
            serverNonce: randomBytes(18),
            channelBinding: null,
            mechanism: 'SCRAM-SHA-256',
          })
          const outcome = (() => {
            try {
              b.first(Buffer.concat([bytes(prefix), garbage]))
              return b.final(Buffer.from(garbage)).ok ? 'accepted' : 'scram_refused'
            } catch (error) {
              return (error as { code?: string }).code
            }
          })()
          expect(outcome).toMatch(/^scram_/)
        },
      ),
    )
  })

  it('of our own calls is a bug and says so', async () => {
    const b = await server()
    expect(() => b.final(bytes(CLIENT_FINAL))).toThrow(TypeError)
    b.first(bytes('n,,n=,r=abc'))
    expect(() => b.first(bytes('n,,n=,r=abc'))).toThrow(TypeError)
    expect(() => client().verify(bytes(SERVER_FINAL))).toThrow(TypeError)
    expect(() => client(['MD5'])).toThrow(code('scram_mechanism'))
  })
})

describe('an unknown name', () => {
  it('looks like a known one: its salt stays, and no proof fits', () => {
    const secret = randomBytes(32)
    const verifier = mockVerifier(secret, 'a')
    expect(mockVerifier(secret, 'a')).toEqual(verifier)
    expect(mockVerifier(secret, 'b').salt).not.toEqual(verifier.salt)
    expect(verifier.salt).toHaveLength(16)
    const b = new ScramServer({
      verifier,
      serverNonce: randomBytes(18),
      channelBinding: null,
      mechanism: 'SCRAM-SHA-256',
    })
    const a = client()
    expect(b.final(a.final(b.first(a.first())))).toEqual({ ok: false })
  })
})

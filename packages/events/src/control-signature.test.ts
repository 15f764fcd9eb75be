import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { controlCodec } from './codec.ts'
import type { KeyCertificate } from './control.ts'
import { controlHash, isSignedBy, signControl } from './control-signature.ts'
import { sha256 } from './digest.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import {
  generateSigningKey,
  importSigningKey,
  importVerifyingKey,
  publicKeyPem,
  readPublicKey,
  signingKeyId,
} from './signing.ts'
import { TOPICS } from './topics.ts'

const TOPIC = TOPICS.keys
const PLACE = { version: 2, previous: sha256(Buffer.from('before')), time: 1_760_000_000_000_000 }
/** RFC 8032, section 7.1, test 1. */
const GOLDEN_PEM = `-----BEGIN PRIVATE KEY-----
${Buffer.from('302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64')}
-----END PRIVATE KEY-----
`

const certificate = (publicKey: Buffer): KeyCertificate => ({
  keyId: signingKeyId(publicKey),
  role: 'console',
  name: 'console-1',
  publicKey,
  validFrom: 1_760_000_000_000_000,
  validUntil: null,
})

describe('the signature of a control record', () => {
  it('holds for these bytes, this topic and this key, and for nothing else', async () => {
    const codec = await controlCodec(new MemorySchemaRegistry(), TOPIC)
    const signer = importSigningKey(generateSigningKey())
    const key = importVerifyingKey(signer.publicKey)
    const value = signControl(codec, TOPIC, 'a', certificate(signer.publicKey), PLACE, signer)
    expect(isSignedBy(key, TOPIC, 'a', value)).toBe(true)
    expect(codec.decode(value).seal).toMatchObject({ ...PLACE, keyId: signer.keyId })
    expect(isSignedBy(key, TOPIC, 'b', value)).toBe(false)
    expect(isSignedBy(key, TOPICS.tickets, 'a', value)).toBe(false)
    expect(isSignedBy(importVerifyingKey(importSigningKey(generateSigningKey()).publicKey), TOPIC, 'a', value)).toBe(
      false,
    )
    // The schema's id is each log's own; everything after it is covered.
    fc.assert(
      fc.property(fc.integer({ min: 5, max: value.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(value)
        changed[at] = (changed[at] ?? 0) ^ flip
        // The two bytes before the signature say how long it is: they are the codec's to check.
        if (at === value.length - 66 || at === value.length - 65) return
        expect(isSignedBy(key, TOPIC, 'a', changed)).toBe(false)
      }),
    )
    for (const length of [0, 4, 70]) expect(isSignedBy(key, TOPIC, 'a', value.subarray(0, length))).toBe(false)
  })

  it('keeps its bytes: a golden record', async () => {
    const codec = await controlCodec(new MemorySchemaRegistry(), TOPIC)
    const signer = importSigningKey(GOLDEN_PEM)
    const value = signControl(codec, TOPIC, signer.keyId, certificate(signer.publicKey), PLACE, signer)
    expect(controlHash(value).toString('hex')).toBe('84467f03a2004203b177a2949ebcaa0cd7b3031dc3f88952f933b883eb90600f')
  })
})

describe('a public key in a file', () => {
  const { publicKey } = importSigningKey(GOLDEN_PEM)

  it('is read as PEM and as base64', () => {
    expect(readPublicKey(Buffer.from(publicKeyPem(publicKey)))).toEqual(publicKey)
    expect(readPublicKey(Buffer.from(`${publicKey.toString('base64')}\n`))).toEqual(publicKey)
  })

  it('is not a private key, nor one of another kind, nor anything else', () => {
    const rsa = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'
    for (const content of [GOLDEN_PEM, rsa, '', 'nonsense', publicKey.toString('base64').slice(4)]) {
      expect(() => readPublicKey(Buffer.from(content))).toThrow(expect.objectContaining({ code: 'key_unreadable' }))
    }
  })
})

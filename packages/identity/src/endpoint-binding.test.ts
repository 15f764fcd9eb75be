import { createHash, webcrypto } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { endpointBinding } from './endpoint-binding.ts'

type KeyAlgorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | { name: 'Ed25519' }

async function certificate(
  keyAlgorithm: KeyAlgorithm,
  signingAlgorithm: webcrypto.EcdsaParams | webcrypto.RsaPssParams | { name: string },
): Promise<Buffer> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm as webcrypto.EcKeyGenParams, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=a', keys, signingAlgorithm })
  return Buffer.from(made.rawData)
}

const rsa = (name: string, hash: string): webcrypto.RsaHashedKeyGenParams => ({
  name,
  hash,
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
})
const ec = { name: 'ECDSA', namedCurve: 'P-256' }

describe('tls-server-end-point', () => {
  it.each([
    ['ECDSA with SHA-256', ec, { name: 'ECDSA', hash: 'SHA-256' }, 'sha256'],
    ['ECDSA with SHA-384', ec, { name: 'ECDSA', hash: 'SHA-384' }, 'sha384'],
    ['ECDSA with SHA-1', ec, { name: 'ECDSA', hash: 'SHA-1' }, 'sha256'],
    ['RSA with SHA-512', rsa('RSASSA-PKCS1-v1_5', 'SHA-512'), { name: 'RSASSA-PKCS1-v1_5' }, 'sha512'],
    ['RSA with SHA-1', rsa('RSASSA-PKCS1-v1_5', 'SHA-1'), { name: 'RSASSA-PKCS1-v1_5' }, 'sha256'],
    ['RSA-PSS with SHA-384', rsa('RSA-PSS', 'SHA-384'), { name: 'RSA-PSS', saltLength: 48 }, 'sha384'],
  ])('takes the hash of the signature: %s', async (_, keyAlgorithm, signingAlgorithm, hash) => {
    const der = await certificate(keyAlgorithm, signingAlgorithm)
    expect(endpointBinding(der)).toEqual(createHash(hash).update(der).digest())
  })

  it('is undefined for Ed25519', async () => {
    const der = await certificate({ name: 'Ed25519' }, { name: 'Ed25519' })
    expect(() => endpointBinding(der)).toThrow(expect.objectContaining({ code: 'channel_binding_unsupported' }))
  })

  it('refuses what is cut off or no certificate, at every byte', async () => {
    const der = await certificate(ec, { name: 'ECDSA', hash: 'SHA-256' })
    for (let end = 0; end < der.length; end++) {
      expect(() => endpointBinding(der.subarray(0, end))).toThrow(
        expect.objectContaining({ code: 'certificate_malformed' }),
      )
    }
  })
})

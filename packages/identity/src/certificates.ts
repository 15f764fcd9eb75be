// The authority that an installation makes for itself at its first start, and the server certificates it issues.
// Where files lie and when they are renewed is the caller's.
import { randomBytes, webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'

/** What operating systems accept at most from an authority that a person installed. */
export const SERVER_CERTIFICATE_DAYS = 825
export const AUTHORITY_DAYS = 3650
/** Clients whose clock is a little behind. */
const BACKDATE_MS = 5 * 60_000
const DAY_MS = 86_400_000
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const

/** Both in PEM; the key as PKCS #8. */
export type CertificateWithKey = { readonly certificate: string; readonly key: string }
export type Authority = CertificateWithKey

/** Loaded only where certificates are made: the library costs a start-up time that proxies need not pay. */
async function x509Library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** @param name the common name, for instance `Sluice development authority` */
export async function createAuthority(name: string, now = new Date()): Promise<Authority> {
  const x509 = await x509Library()
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(now, AUTHORITY_DAYS),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return inPem(certificate, keys.privateKey)
}

/**
 * A new key and a certificate for it, good for TLS servers only.
 * @param options DNS names and IP addresses that clients connect to; at least one of them
 */
export async function issueServerCertificate(
  authority: Authority,
  options: { readonly names: readonly string[]; readonly ips: readonly string[] },
  now = new Date(),
): Promise<CertificateWithKey> {
  const [commonName] = [...options.names, ...options.ips]
  if (commonName === undefined) throw new TypeError('a server certificate needs a name or an address')
  const x509 = await x509Library()
  const issuer = new x509.X509Certificate(authority.certificate)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', derOf(authority.key), KEY_ALGORITHM, false, ['sign'])
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    ...validity(now, SERVER_CERTIFICATE_DAYS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...options.names.map((value) => ({ type: 'dns', value }) as const),
        ...options.ips.map((value) => ({ type: 'ip', value }) as const),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return inPem(certificate, keys.privateKey)
}

function validity(now: Date, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const notBefore = new Date(now.getTime() - BACKDATE_MS)
  return { notBefore, notAfter: new Date(notBefore.getTime() + days * DAY_MS) }
}

/** Positive and without a leading zero byte (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

async function inPem(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<CertificateWithKey> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  return { certificate: `${certificate.toString('pem').trim()}\n`, key: pemOf(pkcs8) }
}

function pemOf(pkcs8: Buffer): string {
  const lines = pkcs8.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

function derOf(pem: string): Buffer<ArrayBuffer> {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
}

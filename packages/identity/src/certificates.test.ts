import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { AUTHORITY_DAYS, createAuthority, issueServerCertificate, SERVER_CERTIFICATE_DAYS } from './certificates.ts'

const DAY_MS = 86_400_000
const lifeInDays = (certificate: X509Certificate): number =>
  (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / DAY_MS

describe('an own authority', () => {
  it('issues a certificate that a TLS client accepts for its names only', async () => {
    const authority = await createAuthority('Sluice test authority')
    const issued = await issueServerCertificate(authority, {
      names: ['localhost', 'sluice.test'],
      ips: ['127.0.0.1', '::1'],
    })
    const server = createServer({ cert: issued.certificate, key: issued.key })
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const dial = async (servername: string, ca: string): Promise<string> => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca })
      const outcome = await Promise.race([
        once(socket, 'secureConnect').then(() => 'accepted'),
        once(socket, 'error').then(([error]) => (error as { code: string }).code),
      ]).catch((error: { code: string }) => error.code)
      socket.destroy()
      return outcome
    }
    try {
      expect(await dial('localhost', authority.certificate)).toBe('accepted')
      expect(await dial('sluice.test', authority.certificate)).toBe('accepted')
      expect(await dial('elsewhere.test', authority.certificate)).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
      const other = await createAuthority('Sluice test authority')
      expect(await dial('localhost', other.certificate)).not.toBe('accepted')
    } finally {
      server.close()
    }
  })

  it('keeps to the bounds that operating systems set', async () => {
    const authority = await createAuthority('A, with "odd" = characters')
    const ca = new X509Certificate(authority.certificate)
    const { certificate, key } = await issueServerCertificate(authority, { names: [], ips: ['127.0.0.1'] })
    const leaf = new X509Certificate(certificate)
    expect(ca.ca).toBe(true)
    expect(ca.subject).toContain('odd')
    expect(lifeInDays(ca)).toBe(AUTHORITY_DAYS)
    expect(leaf.ca).toBe(false)
    expect(leaf.verify(ca.publicKey)).toBe(true)
    expect(leaf.checkIssued(ca)).toBe(true)
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(leaf.keyUsage).toContain('1.3.6.1.5.5.7.3.1')
    expect(lifeInDays(leaf)).toBe(SERVER_CERTIFICATE_DAYS)
    expect(leaf.validFromDate.getTime()).toBeLessThan(Date.now())
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    await expect(issueServerCertificate(authority, { names: [], ips: [] })).rejects.toThrow(TypeError)
  })
})

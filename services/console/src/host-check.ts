// Which Host headers are ours: those that the certificate is for. A page whose name was rebound to this address
// (DNS rebinding) comes with its own name and gets nothing.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i

/** @param certificate PEM, the server's own first */
export function hostCheck(certificate: string): (host: string | undefined) => boolean {
  const x509 = new X509Certificate(certificate)
  return (host) => {
    const name = HOST.exec(host ?? '')?.[1]?.replace(/^\[|\]$/g, '')
    if (name === undefined) return false
    return (isIP(name) ? x509.checkIP(name) : x509.checkHost(name)) !== undefined
  }
}

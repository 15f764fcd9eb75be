// The certificate that the console shows, checked at start: a wrong file has to be named, not found out by a client.
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ConfigInvalid } from '@sluice/events'

export type ServerCertificateFiles = { readonly certificate: string; readonly key: string }
/** PEM texts. */
export type ServerCertificate = { readonly certificate: string; readonly key: string }

/** @throws ConfigInvalid `tls_certificate` */
export async function readServerCertificate(files: ServerCertificateFiles): Promise<ServerCertificate> {
  const [certificate, key] = await Promise.all([read(files.certificate), read(files.key)])
  try {
    createSecureContext({ cert: certificate, key })
  } catch (cause) {
    const where = `${files.certificate} and ${files.key}`
    throw new ConfigInvalid('tls_certificate', `${where} are no certificate with its key, both in PEM`, { cause })
  }
  return { certificate, key }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigInvalid('tls_certificate', `${file} can't be read; check the setting tls and the permissions`, {
      cause,
    })
  }
}

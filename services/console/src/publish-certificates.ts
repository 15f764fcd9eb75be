// Tells everyone whose signatures count: the certificates that the root key signed lie as files in a folder, and are
// put into the log where it doesn't have them.

import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigInvalid, PeerInvalid, type SchemaRegistry } from '@sluice/events'
import type { EventLog } from '@sluice/stream'
import { publishCertificates, readRootKey } from '@sluice/trust'

const SUFFIX = '.cert'
const MAX_FILES = 10_000
const MAX_FILE_BYTES = 8_192

export type CertificateFiles = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  /** The file of the root's public key. */
  readonly root: string
  /** The folder of `<key id>.cert` files. */
  readonly certificates: string
  readonly nodeId: string
}

/** Throws ConfigInvalid, naming the file that is wrong; nothing is published then. */
export async function publishCertificateFiles(files: CertificateFiles): Promise<{ readonly published: number }> {
  const { log, registry, certificates: folder, nodeId } = files
  const root = await readRootKey(files.root)
  const names = await listed(folder)
  const certificates = await Promise.all(names.map((name) => readCertificate(join(folder, name))))
  try {
    return await publishCertificates({ log, registry, root, certificates, source: `/sluice/consoles/${nodeId}` })
  } catch (cause) {
    if (!(cause instanceof PeerInvalid)) throw cause
    throw new ConfigInvalid(
      'certificate_invalid',
      `a file in ${folder} is no certificate that the root key in ${files.root} signed: ${cause.message}`,
      { cause },
    )
  }
}

async function listed(folder: string): Promise<readonly string[]> {
  let names: readonly string[]
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort()
  } catch (cause) {
    throw new ConfigInvalid(
      'certificates_unreadable',
      `${folder}, which keys.certificates names, can't be read (${codeOf(cause)}); make it, with a certificate of each service`,
      { cause },
    )
  }
  if (names.length <= MAX_FILES) return names
  throw new ConfigInvalid(
    'certificates_unreadable',
    `${folder} has ${names.length} certificates, and at most ${MAX_FILES} are read; move old ones away`,
  )
}

async function readCertificate(file: string): Promise<Buffer> {
  try {
    if ((await stat(file)).size <= MAX_FILE_BYTES) {
      const text = (await readFile(file, 'latin1')).trim()
      const value = Buffer.from(text, 'base64')
      if (value.length > 0 && value.toString('base64') === text) return value
    }
  } catch (cause) {
    throw new ConfigInvalid('certificates_unreadable', `${file} can't be read (${codeOf(cause)})`, { cause })
  }
  throw new ConfigInvalid('certificate_invalid', `${file} is not the base64 text of a certificate; issue it anew`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

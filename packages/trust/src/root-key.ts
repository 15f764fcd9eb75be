// The root key that the configuration pins.

import { readFile } from 'node:fs/promises'
import { ConfigInvalid, readPublicKey } from '@sluice/events'

/** The 32 bytes of the public key in a file, PEM or base64. Throws ConfigInvalid `root_key`, naming the file. */
export async function readRootKey(file: string): Promise<Buffer> {
  try {
    return readPublicKey(await readFile(file))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    const why = cause instanceof ConfigInvalid ? cause.message : `it can't be read (${code})`
    throw new ConfigInvalid('root_key', `${file}, which keys.root names: ${why}`, { cause })
  }
}

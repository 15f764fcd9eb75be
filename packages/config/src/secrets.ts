/** References to secrets: the configuration holds where a secret is, never the secret. */
import { readFile } from 'node:fs/promises'
import { ConfigInvalid } from '@sluice/events'

export const MAX_SECRET_BYTES = 64 * 1024

/** `file:/absolute/path` or `env:NAME`. */
export type SecretRef = string

/**
 * Reads the secret behind a reference, without the newline that editors leave at the end.
 * @throws ConfigInvalid with code `secret_unreadable` or `secret_empty`; the message never holds the secret.
 */
export async function resolveSecret(ref: SecretRef): Promise<string> {
  const secret = (await readSecret(ref)).replace(/\r?\n$/, '')
  if (secret === '') throw new ConfigInvalid('secret_empty', `the secret ${ref} is empty; put the secret there`)
  if (Buffer.byteLength(secret) > MAX_SECRET_BYTES) {
    throw new ConfigInvalid(
      'secret_unreadable',
      `the secret ${ref} is longer than ${MAX_SECRET_BYTES} bytes; is it the right file?`,
    )
  }
  return secret
}

async function readSecret(ref: SecretRef): Promise<string> {
  const cut = ref.indexOf(':')
  const [kind, rest] = [ref.slice(0, cut), ref.slice(cut + 1)]
  switch (kind) {
    case 'file':
      return readFile(rest, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        throw new ConfigInvalid(
          'secret_unreadable',
          `the secret file ${rest} can't be read (${cause.code}); check that it exists and is yours`,
          { cause },
        )
      })
    case 'env': {
      const value = process.env[rest]
      if (value === undefined) {
        throw new ConfigInvalid(
          'secret_unreadable',
          `the environment variable ${rest} is not set; the configuration takes a secret from it`,
        )
      }
      return value
    }
    default:
      throw new ConfigInvalid('secret_unreadable', 'a secret must be given as file:PATH or env:NAME')
  }
}

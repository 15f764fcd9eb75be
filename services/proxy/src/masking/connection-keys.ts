// The keys behind tokens and hashes, for each connection from the one secret that the configuration names.

import { resolveSecret } from '@sluice/config'
import { ConfigInvalid } from '@sluice/events'
import { type MaskKeys, maskKeys } from '@sluice/mask'

/** With less a token could be guessed. */
const MIN_SECRET_BYTES = 32

/** Null for every connection where no secret is named. Throws ConfigInvalid. */
export async function connectionKeys(
  secretRef: string | undefined,
  connections: readonly string[],
): Promise<(connection: string) => MaskKeys | null> {
  if (secretRef === undefined) return () => null
  const secret = Buffer.from(await resolveSecret(secretRef))
  if (secret.length < MIN_SECRET_BYTES) {
    throw new ConfigInvalid(
      'masking_key_short',
      `masking.key (${secretRef}) has less than ${MIN_SECRET_BYTES} bytes, so tokens could be guessed; put ${MIN_SECRET_BYTES} random bytes there, in base64`,
    )
  }
  const keys = new Map(connections.map((name) => [name, maskKeys(secret, name)]))
  return (connection) => keys.get(connection) ?? null
}

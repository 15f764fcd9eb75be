// Whose keys are trusted: certificates under the root key, as they are in force here.
import { createHash } from 'node:crypto'
import { isoMicros, type KeyCertificate, type Signed } from '@sluice/events'
import type { Hono } from 'hono'
import { checkMaySeeKeys } from './authorise.ts'
import { type ConsoleEnv, onlyBy } from './route-basics.ts'

export type KeyList = {
  /** The 32 bytes of the root's public key. */
  readonly root: Buffer
  /** Those that the root has signed. */
  list(): readonly Signed<KeyCertificate>[]
  readonly nowMicros: () => number
}

export function addKeyRoutes(app: Hono<ConsoleEnv>, keys: KeyList): void {
  app.get('/v1/keys', (c) => {
    checkMaySeeKeys(c.get('subject'))
    const now = keys.nowMicros()
    return c.json({
      root: { fingerprint: fingerprintOf(keys.root) },
      keys: keys.list().map((certificate) => keyView(certificate, now)),
    })
  })
  app.all('/v1/keys', onlyBy('GET'))
}

/** SHA-256 of the public key, hex. */
function fingerprintOf(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest('hex')
}

function keyView(certificate: Signed<KeyCertificate>, now: number) {
  const { keyId, role, name, publicKey, validFrom, validUntil, seal } = certificate
  const isLate = validUntil !== null && validUntil <= now
  const isEarly = validFrom > now
  return {
    keyId,
    role,
    name,
    validFrom: isoMicros(validFrom),
    validUntil: validUntil === null ? null : isoMicros(validUntil),
    version: seal.version,
    fingerprint: fingerprintOf(publicKey),
    accepted: !(isLate || isEarly),
    /** Why it is not accepted now. */
    reason: isLate ? 'its time is over' : isEarly ? 'its time has not begun' : null,
  }
}

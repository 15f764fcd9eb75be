// Which of a key's records is the next one. Signatures were checked before; here it is only about versions.

import type { Seal } from '@sluice/events'

/** A version that was trusted. */
export type Place = {
  readonly version: number
  /** SHA-256 of the record's whole value. */
  readonly hash: Buffer
}

export type PlaceVerdict =
  | { readonly kind: 'new' | 'same' | 'older' }
  | { readonly kind: 'rollback' | 'fork'; readonly detail: string }

export type KnownPlaces = {
  /** The last one that this reader took from the log. */
  readonly seen: Place | null
  /** The highest one that was ever trusted here; it outlives the process. */
  readonly remembered: Place | null
  /** Whether the log is read from its beginning: then lower versions than the remembered one come first. */
  readonly fromStart: boolean
}

export function checkPlace(seal: Pick<Seal, 'version' | 'previous'>, hash: Buffer, known: KnownPlaces): PlaceVerdict {
  const { version, previous } = seal
  const { seen, remembered, fromStart } = known
  if (!Number.isSafeInteger(version) || version < 1 || (version === 1) !== (previous === null)) {
    return { kind: 'fork', detail: `version ${version} can't have such a past` }
  }
  if (seen !== null && version === seen.version && hash.equals(seen.hash)) return { kind: 'same' }
  for (const place of [seen, remembered]) {
    if (place === null) continue
    if (version === place.version && !hash.equals(place.hash)) {
      return { kind: 'fork', detail: `version ${version} was trusted with another content` }
    }
    if (version === place.version + 1 && !(previous?.equals(place.hash) ?? false)) {
      return {
        kind: 'fork',
        detail: `version ${version} does not follow the version ${place.version} that was trusted`,
      }
    }
  }
  if (seen !== null && version < seen.version) return rolledBack(version, seen)
  if (remembered === null || version >= remembered.version) return { kind: 'new' }
  return fromStart ? { kind: 'older' } : rolledBack(version, remembered)
}

function rolledBack(version: number, { version: highest }: Place): PlaceVerdict {
  return { kind: 'rollback', detail: `version ${version} came after version ${highest}, which holds` }
}

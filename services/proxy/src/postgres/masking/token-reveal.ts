// From a token back to its value, on the way to a client that may see it.

import { detokenize } from '@sluice/mask'
import type { RowsMask } from '../session/reply-queue.ts'
import { dataRow } from './result-rows.ts'
import type { SessionMasking } from './session-masking.ts'

export type RevealedToken = { readonly tag: string; readonly rows: RowsMask }

/** Null where it is no token of this connection. */
export function revealedToken(token: string, masking: SessionMasking): RevealedToken | null {
  const { keys } = masking
  if (keys === null) return null
  for (const tag of Object.keys(masking.view().plan.tags)) {
    const value = detokenize(token, keys, tag)
    if (value !== null) return { tag, rows: new OneValue(value) }
  }
  return null
}

/** Whatever the one row was, it becomes the value. */
class OneValue implements RowsMask {
  readonly counts: ReadonlyMap<string, number> = new Map()
  readonly #row: Buffer

  constructor(value: Buffer) {
    this.#row = dataRow([value])
  }

  rows(): Buffer {
    return this.#row
  }
}

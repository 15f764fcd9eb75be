// Prepared statements of the gateway's own, under which simple queries run: one for texts that are seen for the first
// time, and a few for texts that come again.

import { OWN_NAME_PREFIX } from '../hold/own-work.ts'
import type { ReadStatement } from './statements.ts'

/** Of a session: each is memory at the upstream. */
const MAX_KEPT = 50
/** Texts of which it is known that they were seen. */
const MAX_SEEN = 200
/** Longer ones are analysed each time. */
const MAX_KEPT_CHARACTERS = 16 * 1024

export const QUERY_NAME = `${OWN_NAME_PREFIX}query`
export const UTILITY_NAME = `${OWN_NAME_PREFIX}utility`
const KEPT_NAME = `${OWN_NAME_PREFIX}kept_`

export type KeptStatement = { readonly name: string; readonly statement: ReadStatement }

export class OwnStatements {
  readonly #kept = new Map<string, KeptStatement>()
  readonly #seen = new Set<string>()
  #names = 0

  find(text: string): KeptStatement | undefined {
    const kept = this.#kept.get(text)
    if (kept === undefined) return undefined
    // Behind all others: the first one is the one that was not used for longest.
    this.#kept.delete(text)
    this.#kept.set(text, kept)
    return kept
  }

  /** Under which name a text is to be prepared, and whether it is kept there. */
  nameFor(text: string): { readonly name: string; readonly isKept: boolean } {
    if (text.length > MAX_KEPT_CHARACTERS || !this.#seen.has(text)) {
      if (this.#seen.size >= MAX_SEEN) this.#seen.clear()
      if (text.length <= MAX_KEPT_CHARACTERS) this.#seen.add(text)
      return { name: QUERY_NAME, isKept: false }
    }
    return { name: `${KEPT_NAME}${this.#names++}`, isKept: true }
  }

  /** Returns the name of a statement that makes room; null where there is room. */
  keep(text: string, kept: KeptStatement): string | null {
    this.#kept.set(text, kept)
    if (this.#kept.size <= MAX_KEPT) return null
    const [oldest] = this.#kept as Iterable<[string, KeptStatement]>
    if (oldest === undefined) return null
    this.#kept.delete(oldest[0])
    return oldest[1].name
  }

  drop(text: string): void {
    this.#kept.delete(text)
  }

  /** The upstream has forgotten all of them. */
  forgetAll(): void {
    this.#kept.clear()
  }
}

// The unwrapped data keys of the sessions in use: in memory only, bounded, the longest unused goes first.

import { PeerInvalid, type SealingPrivateKey, SealOpener } from '@sluice/events'
import type { SessionState } from './session-state.ts'

const MAX_OPENERS = 4_096

export class SessionOpeners {
  readonly #privateKey: SealingPrivateKey
  readonly #openers = new Map<string, Promise<SealOpener>>()

  constructor(privateKey: SealingPrivateKey) {
    this.#privateKey = privateKey
  }

  /** Rejects with PeerInvalid where the session's key is not there or can't be unwrapped. */
  async of({ sessionId, wrappedKey }: SessionState): Promise<SealOpener> {
    if (wrappedKey === null) throw new PeerInvalid('key_missing', "the session's key was never seen")
    const known = this.#openers.get(sessionId) ?? SealOpener.fromWrapped(sessionId, wrappedKey, this.#privateKey)
    this.#openers.delete(sessionId)
    this.#openers.set(sessionId, known)
    if (this.#openers.size > MAX_OPENERS) {
      const [oldest] = this.#openers.keys()
      if (oldest !== undefined) this.#openers.delete(oldest)
    }
    return known
  }

  forget(sessionId: string): void {
    this.#openers.delete(sessionId)
  }
}

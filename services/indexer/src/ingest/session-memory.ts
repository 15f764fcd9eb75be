// The last sequence number of sessions that were seen lately, so that most blocks need not ask the index.

export const MAX_REMEMBERED_SESSIONS = 50_000

export class SessionMemory {
  readonly #last = new Map<string, number>()

  get(session: string): number | undefined {
    return this.#last.get(session)
  }

  /** The least recently seen sessions are forgotten first. */
  remember(lastSequences: ReadonlyMap<string, number>): void {
    for (const [session, last] of lastSequences) {
      this.#last.delete(session)
      this.#last.set(session, last)
    }
    for (const session of this.#last.keys()) {
      if (this.#last.size <= MAX_REMEMBERED_SESSIONS) break
      this.#last.delete(session)
    }
  }
}

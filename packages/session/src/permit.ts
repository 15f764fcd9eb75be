// The object that proves a decision. Nothing can be written to an upstream without one, and only this package mints
// them: `mintPermit` is not part of the package's public face.

const MINT = Symbol('mint')

/** Our own bug: ends the session, never the process. */
export class PermitMisused extends Error {
  override readonly name = 'PermitMisused'
}

/** Bound to one session and one frame, usable once. */
export class Permit {
  readonly #sessionId: string
  readonly #frame: number
  #used = false

  constructor(key: typeof MINT, sessionId: string, frame: number) {
    if (key !== MINT) throw new PermitMisused('a permit comes from a decision, from nowhere else')
    this.#sessionId = sessionId
    this.#frame = frame
  }

  /** Uses the permit up. Throws PermitMisused when it belongs to another session or frame, or was used before. */
  redeem(sessionId: string, frame: number): void {
    if (this.#used) throw new PermitMisused(`the permit of frame ${frame} was used before`)
    if (this.#sessionId !== sessionId || this.#frame !== frame) {
      throw new PermitMisused(`frame ${frame} was about to be forwarded with the permit of another frame`)
    }
    this.#used = true
  }
}

export function mintPermit(sessionId: string, frame: number): Permit {
  return new Permit(MINT, sessionId, frame)
}

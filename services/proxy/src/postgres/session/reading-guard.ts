// What was sent may have changed how the server reads the next text (a trigger may set what it likes), and the server
// says so only when it is ready again. Until then no text follows that was read with the settings as they were.

import type { OwnWork } from '../hold/own-work.ts'
import { SETTINGS, settingsStand } from '../hold/settings-check.ts'
import type { Submissions } from './submissions.ts'

/** `wait`: the server will say by itself. `ignored`: it failed, and reads nothing up to Sync. */
export type Standing = 'stands' | 'wait' | 'ignored' | 'changed'

export class ReadingGuard {
  readonly #submissions: Submissions
  readonly #own: OwnWork
  /** Of the last statement that may have changed something; null when the server has said that it did not. */
  #changedIn: number | null = null

  constructor(submissions: Submissions, own: OwnWork) {
    this.#submissions = submissions
    this.#own = own
  }

  /** A statement of this epoch may do more than read. */
  changes(epoch: number): void {
    this.#changedIn = epoch
  }

  /** The upstream is ready after `epoch`: what it changed was reported before that, and seen. */
  ready(epoch: number, idle: boolean): void {
    if (idle && this.#changedIn !== null && epoch >= this.#changedIn) this.#changedIn = null
  }

  /** Where all is answered but not ended by ReadyForQuery, the server has not said yet what changed. */
  get suspects(): boolean {
    return this.#changedIn !== null && (!this.#submissions.quiet || this.#submissions.open)
  }

  /** Asks the server where it would say nothing before a Sync that may be long in coming. */
  check(): Standing | Promise<Standing> {
    return this.#submissions.open ? this.#ask() : 'wait'
  }

  async #ask(): Promise<Standing> {
    const result = await this.#own.run([SETTINGS], 'flush')
    if (result.kind !== 'done') return 'ignored'
    if (!settingsStand(result)) return 'changed'
    this.#changedIn = null
    return 'stands'
  }
}

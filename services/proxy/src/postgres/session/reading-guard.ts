// What was sent may have changed how the server reads the next text (a trigger may set what it likes), and the server
// says so only when it is ready again. Until then no text follows that was read with the settings as they were.

import { reportOf } from '../hold/hold-reports.ts'
import type { OwnWork } from '../hold/own-work.ts'
import { SETTINGS, settingsStand } from '../hold/settings-check.ts'
import { errorResponse } from '../wire/encode.ts'
import type { Delivery } from './delivery.ts'
import type { ReadStatement } from './statements.ts'
import type { Submissions } from './submissions.ts'

/** `wait`: the server will say by itself. `ignored`: it failed, and reads nothing up to Sync. */
export type Standing = 'stands' | 'wait' | 'ignored' | 'changed'

/** A text that was read by other settings than the server's: there is no going on. */
export const READING_CHANGED = { violation: 'a statement changed a setting that decides how texts are read' } as const

export class ReadingGuard {
  readonly #submissions: Submissions
  readonly #own: OwnWork
  readonly #delivery: Delivery
  /** Of the last execution that may have changed something; null when the server has said that it did not. */
  #changedIn: number | null = null
  /** Of the last change whose triggers may still be to come: at COMMIT, or when constraints become immediate. */
  #deferredIn: number | null = null

  constructor(submissions: Submissions, own: OwnWork, delivery: Delivery) {
    this.#submissions = submissions
    this.#own = own
    this.#delivery = delivery
  }

  /** A statement is executed in this epoch. */
  executes(epoch: number, { changes, access }: Pick<ReadStatement, 'changes' | 'access'>): void {
    if (changes) this.#deferredIn = epoch
    const firesDeferred = this.#deferredIn !== null && access.actions.some((action) => action !== 'sql:read')
    if (changes || firesDeferred) this.#changedIn = epoch
  }

  /** The upstream is ready after `epoch`: what it changed was reported before that, and seen. */
  ready(epoch: number, idle: boolean): void {
    if (this.#changedIn !== null && epoch >= this.#changedIn) this.#changedIn = null
    if (idle && this.#deferredIn !== null && epoch >= this.#deferredIn) this.#deferredIn = null
  }

  /** Also where all is answered: what is not ended by ReadyForQuery, the server has not reported on. */
  get suspects(): boolean {
    return this.#changedIn !== null
  }

  /** Asks the server where it would say nothing before a Sync that may be long in coming. */
  check(): Standing | Promise<Standing> {
    return this.#changedIn === this.#submissions.epoch ? this.#ask() : 'wait'
  }

  async #ask(): Promise<Standing> {
    const result = await this.#own.run([SETTINGS], 'flush')
    // The server ignores what comes now for this error, so that the client has to know it.
    if (result.kind === 'failed') this.#delivery.push(errorResponse(reportOf(result.fields)))
    if (result.kind !== 'done') return 'ignored'
    if (!settingsStand(result)) return 'changed'
    this.#changedIn = null
    return 'stands'
  }
}

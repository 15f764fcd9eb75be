// What may be seen of portals: of statements that were analysed, and of cursors, with which they share their names.

import { type Denial, denyProtocol, type StatementAccess } from '@sluice/policy'
import {
  type Cursor,
  type Judged,
  NO_MASKS,
  type PortalMasks,
  type SessionMasking,
} from '../masking/session-masking.ts'
import type { BindBody } from '../wire/decode.ts'
import type { Analyses } from './analyses.ts'
import { carriesQuery } from './carried-query.ts'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'
import type { MaskedReply } from './reply-queue.ts'
import type { Portal, ReadStatement } from './statements.ts'
import type { Submissions } from './submissions.ts'

export type RefusedPortal = { readonly denial: Denial; readonly access: StatementAccess }

/** `failed`: the server refused it, and the client was told. */
export type PortalVerdict =
  | { readonly kind: 'masks'; readonly masks: PortalMasks }
  | { readonly kind: 'refused'; readonly refused: RefusedPortal }
  | { readonly kind: 'failed' }

const CURSOR_BYTES = 200

/** Code and reason where a portal is executed that would show something else. */
export const OTHER_PORTAL = [
  'portal_changed',
  'what this portal reads from may have changed since it was bound',
] as const

const seen = (masks: PortalMasks): PortalVerdict => ({ kind: 'masks', masks })

export class MaskedPortals {
  readonly #cursors = new NameRegistry<Cursor>(() => CURSOR_BYTES)
  readonly #analyses: Analyses
  readonly #submissions: Submissions
  readonly #portals: NameRegistry<Portal>

  /** `portals`: those of the protocol, which share their names with cursors. */
  constructor(analyses: Analyses, submissions: Submissions, portals: NameRegistry<Portal>) {
    this.#analyses = analyses
    this.#submissions = submissions
    this.#portals = portals
  }

  /** The cursor of that name; null where there is none that was analysed. */
  cursor(name: string): Cursor | null {
    const found = this.#cursors.lookup(name, this.#submissions.epoch)
    return found.kind === 'found' ? found.value : null
  }

  /** SQL declares a cursor, or closes one; from all names on where `name` is null. Returns what its success confirms. */
  #declares(name: string | null, cursor: Cursor | null): () => void {
    const { epoch } = this.#submissions
    if (name === null) {
      return () => {
        this.#cursors.forget(ALL_NAMES)
        this.#portals.forget(ALL_NAMES)
      }
    }
    this.#cursors.change(name, cursor, epoch)
    this.#portals.change(name, null, epoch)
    return () => {
      this.#cursors.confirm(name, cursor)
      this.#portals.confirm(name, null)
    }
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number, idle: boolean): void {
    this.#cursors.endEpoch(epoch)
    if (idle) this.#cursors.forgetWhere(({ hold }) => !hold)
  }

  /** Whether what is bound has to be analysed anew: then `judge` takes a while. */
  takesTime({ utility }: ReadStatement): boolean {
    return carriesQuery(utility)
  }

  /** The statement keeps what came of judging it again. */
  judge(statement: ReadStatement, { values, resultFormats }: BindBody): PortalVerdict {
    const { masking } = this.#analyses
    const judged = this.#judged(statement, values, masking)
    if (judged === null) return seen(NO_MASKS)
    if (judged.kind === 'refused') return { kind: 'refused', refused: judged }
    if (statement.needsTree) statement.analysed = judged.analysed
    return seen(masking.masksOf(judged.analysed, resultFormats))
  }

  /** Of a statement that carries a query: that is analysed in the transaction in which the statement runs. */
  async judgeCarrier(statement: ReadStatement, { values }: BindBody): Promise<PortalVerdict> {
    const { utility } = statement
    if (!carriesQuery(utility)) return seen(NO_MASKS)
    const carried = await this.#analyses.carried(statement, utility, values)
    if (carried.kind === 'failed') return carried
    if (carried.kind === 'refused') return { kind: 'refused', refused: carried }
    statement.analysed = carried.analysed
    return seen(carried.masks)
  }

  /** SQL can fetch from a portal of the protocol as from a cursor. Returns what the server's answer confirms. */
  bound(name: string, { needsTree, analysed }: ReadStatement): (() => void) | null {
    // No statement can name the unnamed one.
    if (name === '') return null
    const cursor = needsTree && analysed !== undefined ? { analysed, hold: false } : null
    this.#cursors.change(name, cursor, this.#submissions.epoch)
    return () => this.#cursors.confirm(name, cursor)
  }

  /** What becomes of cursors when a statement has run; null where nothing does. */
  executes({ utility, analysed }: ReadStatement): (() => void) | null {
    if (utility?.kind === 'close') return this.#declares(utility.cursor, null)
    if (utility?.kind !== 'declare' || analysed === undefined) return null
    return this.#declares(utility.cursor, { analysed, hold: utility.hold })
  }

  /** Whether what a portal would show may be something else than when it was bound. `joins`: it was bound just now. */
  isOther({ statement, fetches }: Portal, joins: boolean): boolean {
    const { utility } = statement
    if (utility?.kind === 'fetch') return this.cursor(utility.cursor) !== fetches
    // The server analyses what it carries only now.
    return carriesQuery(utility) && !joins
  }

  /** For the answer to Describe of a statement. */
  describes({ needsTree, analysed }: ReadStatement): MaskedReply | null {
    if (!needsTree || analysed === undefined) return null
    return this.#analyses.masking.bindReply(analysed)
  }

  /** What a bound FETCH reads from; it must be the same when it is executed. */
  fetchedBy({ utility }: ReadStatement): Cursor | null {
    return utility?.kind === 'fetch' ? this.cursor(utility.cursor) : null
  }

  /** Null for what returns no rows of tables. */
  #judged(statement: ReadStatement, values: BindBody['values'], masking: SessionMasking): Judged | null {
    const { needsTree, analysed, utility, access } = statement
    if (needsTree) return analysed === undefined ? unknownHere(access) : masking.execution(analysed, values)
    if (utility?.kind !== 'fetch') return null
    const cursor = this.cursor(utility.cursor)
    return cursor === null ? unknownHere(access) : masking.again(cursor.analysed)
  }
}

/** What nobody analysed is not executed. */
function unknownHere(access: StatementAccess): Judged {
  const denial = denyProtocol('statement_unknown', 'there is no statement or cursor of that name that was analysed')
  return { kind: 'refused', denial, access }
}

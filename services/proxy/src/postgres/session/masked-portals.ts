// What may be seen of portals: of statements that were analysed, and of cursors, with which they share their names.

import { type Denial, denyProtocol, type StatementAccess } from '@sluice/policy'
import {
  type Cursor,
  type Judged,
  NO_MASKS,
  type PortalMasks,
  type SessionMasking,
} from '../masking/session-masking.ts'
import { type BindBody, resultFormats } from '../wire/decode.ts'
import type { Analyses } from './analyses.ts'
import { carriesQuery } from './carried-query.ts'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'
import type { ReadStatement } from './statements.ts'
import type { Submissions } from './submissions.ts'

export type RefusedPortal = { readonly denial: Denial; readonly access: StatementAccess }

/** `failed`: the server refused it, and the client was told. */
export type PortalVerdict =
  | { readonly kind: 'masks'; readonly masks: PortalMasks }
  | { readonly kind: 'refused'; readonly refused: RefusedPortal }
  | { readonly kind: 'failed' }

const CURSOR_BYTES = 200

const seen = (masks: PortalMasks): PortalVerdict => ({ kind: 'masks', masks })

export class MaskedPortals {
  readonly cursors = new NameRegistry<Cursor>(() => CURSOR_BYTES)
  readonly #analyses: Analyses
  readonly #submissions: Submissions

  constructor(analyses: Analyses, submissions: Submissions) {
    this.#analyses = analyses
    this.#submissions = submissions
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number, idle: boolean): void {
    this.cursors.endEpoch(epoch)
    if (idle) this.cursors.forgetWhere(({ hold }) => !hold)
  }

  /** Whether what is bound has to be analysed anew: then `judge` takes a while. */
  takesTime({ utility }: ReadStatement): boolean {
    return carriesQuery(utility)
  }

  /** The statement keeps what came of judging it again. */
  judge(statement: ReadStatement, bytes: Buffer, { values }: BindBody): PortalVerdict {
    const { masking } = this.#analyses
    const judged = this.#judged(statement, values, masking)
    if (judged === null) return seen(NO_MASKS)
    if (judged.kind === 'refused') return { kind: 'refused', refused: judged }
    if (statement.needsTree) statement.analysed = judged.analysed
    return seen(masking.masksOf(judged.analysed, resultFormats(bytes)))
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
  bound(name: string, { needsTree, analysed }: ReadStatement): () => void {
    const cursor = needsTree && analysed !== undefined ? { analysed, hold: false } : null
    this.cursors.change(name, cursor, this.#submissions.epoch)
    return () => this.cursors.confirm(name, cursor)
  }

  /** What becomes of cursors when a statement has run; null where nothing does. */
  executes({ utility, analysed }: ReadStatement): (() => void) | null {
    if (utility?.kind === 'close') return () => this.cursors.forget(utility.cursor ?? ALL_NAMES)
    if (utility?.kind !== 'declare' || analysed === undefined) return null
    const cursor = { analysed, hold: utility.hold }
    this.cursors.change(utility.cursor, cursor, this.#submissions.epoch)
    return () => this.cursors.confirm(utility.cursor, cursor)
  }

  /** Null for what returns no rows of tables. */
  #judged(statement: ReadStatement, values: BindBody['values'], masking: SessionMasking): Judged | null {
    const { needsTree, analysed, utility, access } = statement
    if (needsTree) return analysed === undefined ? unknownHere(access) : masking.execution(analysed, values)
    if (utility?.kind !== 'fetch') return null
    const cursor = this.cursors.lookup(utility.cursor, this.#submissions.epoch)
    return cursor.kind === 'found' ? masking.again(cursor.value.analysed) : unknownHere(access)
  }
}

/** What nobody analysed is not executed. */
function unknownHere(access: StatementAccess): Judged {
  const denial = denyProtocol('statement_unknown', 'there is no statement or cursor of that name that was analysed')
  return { kind: 'refused', denial, access }
}

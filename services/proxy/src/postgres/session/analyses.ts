// Has the upstream analyse a statement before anything of it runs: its Parse is sent, and what is decided depends on the
// tree that comes back.

import type { Denial, StatementAccess } from '@sluice/policy'
import type { OpenRequest, RequestDescription } from '@sluice/session'
import type { OwnWork } from '../hold/own-work.ts'
import { AnalysisSlot } from '../masking/analysis-slot.ts'
import { lineageDenied } from '../masking/mask-denials.ts'
import type { Analysed, AnalysedText, PortalMasks, SessionMasking } from '../masking/session-masking.ts'
import type { BoundValue } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { type Carrier, carrierAccess, carrierDenied, carrierMasks, carrierRefused } from './carried-query.ts'
import { QUERY_NAME } from './own-statements.ts'
import { QuietPlannings } from './quiet-planning.ts'
import { denialReport } from './refusals.ts'
import type { ReadStatement } from './statements.ts'
import type { Submissions } from './submissions.ts'

export type Analysis =
  | { readonly kind: 'allowed'; readonly analysed: Analysed }
  /** `access` with what was found out about it. */
  | { readonly kind: 'refused'; readonly denial: Denial; readonly access: StatementAccess }
  /** The server refused it, or ignores it: what comes up to Sync is dropped. */
  | { readonly kind: 'failed' }

export type CarriedAnalysis =
  | { readonly kind: 'allowed'; readonly analysed: Analysed; readonly masks: PortalMasks }
  | Exclude<Analysis, { kind: 'allowed' }>

export class Analyses {
  readonly masking: SessionMasking
  readonly plannings = new QuietPlannings()
  readonly #submissions: Submissions
  readonly #own: OwnWork
  readonly #enlist: () => void

  constructor(parts: {
    readonly masking: SessionMasking
    readonly submissions: Submissions
    readonly own: OwnWork
    readonly enlist: () => void
  }) {
    this.masking = parts.masking
    this.#submissions = parts.submissions
    this.#own = parts.own
    this.#enlist = parts.enlist
  }

  /**
   * Resolves when the Parse of `request`, which was queued just now, is answered. Its answer stays hidden.
   * Does not settle when the session ends before.
   */
  analyse(request: OpenRequest, text: AnalysedText, confirmed: (() => void) | null): Promise<Analysis> {
    return this.#answered(request, request.description.access, text, confirmed)
  }

  async #answered(
    request: OpenRequest | null,
    access: StatementAccess,
    text: AnalysedText,
    confirmed: (() => void) | null,
  ): Promise<Analysis> {
    const slot = new AnalysisSlot()
    this.#submissions.expect({
      to: 'parse',
      request,
      hidden: true,
      confirmed,
      masked: { slot, confirms: null, rows: null, rebuilds: false },
    })
    this.#submissions.housekeeping(encode.flush)
    this.#enlist()
    const outcome = await slot.outcome
    switch (outcome.kind) {
      case 'tree':
        return this.masking.judge(outcome.dump, text, access)
      case 'strange':
        return { kind: 'refused', denial: lineageDenied(outcome.what, ''), access }
      case 'failed':
      case 'ignored':
        this.#submissions.discard()
        return { kind: 'failed' }
      default:
        return outcome satisfies never
    }
  }

  /** Has the query analysed that a statement carries, which is bound next. The statement itself was recorded. */
  async carried(statement: ReadStatement, utility: Carrier, values: readonly BoundValue[]): Promise<CarriedAnalysis> {
    const { access } = statement
    const denial = carrierRefused(utility)
    if (denial !== null) return { kind: 'refused', denial, access }
    const { inner } = utility
    this.#submissions.housekeeping(encode.close('statement', QUERY_NAME))
    this.#submissions.expect({ to: 'close', hidden: true })
    this.#submissions.housekeeping(encode.parse(QUERY_NAME, inner.text))
    const analysis = await this.#answered(null, access, { analysed: inner.text, whole: '', at: null }, null)
    if (analysis.kind !== 'allowed') return analysis
    const judged = this.masking.execution(analysis.analysed, values)
    if (judged.kind === 'refused') return judged
    const { analysed } = judged
    const denied = carrierDenied(utility, analysed)
    if (denied !== null) return { kind: 'refused', denial: denied, access: analysed.access }
    const carried = { ...analysed, access: carrierAccess(analysed) }
    return { kind: 'allowed', analysed: carried, masks: carrierMasks(utility, analysed, this.masking) }
  }

  /** Refuses a request whose statement the upstream has analysed: the client gets `denial` as its error. */
  refuse(request: OpenRequest, description: RequestDescription, denial: Denial): void {
    this.#submissions.session.denyKnown(request, description, denial)
    this.#submissions.replace('refused-message', denialReport(denial, request), request)
  }

  /** Takes a prepared statement away from the upstream. */
  forget(name: string, confirmed: (() => void) | null): void {
    this.#submissions.housekeeping(encode.close('statement', name))
    this.#submissions.expect({ to: 'close', hidden: true, confirmed })
  }

  /** Ends what the analysis alone began: nothing is kept locked while a person is asked. */
  async release(): Promise<void> {
    await this.#own.run([], 'sync')
    this.#submissions.closed()
  }
}

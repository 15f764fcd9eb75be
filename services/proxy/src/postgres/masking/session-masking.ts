// What one session may see of each statement: from the tree that its server printed, the plan in force, and the tags that
// policies reveal to its subject.

import { isDeepStrictEqual } from 'node:util'
import { PolicyUnavailable } from '@sluice/events'
import {
  decideMasks,
  isPlaceholder,
  type Lineage,
  type MaskDecision,
  type MaskedOutput,
  type MaskKeys,
  type PlanView,
  type QuietPlan,
  type Reveals,
  type Source,
  UNKNOWN_TAG,
} from '@sluice/mask'
import type { Denial, StatementAccess } from '@sluice/policy'
import type { SensitiveValues } from '@sluice/session'
import { type CopyFormat, stringLiterals } from '@sluice/sql'
import { orUnavailable, unavailableDenied } from '../../policies/unavailable.ts'
import type { GatewayMasking } from '../masking-parts.ts'
import { AS_IT_IS, type MaskedReply, type RowsMask } from '../session/reply-queue.ts'
import type { BoundValue } from '../wire/decode.ts'
import { type Compared, comparedIn, sensitiveIn, valueText } from './compared-values.ts'
import { compileCopyMasker } from './copy-masker.ts'
import type { LineageCache } from './lineage-cache.ts'
import { budgetDenied, lineageDenied, maskDenied, placeholderDenied } from './mask-denials.ts'
import type { MaskParts } from './masked-columns.ts'
import { NoticeLevel } from './notice-level.ts'
import { compileRowMasker } from './row-masker.ts'
import { RowUnexpected } from './row-unexpected.ts'
import type { SubjectBudget } from './touch-budget.ts'

function writtenColumns({ decision, lineage, view }: Analysed): readonly MaskedOutput[] {
  const columns = lineage.relations.flatMap((relid) => view.relation(relid)?.columns ?? [])
  const generated = new Set(columns.flatMap((column) => (column.generated === true ? [column.name] : [])))
  return decision.outputs.filter(({ name }) => !generated.has(name))
}

const isUnknown = ({ tags }: Source): boolean => tags.includes(UNKNOWN_TAG)

class NoRows implements RowsMask {
  readonly counts: ReadonlyMap<string, number> = new Map()
  readonly #why: RowUnexpected

  constructor(why: RowUnexpected) {
    this.#why = why
  }

  rows(): never {
    throw this.#why
  }
}

type AllowedMasks = Extract<MaskDecision, { kind: 'allowed' }>

/** A query that is analysed, and the statement that it stands in: itself, or one that carries it. */
export type AnalysedText = {
  readonly analysed: string
  readonly whole: string
  /** Where the query begins in the statement, in UTF-8 bytes; null where its text was made from names. */
  readonly at: number | null
}

/** A statement as it was understood, and what was decided about it. */
export type Analysed = {
  readonly dump: string
  readonly view: PlanView
  readonly reveals: Reveals
  readonly lineage: Lineage
  readonly decision: AllowedMasks
  readonly text: AnalysedText
  /** Where sensitive values stand in what is recorded of it. */
  readonly sensitive: SensitiveValues
  /** What must be switched off while the server plans it; null for nothing. */
  readonly quiet: QuietPlan | null
  /** Constants of the text that sensitive columns are compared with, and which of the parameters are. */
  readonly compared: readonly Compared[]
  /** What the text told, and the sensitive columns that it touches. */
  readonly access: StatementAccess
  /** As the text told it. */
  readonly textAccess: StatementAccess
}

/** What the answers to a portal's Bind and to its executions need. */
export type PortalMasks = { readonly bind: MaskedReply | null; readonly execute: MaskedReply | null }

const REBUILT: MaskedReply = { ...AS_IT_IS, rebuilds: true }
export const NO_MASKS: PortalMasks = { bind: null, execute: null }

/** A cursor that SQL declared. */
export type Cursor = { readonly analysed: Analysed; readonly hold: boolean }

export type Judged =
  | { readonly kind: 'allowed'; readonly analysed: Analysed }
  | { readonly kind: 'refused'; readonly denial: Denial; readonly access: StatementAccess }

export type SessionMaskingParts = Omit<GatewayMasking, 'quietSettings'> & {
  readonly connection: string
  readonly lineages: LineageCache
  readonly budget: SubjectBudget
  /** The tags that its subject may see unmasked, as the policies are now. */
  readonly reveals: (view: PlanView) => Reveals
}

export class SessionMasking {
  readonly #parts: SessionMaskingParts
  readonly notices = new NoticeLevel()
  readonly #toApprove = new WeakSet<StatementAccess>()
  readonly #bindReplies = new WeakMap<Analysed, MaskedReply>()

  constructor(parts: SessionMaskingParts) {
    this.#parts = parts
  }

  get maskedRowBytes(): number {
    return this.#parts.maskedRowBytes
  }

  /** Of the connection; null where the configuration names no secret. */
  get keys(): MaskKeys | null {
    return this.#parts.keys(this.#parts.connection)
  }

  /** The plan in force. Throws PolicyUnavailable. */
  view(): PlanView {
    return this.#parts.plans.current(this.#parts.connection)
  }

  /** Compares what only a person may let it compare. */
  mustWait(access: StatementAccess): boolean {
    return this.#toApprove.has(access)
  }

  /** Waits a moment for a fresh plan where a relation is not planned yet. Never rejects. */
  async judge(dump: string, text: AnalysedText, access: StatementAccess): Promise<Judged> {
    const { connection, plans, planWaitMs } = this.#parts
    const until = performance.now() + planWaitMs
    for (;;) {
      const { judged, unplanned } = this.#judge(dump, text, access)
      const left = until - performance.now()
      if (unplanned === null || left <= 0) return judged
      // A newer plan may answer an earlier change, and still not know it.
      if ((await plans.fresher(connection, unplanned, left)) === null) return this.#judge(dump, text, access).judged
    }
  }

  /** As the plan and the policies are now: usually what it was. */
  again(analysed: Analysed): Judged {
    const now = this.#inForce()
    if (now instanceof PolicyUnavailable) {
      return { kind: 'refused', denial: unavailableDenied(now), access: analysed.access }
    }
    if (now.view === analysed.view && now.reveals === analysed.reveals) return { kind: 'allowed', analysed }
    return this.#judge(analysed.dump, analysed.text, analysed.textAccess).judged
  }

  /** Whether a tree that the server printed unasked leads to what was decided. */
  confirms(analysed: Analysed, dump: string): boolean {
    if (dump === analysed.dump) return true
    const { judged } = this.#judge(dump, analysed.text, analysed.textAccess)
    if (judged.kind !== 'allowed') return false
    const { decision, lineage, access } = judged.analysed
    return (
      isDeepStrictEqual(decision, analysed.decision) &&
      lineage.harmless === analysed.lineage.harmless &&
      isDeepStrictEqual(access.touches, analysed.access.touches)
    )
  }

  /**
   * Whether a statement may be executed now, with these values: they count against what its subject may compare with
   * sensitive columns.
   */
  execution(analysed: Analysed, values: readonly BoundValue[]): Judged {
    const judged = this.again(analysed)
    if (judged.kind === 'refused') return judged
    const { compared, access, view } = judged.analysed
    if (values.length > 0 && this.#writesPlaceholder(access, view, () => values.map(valueText))) {
      return { kind: 'refused', denial: placeholderDenied(view.plan.version), access }
    }
    for (const each of compared) {
      const constants = [...each.constants, ...each.parameters.map((parameter) => valueText(values[parameter - 1]))]
      if (this.#parts.budget.spend(`${each.use} ${each.tag}`, constants, each.perDay)) continue
      return { kind: 'refused', denial: budgetDenied(each, view.plan.version), access }
    }
    return judged
  }

  /** `formats` are Bind's codes for the results. */
  masksOf(analysed: Analysed, formats: readonly number[]): PortalMasks {
    const bind = this.bindReply(analysed)
    // Most statements mask nothing: they need no objects of their own.
    if (analysed.decision.clear) return { bind, execute: analysed.lineage.harmless ? AS_IT_IS : REBUILT }
    const rows = this.#rowsOf(analysed, formats)
    return { bind, execute: { slot: null, confirms: null, rows, rebuilds: !analysed.lineage.harmless } }
  }

  /** For the answers to Bind, and to Describe of a statement. */
  bindReply(analysed: Analysed): MaskedReply {
    const known = this.#bindReplies.get(analysed)
    if (known !== undefined) return known
    const confirms = (dump: string): boolean => this.confirms(analysed, dump)
    const reply = { slot: null, confirms, rows: null, rebuilds: !analysed.lineage.harmless }
    this.#bindReplies.set(analysed, reply)
    return reply
  }

  /** `ofTable`: all columns of a table, of which COPY leaves out those that are generated. */
  masksOfCopy(analysed: Analysed, format: CopyFormat, ofTable: boolean): PortalMasks {
    const { decision, lineage } = analysed
    const outputs = ofTable ? writtenColumns(analysed) : decision.outputs
    const rows = decision.clear ? null : compileCopyMasker(outputs, format, this.#maskParts)
    return { bind: null, execute: { slot: null, confirms: null, rows, rebuilds: !lineage.harmless } }
  }

  #rowsOf({ decision }: Analysed, formats: readonly number[]): RowsMask | null {
    try {
      return compileRowMasker(decision.outputs, formats, this.#maskParts)
    } catch (error) {
      // The server will refuse these formats; if it does not, no row is delivered.
      if (error instanceof RowUnexpected) return new NoRows(error)
      throw error
    }
  }

  /** What stands for a value must not take its place. */
  #writesPlaceholder({ actions }: StatementAccess, { plan }: PlanView, texts: () => readonly string[]): boolean {
    if (!actions.includes('sql:write')) return false
    const { keys } = this
    const tags = Object.keys(plan.tags)
    return texts().some((text) => isPlaceholder(text, keys, tags))
  }

  get #maskParts(): MaskParts {
    return { keys: this.keys, detectors: this.#parts.detectors }
  }

  #inForce(): { readonly view: PlanView; readonly reveals: Reveals } | PolicyUnavailable {
    return orUnavailable(() => {
      const view = this.view()
      return { view, reveals: this.#parts.reveals(view) }
    })
  }

  /** `unplanned`: the version of the plan that does not know a relation of the statement. */
  #judge(
    dump: string,
    text: AnalysedText,
    access: StatementAccess,
  ): { readonly judged: Judged; readonly unplanned: string | null } {
    const now = this.#inForce()
    if (now instanceof PolicyUnavailable) {
      return { judged: { kind: 'refused', denial: unavailableDenied(now), access }, unplanned: null }
    }
    const { view, reveals } = now
    const { version } = view.plan
    const read = this.#parts.lineages.of(dump, view)
    if (read.kind === 'unreadable') {
      return { judged: { kind: 'refused', denial: lineageDenied(read.what, version), access }, unplanned: null }
    }
    const { lineage, objects, touches, quiet } = read
    const unplanned = lineage.unplanned.length > 0 ? version : null
    const decision = decideMasks(lineage, view, reveals)
    const { connection, plans, planWaitMs } = this.#parts
    if (decision.kind === 'allowed' && decision.outputs.some(({ sources }) => sources.some(isUnknown))) {
      // A look at the catalog makes them known; nobody waits for it.
      void plans.fresher(connection, version, planWaitMs)
    }
    const known = {
      ...access,
      resources: objects.length === 0 ? access.resources : objects.map((object) => `${connection}/${object}`),
      touches,
    }
    if (decision.kind === 'refused') {
      return { judged: { kind: 'refused', denial: maskDenied(decision, version), access: known }, unplanned }
    }
    if (this.#writesPlaceholder(access, view, () => stringLiterals(text.whole))) {
      return { judged: { kind: 'refused', denial: placeholderDenied(version), access: known }, unplanned }
    }
    if (decision.approve.length > 0) this.#toApprove.add(known)
    return {
      judged: {
        kind: 'allowed',
        analysed: {
          dump,
          view,
          reveals,
          lineage,
          decision,
          text,
          compared: comparedIn(decision.budget, text.analysed),
          sensitive: sensitiveIn(lineage, text),
          quiet,
          access: known,
          textAccess: access,
        },
      },
      unplanned,
    }
  }
}

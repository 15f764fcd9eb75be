// All held commands that the console knows: those that wait, and the last that ended. A fold over requests and
// decisions that were found to be signed; bounded, whatever comes.
import type { ApprovalDecision, ApprovalRequest } from '@sluice/events'
import {
  type ApprovalEntry,
  entryOf,
  isAbout,
  isOpen,
  withDecision,
  withNodeStart,
  withRequest,
} from './approval-entry.ts'

export const MAX_OPEN_APPROVALS = 10_000
export const MAX_ENDED_APPROVALS = 1_000
/** Decisions that were read before what they decide: the topics are read side by side. */
export const MAX_EARLY_DECISIONS = 1_000
const MAX_EARLY_DECISIONS_EACH = 32
/** The approver and the proxy end what nobody decided; past this they did not, and it waits no longer. */
export const LAPSE_GRACE_MS = 60_000

export type BookBounds = { readonly open: number; readonly ended: number; readonly early: number }

const BOUNDS: BookBounds = { open: MAX_OPEN_APPROVALS, ended: MAX_ENDED_APPROVALS, early: MAX_EARLY_DECISIONS }

export type BookOptions = {
  readonly nowMicros: () => number
  readonly onChange: () => void
  /** A signed record that contradicts another one; it changes nothing. */
  readonly onMismatch: (approvalId: string, detail: string) => void
  readonly bounds?: BookBounds
}

export class ApprovalBook {
  readonly #options: BookOptions
  readonly #bounds: BookBounds
  /** In the order in which they were asked. */
  readonly #open = new Map<string, ApprovalEntry>()
  /** In the order in which they last changed. */
  readonly #ended = new Map<string, ApprovalEntry>()
  readonly #idsOfCode = new Map<string, Set<string>>()
  readonly #early = new Map<string, ApprovalDecision[]>()
  #revision: number

  constructor(options: BookOptions) {
    this.#options = options
    this.#bounds = options.bounds ?? BOUNDS
    // From the clock, so that one that a client kept from before a restart is not mistaken for a later one.
    this.#revision = options.nowMicros()
  }

  /** Grows with each change. */
  get revision(): number {
    return this.#revision
  }

  get openCount(): number {
    return this.#open.size
  }

  applyRequest(request: ApprovalRequest): void {
    const { kind, approvalId } = request
    switch (kind) {
      case 'requested':
        return this.#add(request)
      case 'node_started':
        // A copy: what changes moves to the end of what ended.
        for (const entry of [...this.#open.values(), ...this.#ended.values()]) {
          if (entry.nodeId === request.nodeId) this.#put(entry, withNodeStart(entry, request.time))
        }
        return
      case 'withdrawn':
      case 'executed': {
        const entry = this.find(approvalId)
        if (entry === null) return
        if (entry.nodeId === request.nodeId) this.#put(entry, withRequest(entry, request))
        else this.#options.onMismatch(approvalId, `node ${request.nodeId} speaks of what another node holds`)
        return
      }
      default:
        kind satisfies never
    }
  }

  applyDecision(decision: ApprovalDecision): void {
    if (decision.kind === 'vote_refused') return
    const entry = this.find(decision.approvalId)
    if (entry === null) this.#keepEarly(decision)
    else if (isAbout(decision, entry)) this.#put(entry, withDecision(entry, decision))
    else
      this.#options.onMismatch(
        decision.approvalId,
        'the decision is about another node, session, command or policy set',
      )
  }

  find(approvalId: string): ApprovalEntry | null {
    return this.#open.get(approvalId) ?? this.#ended.get(approvalId) ?? null
  }

  /**
   * A code is that of who waits under it first: the approver denies whoever else asks under it. Else of the last one.
   * @param code the eight characters; never the beginning of a code
   */
  findByCode(code: string): ApprovalEntry | null {
    const entries = [...(this.#idsOfCode.get(code) ?? [])].flatMap((approvalId) => this.find(approvalId) ?? [])
    return entries.find(isOpen) ?? entries.at(-1) ?? null
  }

  /** Those that wait, by when their time is over. */
  open(): readonly ApprovalEntry[] {
    this.#lapse()
    return [...this.#open.values()].sort((a, b) => a.requested.expiresAt - b.requested.expiresAt)
  }

  /** Those that ended, the latest first. */
  ended(): readonly ApprovalEntry[] {
    return [...this.#ended.values()].reverse()
  }

  #add(request: ApprovalRequest): void {
    const { approvalId, requested } = request
    const known = this.find(approvalId)
    if (requested === null || known !== null) {
      if (known !== null && known.nodeId !== request.nodeId) {
        this.#options.onMismatch(approvalId, `node ${request.nodeId} asks under an id of another node`)
      }
      return
    }
    if (this.#open.size >= this.#bounds.open) this.#lapse()
    const entry = entryOf(request, requested)
    const sameCode = this.#idsOfCode.get(requested.code)
    if (sameCode === undefined) this.#idsOfCode.set(requested.code, new Set([approvalId]))
    else sameCode.add(approvalId)
    this.#put(null, entry)
    const early = this.#early.get(approvalId)
    this.#early.delete(approvalId)
    for (const decision of early ?? []) this.applyDecision(decision)
  }

  #put(before: ApprovalEntry | null, after: ApprovalEntry): void {
    if (before === after) return
    const { approvalId } = after
    this.#revision += 1
    const entry = { ...after, revision: this.#revision }
    if (isOpen(entry)) {
      this.#open.set(approvalId, entry)
    } else {
      this.#open.delete(approvalId)
      this.#ended.delete(approvalId)
      this.#ended.set(approvalId, entry)
    }
    if (this.#open.size > this.#bounds.open) this.#drop(this.#open, this.#open.values().next().value)
    if (this.#ended.size > this.#bounds.ended) this.#drop(this.#ended, this.#leastWanted())
    this.#options.onChange()
  }

  /** Who asks again and again must not push out of sight what people decided: half of the room is for that. */
  #leastWanted(): ApprovalEntry | undefined {
    const ended = [...this.#ended.values()]
    const withoutVotes = ended.filter(({ approvals, denials }) => approvals.length + denials.length === 0)
    return withoutVotes.length > this.#bounds.ended / 2 ? withoutVotes[0] : ended[0]
  }

  #drop(entries: Map<string, ApprovalEntry>, entry: ApprovalEntry | undefined): void {
    if (entry === undefined) return
    entries.delete(entry.approvalId)
    const { code } = entry.requested
    const sameCode = this.#idsOfCode.get(code)
    sameCode?.delete(entry.approvalId)
    if (sameCode?.size === 0) this.#idsOfCode.delete(code)
  }

  #keepEarly(decision: ApprovalDecision): void {
    const { approvalId } = decision
    const kept = this.#early.get(approvalId) ?? []
    if (kept.length >= MAX_EARLY_DECISIONS_EACH) return
    this.#early.set(approvalId, [...kept, { ...decision, commandDigest: Buffer.from(decision.commandDigest) }])
    if (this.#early.size <= this.#bounds.early) return
    const [oldest] = this.#early.keys()
    if (oldest !== undefined) this.#early.delete(oldest)
  }

  #lapse(): void {
    const overBefore = this.#options.nowMicros() - LAPSE_GRACE_MS * 1000
    for (const entry of this.#open.values()) {
      if (entry.requested.expiresAt < overBefore) this.#put(entry, { ...entry, lapsed: true })
    }
  }
}

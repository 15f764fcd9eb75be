// The pipeline that all protocols share: a request is decided, recorded, and only then forwarded; a response is
// recorded and only then delivered. Knows no protocol and no socket.

import {
  type ApprovalDecision,
  type EventPart,
  type FrameRecorder,
  type Outcome,
  type OutcomeStatus,
  type RawSegment,
  type RecordedDecision,
  type RecordedObligation,
  type SensitiveSpan,
  uuidv7,
} from '@sluice/events'
import type { DecisionObligations, Denial, Pending, PolicyDecision, StatementAccess } from '@sluice/policy'
import type { GroupCommit } from './group-commit.ts'
import { mintPermit, type Permit } from './permit.ts'
import {
  finishedSegments,
  IN_CLEAR,
  maskObligations,
  owed,
  recorded,
  requestSegments,
  requestSpans,
  spansOf,
  strictest,
} from './recorded-parts.ts'

export type Recorder = Pick<FrameRecorder, 'prepare' | 'record'>

export type SessionOptions = {
  readonly sessionId: string
  readonly recorder: Recorder
  readonly commit: GroupCommit
  readonly decide: (access: StatementAccess) => PolicyDecision
  /** Its subject sees in clear what others see masked: every result is recorded as such. */
  readonly inClear?: boolean
  /** Microseconds of a clock that never goes back. */
  readonly monotonicMicros: () => number
  /** Microseconds since the epoch. */
  readonly nowMicros: () => number
}

export type RequestDescription = {
  /** The protocol's name for the frame. */
  readonly operation: string
  /** False where it only prepares: what needs an approval is held when it is executed, not before. */
  readonly executes: boolean
  /** It is sent to be analysed, and executed only when it was decided again: `redecide`. */
  readonly analysedFirst?: boolean
  readonly access: StatementAccess
  /** The statement: recorded again with the outcome, so that one event tells the whole of it. */
  readonly statement: readonly RawSegment[]
  readonly parameters: readonly RawSegment[]
  /** Where sensitive values stand in it; left out where that is not known. */
  readonly sensitive?: SensitiveValues
  readonly trace: string | null
}

/** All sensitive values that a request brings itself. */
export type SensitiveValues = {
  /** In the statement's segments. */
  readonly spans: readonly SensitiveSpan[]
  /** Parameters, from 1. */
  readonly parameters: readonly { readonly parameter: number; readonly tag: string }[]
}

/** A request that was recorded and whose end is still to come. */
export class OpenRequest {
  readonly eventId: string
  /** Its access may become known only after it was recorded: then it is described anew. */
  description: RequestDescription
  /** As recorded last: an approval or a denial after a wait changes it. */
  decision: RecordedDecision
  obligations: DecisionObligations
  startedMicros: number
  rows = 0
  bytes = 0
  finished = false
  /** Values that were masked, by tag; null where none can be. */
  masked: ReadonlyMap<string, number> | null = null

  constructor(
    eventId: string,
    description: RequestDescription,
    decision: RecordedDecision,
    obligations: DecisionObligations,
    startedMicros: number,
  ) {
    this.eventId = eventId
    this.description = description
    this.decision = decision
    this.obligations = obligations
    this.startedMicros = startedMicros
  }
}

/** What an approval was asked for: it is good for exactly this. */
export type HeldRequest = {
  readonly approvalId: string
  readonly pending: Pending
  /** Counts the held executions of a session. */
  readonly execution: number
}

export type Submitted =
  | { readonly kind: 'permitted'; readonly request: OpenRequest; readonly permit: Permit; readonly frame: number }
  | { readonly kind: 'denied'; readonly request: OpenRequest; readonly denial: Denial }
  | { readonly kind: 'pending'; readonly request: OpenRequest; readonly held: HeldRequest }

/** Why an approval does not serve this execution. A closed list: each has its words where the client is told. */
export type ApprovalUnusable = 'not_approved' | 'for_another' | 'changed' | 'too_late' | 'used'

export type UsedApproval =
  | { readonly kind: 'permitted'; readonly permit: Permit; readonly frame: number }
  | { readonly kind: 'unusable'; readonly why: ApprovalUnusable }

export class Session {
  readonly sessionId: string
  readonly #options: SessionOptions
  #frames = 0
  #executions = 0
  /** Approvals that this session has used up. */
  readonly #used = new Set<string>()

  constructor(options: SessionOptions) {
    this.sessionId = options.sessionId
    this.#options = options
  }

  /** Makes a segment that many records of this session repeat cheap to record. */
  prepare(segment: RawSegment): RawSegment {
    return this.#options.recorder.prepare(segment)
  }

  /** Records that the session began; `claims` is what the client says of itself. Throws AuditUnavailable. */
  open(claims: readonly RawSegment[], clientAddress: string | null): void {
    this.#append({ kind: 'session_opened', direction: 'none', operation: 'open', clientAddress, segments: claims })
  }

  /** Decides and records one request. Throws AuditUnavailable when it can't be recorded: then it must not go on. */
  submit(description: RequestDescription): Submitted {
    return this.#submit(description, this.#options.decide(description.access))
  }

  /**
   * Decides a recorded request again, now that all of what it does is known. What comes of it is recorded with its end,
   * and before that where it is held.
   */
  redecide(request: OpenRequest, description: RequestDescription): Submitted {
    const decided = this.#options.decide(description.access)
    const approvalId = decided.kind === 'pending' ? (request.decision.approvalId ?? uuidv7()) : null
    request.description = description
    request.decision = recorded(decided, decided.kind, approvalId)
    request.obligations = strictest(request.obligations, decided.obligations)
    if (decided.kind === 'deny') return { kind: 'denied', request, denial: decided }
    if (decided.kind === 'pending' && approvalId !== null) {
      return { kind: 'pending', request, held: { approvalId, pending: decided, execution: this.#executions++ } }
    }
    return { kind: 'permitted', request, ...this.#mint() }
  }

  /** A recorded request turned out to do what is refused, whatever the policy says: its end will say so. */
  denyKnown(request: OpenRequest, description: RequestDescription, denial: Denial): void {
    request.description = description
    request.decision = recorded(denial, 'deny', null)
  }

  /** Records a request that the protocol refuses, whatever the policy would say. Throws AuditUnavailable. */
  refuse(description: RequestDescription, denial: Denial): OpenRequest {
    return this.#submit(description, denial).request
  }

  #submit(description: RequestDescription, decided: PolicyDecision): Submitted {
    const pending = decided.kind === 'pending' && description.executes ? decided : null
    const waits = pending !== null || (decided.kind === 'pending' && description.analysedFirst === true)
    const approvalId = waits ? uuidv7() : null
    // What only prepares may go on.
    const effect = decided.kind === 'pending' && !waits ? 'permit' : decided.kind
    const decision = recorded(decided, effect, approvalId)
    const { access, operation, trace } = description
    const { obligations } = decided
    const eventId = this.#append({
      kind: 'request',
      direction: 'to_upstream',
      operation,
      actions: access.actions,
      resources: access.resources,
      touches: access.touches,
      decision,
      obligations: owed(description, obligations),
      sensitiveSpans: requestSpans(description, obligations),
      trace,
      segments: requestSegments(description, obligations),
    })
    const request = new OpenRequest(eventId, description, decision, obligations, this.#options.monotonicMicros())
    if (decided.kind === 'deny') return { kind: 'denied', request, denial: decided }
    if (pending !== null && approvalId !== null) {
      return { kind: 'pending', request, held: { approvalId, pending, execution: this.#executions++ } }
    }
    const { permit, frame } = this.#mint()
    return { kind: 'permitted', request, permit, frame }
  }

  /** Whether executions of this need a person's approval, as the policies are now. */
  mayWait(access: StatementAccess): boolean {
    return this.#options.decide(access).kind === 'pending'
  }

  /** What the policy says to a whole text, of which each statement is decided again. */
  decideOnly(access: StatementAccess): PolicyDecision {
    return this.#options.decide(access)
  }

  /** What the policy says now: it may have changed while a request waited. */
  decideAgain(request: OpenRequest): PolicyDecision {
    return this.#options.decide(request.description.access)
  }

  /**
   * The only way from a held request to the upstream. The approval must be for this session, this execution and the
   * very command as it stands now; it is recorded as used before the permit is there, and serves once.
   * Throws AuditUnavailable when that can't be recorded.
   */
  useApproval(
    request: OpenRequest,
    held: HeldRequest,
    approval: ApprovalDecision,
    commandDigest: Buffer,
  ): UsedApproval {
    if (approval.kind !== 'approved') return { kind: 'unusable', why: 'not_approved' }
    const isOurs =
      approval.approvalId === held.approvalId &&
      approval.sessionId === this.sessionId &&
      approval.execution === held.execution &&
      approval.policyVersion === held.pending.policyVersion
    if (!isOurs) return { kind: 'unusable', why: 'for_another' }
    if (!approval.commandDigest.equals(commandDigest)) return { kind: 'unusable', why: 'changed' }
    if (approval.usableUntil === null || this.#options.nowMicros() > approval.usableUntil) {
      return { kind: 'unusable', why: 'too_late' }
    }
    if (this.#used.has(approval.approvalId) || request.finished) return { kind: 'unusable', why: 'used' }
    this.#used.add(approval.approvalId)
    request.decision = { ...request.decision, effect: 'permit' }
    const { access, operation, trace } = request.description
    this.#append({
      kind: 'approval_used',
      direction: 'none',
      operation,
      requestId: request.eventId,
      actions: access.actions,
      resources: access.resources,
      decision: request.decision,
      trace,
    })
    // From here on it runs: what it waited is no part of its duration.
    request.startedMicros = this.#options.monotonicMicros()
    return { kind: 'permitted', ...this.#mint() }
  }

  /** A held request is refused after all: its end will say so. */
  denyHeld(request: OpenRequest, reasonCode: string): void {
    request.decision = { ...request.decision, effect: 'deny', reasonCode }
  }

  #mint(): { readonly permit: Permit; readonly frame: number } {
    const frame = this.#frames++
    return { permit: mintPermit(this.sessionId, frame), frame }
  }

  /**
   * A permit for a frame that asks for nothing of its own (the protocol's synchronisation, description and release of
   * what was decided before, or what the gateway sends in place of a refused request). Such frames have no event.
   */
  housekeeping(): { readonly permit: Permit; readonly frame: number } {
    return this.#mint()
  }

  /** Records a batch of a result that goes on. Throws AuditUnavailable: then it must not be delivered. */
  response(request: OpenRequest, result: Buffer): void {
    request.bytes += result.length
    this.#append({
      kind: 'response',
      direction: 'to_client',
      operation: request.description.operation,
      requestId: request.eventId,
      obligations: this.#maskingOf(request),
      segments: request.obligations.record === 'full' ? [{ kind: 'result', label: '', bytes: result }] : [],
    })
  }

  /** Records the end of a request with the last of its result. Throws AuditUnavailable. */
  finish(request: OpenRequest, status: OutcomeStatus, code: string | null, result: Buffer | null): void {
    if (request.finished) return
    request.finished = true
    if (result !== null) request.bytes += result.length
    const { description, decision, obligations } = request
    const outcome: Outcome = {
      status,
      code,
      rows: request.rows,
      bytes: request.bytes,
      durationMicros: Math.max(0, Math.round(this.#options.monotonicMicros() - request.startedMicros)),
    }
    this.#append({
      kind: 'finished',
      direction: 'to_client',
      operation: description.operation,
      requestId: request.eventId,
      actions: description.access.actions,
      resources: description.access.resources,
      touches: description.access.touches,
      decision,
      obligations: this.#maskingOf(request),
      outcome,
      trace: description.trace,
      sensitiveSpans: spansOf(description, obligations),
      segments: finishedSegments(description, obligations, result),
    })
  }

  /** Records the end of the session. Throws AuditUnavailable. */
  close(status: OutcomeStatus, code: string | null): void {
    const outcome: Outcome = { status, code, rows: 0, bytes: 0, durationMicros: 0 }
    this.#append({ kind: 'session_closed', direction: 'none', operation: 'close', outcome })
  }

  #maskingOf({ description, masked }: OpenRequest): readonly RecordedObligation[] {
    return this.#options.inClear === true ? IN_CLEAR : maskObligations(description, masked)
  }

  #append(part: EventPart): string {
    const { recorder, commit } = this.#options
    return commit.append(() => recorder.record(part)).header.eventId
  }
}

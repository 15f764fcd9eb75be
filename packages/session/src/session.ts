// The pipeline that all protocols share: a request is decided, recorded, and only then forwarded; a response is
// recorded and only then delivered. Knows no protocol and no socket.

import type { EventPart, FrameRecorder, Outcome, OutcomeStatus, RawSegment, RecordedDecision } from '@sluice/events'
import type { PolicyDecision, StatementAccess } from '@sluice/policy'
import type { GroupCommit } from './group-commit.ts'
import { mintPermit, type Permit } from './permit.ts'

export type Recorder = Pick<FrameRecorder, 'prepare' | 'record'>

export type SessionOptions = {
  readonly sessionId: string
  readonly recorder: Recorder
  readonly commit: GroupCommit
  readonly decide: (access: StatementAccess) => PolicyDecision
  /** Microseconds of a clock that never goes back. */
  readonly monotonicMicros: () => number
}

export type RequestDescription = {
  /** The protocol's name for the frame. */
  readonly operation: string
  readonly access: StatementAccess
  /** The statement: recorded again with the outcome, so that one event tells the whole of it. */
  readonly statement: readonly RawSegment[]
  readonly parameters: readonly RawSegment[]
  readonly trace: string | null
}

/** A request that was recorded and whose end is still to come. */
export class OpenRequest {
  readonly eventId: string
  readonly description: RequestDescription
  readonly decision: RecordedDecision
  readonly startedMicros: number
  rows = 0
  bytes = 0
  finished = false

  constructor(eventId: string, description: RequestDescription, decision: RecordedDecision, startedMicros: number) {
    this.eventId = eventId
    this.description = description
    this.decision = decision
    this.startedMicros = startedMicros
  }
}

export type Denial = Extract<PolicyDecision, { kind: 'deny' }>

export type Submitted =
  | { readonly kind: 'permitted'; readonly request: OpenRequest; readonly permit: Permit; readonly frame: number }
  | {
      readonly kind: 'denied'
      readonly request: OpenRequest
      readonly denial: Denial
    }

export class Session {
  readonly sessionId: string
  readonly #options: SessionOptions
  #frames = 0

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

  /** Records a request that the protocol refuses, whatever the policy would say. Throws AuditUnavailable. */
  refuse(description: RequestDescription, denial: Denial): OpenRequest {
    return this.#submit(description, denial).request
  }

  #submit(description: RequestDescription, decided: PolicyDecision): Submitted {
    const decision = recorded(decided)
    const { access, operation, trace } = description
    const eventId = this.#append({
      kind: 'request',
      direction: 'to_upstream',
      operation,
      actions: access.actions,
      resources: access.resources,
      decision,
      trace,
      segments:
        description.parameters.length === 0
          ? description.statement
          : [...description.statement, ...description.parameters],
    })
    const request = new OpenRequest(eventId, description, decision, this.#options.monotonicMicros())
    if (decided.kind === 'deny') return { kind: 'denied', request, denial: decided }
    const frame = this.#frames++
    return { kind: 'permitted', request, permit: mintPermit(this.sessionId, frame), frame }
  }

  /**
   * A permit for a frame that asks for nothing of its own (the protocol's synchronisation, description and release of
   * what was decided before, or what the gateway sends in place of a refused request). Such frames have no event.
   */
  housekeeping(): { readonly permit: Permit; readonly frame: number } {
    const frame = this.#frames++
    return { permit: mintPermit(this.sessionId, frame), frame }
  }

  /** Records a batch of a result that goes on. Throws AuditUnavailable: then it must not be delivered. */
  response(request: OpenRequest, result: Buffer): void {
    request.bytes += result.length
    this.#append({
      kind: 'response',
      direction: 'to_client',
      operation: request.description.operation,
      requestId: request.eventId,
      segments: [{ kind: 'result', label: '', bytes: result }],
    })
  }

  /** Records the end of a request with the last of its result. Throws AuditUnavailable. */
  finish(request: OpenRequest, status: OutcomeStatus, code: string | null, result: Buffer | null): void {
    if (request.finished) return
    request.finished = true
    if (result !== null) request.bytes += result.length
    const { description, decision } = request
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
      decision,
      outcome,
      trace: description.trace,
      segments:
        result === null
          ? description.statement
          : [...description.statement, { kind: 'result', label: '', bytes: result }],
    })
  }

  /** Records the end of the session. Throws AuditUnavailable. */
  close(status: OutcomeStatus, code: string | null): void {
    const outcome: Outcome = { status, code, rows: 0, bytes: 0, durationMicros: 0 }
    this.#append({ kind: 'session_closed', direction: 'none', operation: 'close', outcome })
  }

  #append(part: EventPart): string {
    const { recorder, commit } = this.#options
    return commit.append(() => recorder.record(part)).header.eventId
  }
}

function recorded(decision: PolicyDecision): RecordedDecision {
  return {
    effect: decision.kind,
    policyIds: decision.policyIds,
    policyVersion: decision.policyVersion,
    reasonCode: decision.kind === 'deny' ? decision.reasonCode : null,
    approvalId: null,
    grantId: null,
  }
}

// Brings decided frames to the upstream, in order: what is permitted as it is, what is refused as a message that fails,
// so that order, transaction state and recovery come from PostgreSQL itself.

import { AuditUnavailable } from '@sluice/events'
import { type Denial, denyProtocol } from '@sluice/policy'
import type {
  GovernedUpstream,
  HeldRequest,
  OpenRequest,
  RequestDescription,
  Session,
  UsedApproval,
} from '@sluice/session'
import type { ErrorReport } from '../wire/encode.ts'
import { auditReport, denialReport, failingParse, failingQuery } from './refusals.ts'
import type { ExpectedReply, ReplyQueue } from './reply-queue.ts'

/** How the upstream answers what stands in place of a refused message: a query with ReadyForQuery of its own. */
export type RefusedAs = 'refused-query' | 'refused-message'

export type ReplyDraft = Partial<Omit<ExpectedReply, 'to' | 'epoch'>> & Pick<ExpectedReply, 'to'>

/** Recorded, and waiting for a person's approval. */
export class HeldSubmission {
  readonly request: OpenRequest
  readonly held: HeldRequest

  constructor(request: OpenRequest, held: HeldRequest) {
    this.request = request
    this.held = held
  }
}

export class Submissions {
  readonly session: Session
  readonly #upstream: GovernedUpstream
  readonly #queue: ReplyQueue
  #epoch = 0
  #discarding = false
  #open = false
  /** Of a query that followed what no Sync had ended: if that failed, the upstream ignores the query and goes on so. */
  #doubtfulIn: number | null = null

  constructor(session: Session, upstream: GovernedUpstream, queue: ReplyQueue) {
    this.session = session
    this.#upstream = upstream
    this.#queue = queue
  }

  /** Counts what ends with a ReadyForQuery. */
  get epoch(): number {
    return this.#epoch
  }

  /** The upstream fails or failed; what follows up to Sync it would ignore. */
  get discarding(): boolean {
    return this.#discarding
  }

  /** Whether the upstream ignores what it is sent now, up to Sync. */
  get ignored(): boolean {
    return this.#queue.ignores
  }

  /** Something was sent that only a Sync will end: the upstream may be inside of a transaction for it. */
  get open(): boolean {
    return this.#open || this.#doubtfulIn !== null
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number): void {
    if (this.#doubtfulIn !== null && epoch >= this.#doubtfulIn) this.#doubtfulIn = null
  }

  /** The gateway itself sent something that only a Sync will end. */
  opened(): void {
    this.#open = true
  }

  /** The gateway itself ended what it had opened. */
  closed(): void {
    this.#open = false
  }

  /** Drops what comes up to Sync. */
  discard(): void {
    this.#discarding = true
  }

  endEpoch(by: 'query' | 'sync'): void {
    if (by === 'sync') this.#doubtfulIn = null
    else if (this.#open) this.#doubtfulIn = this.#epoch
    this.#epoch++
    this.#discarding = false
    this.#open = false
  }

  expect(reply: ReplyDraft): void {
    const { to, request = null, last = false, confirmed = null, report = null, own = null, gate = null } = reply
    const { hidden = false, masked = null } = reply
    // Written out, so that every reply has the same shape: four of them are made for each statement.
    this.#queue.push({ to, epoch: this.#epoch, request, last, confirmed, report, own, gate, hidden, masked })
  }

  /** Sends what asks for nothing of its own. */
  housekeeping(bytes: Buffer): void {
    this.#open = true
    this.#send(bytes)
  }

  #send(bytes: Buffer): void {
    const { permit, frame } = this.session.housekeeping()
    this.#upstream.queue(permit, frame, [bytes])
  }

  /** Submits a frame to the decision. Null when it was refused: then it is replaced already. */
  forward(
    description: RequestDescription,
    refusedAs: RefusedAs,
    messages: readonly Buffer[],
  ): OpenRequest | HeldSubmission | null {
    return this.#recorded(refusedAs, () => {
      const submitted = this.session.submit(description)
      if (submitted.kind === 'denied') {
        this.replace(refusedAs, denialReport(submitted.denial, submitted.request), submitted.request)
        return null
      }
      if (submitted.kind === 'pending') return new HeldSubmission(submitted.request, submitted.held)
      if (refusedAs === 'refused-message') this.#open = true
      this.#upstream.queue(submitted.permit, submitted.frame, messages)
      return submitted.request
    })
  }

  /**
   * Decides a recorded request anew, now that its access is known, and sends its messages where it is permitted.
   * Null when it was refused: then it is replaced already.
   */
  proceed(
    request: OpenRequest,
    description: RequestDescription,
    messages: readonly Buffer[],
  ): OpenRequest | HeldSubmission | null {
    const submitted = this.session.redecide(request, description)
    if (submitted.kind === 'denied') {
      this.replace('refused-message', denialReport(submitted.denial, request), request)
      return null
    }
    if (submitted.kind === 'pending') return new HeldSubmission(request, submitted.held)
    this.#open = true
    this.#upstream.queue(submitted.permit, submitted.frame, messages)
    return request
  }

  /** Sends on what a person approved. */
  forwardApproved({ permit, frame }: Extract<UsedApproval, { kind: 'permitted' }>, messages: readonly Buffer[]): void {
    this.#upstream.queue(permit, frame, messages)
  }

  /** Refuses a frame for a reason of the protocol, whatever the policy says. */
  refuse(description: RequestDescription, refusedAs: RefusedAs, code: string, reason: string): void {
    this.deny(description, refusedAs, denyProtocol(code, reason))
  }

  /** Refuses a frame for what was found out about it. */
  deny(description: RequestDescription, refusedAs: RefusedAs, denial: Denial): void {
    this.#recorded(refusedAs, () => {
      const request = this.session.refuse(description, denial)
      this.replace(refusedAs, denialReport(denial, request), request)
    })
  }

  /** Decides and records a cancel request. It has no answer and no end of its own. */
  cancel(description: RequestDescription): boolean {
    const submitted = this.session.submit(description)
    if (submitted.kind === 'permitted') submitted.permit.redeem(this.session.sessionId, submitted.frame)
    this.session.finish(submitted.request, submitted.kind === 'permitted' ? 'ok' : 'refused', null, null)
    return submitted.kind === 'permitted'
  }

  /** Where the journal takes no record the frame is refused, without one. */
  #recorded<T>(refusedAs: RefusedAs, act: () => T): T | null {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof AuditUnavailable)) throw error
      this.replace(refusedAs, auditReport(error, 'ERROR'), null)
      return null
    }
  }

  /** Sends in place of a frame what fails, so that the client is told `report` and the upstream is where it would be. */
  replace(refusedAs: RefusedAs, report: ErrorReport, request: OpenRequest | null): void {
    if (refusedAs === 'refused-query') this.#send(failingQuery)
    else this.housekeeping(failingParse)
    this.expect({ to: refusedAs, request, report })
    if (refusedAs === 'refused-message') this.#discarding = true
  }
}

// The approval desk over the event log: publishes what a session asks, and matches the approver's signed decisions to
// what is open. It holds no command and decides nothing.

import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ApprovalRequest, AuditUnavailable, PolicyUnavailable, TOPICS } from '@sluice/events'
import { newApprovalCode } from '@sluice/policy'
import type { ControlReader, TrustedRecord } from '@sluice/trust'
import type { ReportIncident } from '../incidents.ts'
import type { ApprovalDesk, ApprovalFacts, HeldApproval } from './approval-desk.ts'
import { differences, isUsable, NOBODY_IN_TIME, outcomeOf } from './decision-check.ts'
import { type End, OpenApproval } from './open-approval.ts'
import { RequestOutbox, type RequestWriter } from './request-outbox.ts'

/** So long after its time is out a request waits for the approver's own word, then it ends without one. */
const DECISION_GRACE_MS = 2_000
/** How long a stop waits for the last records to be written. */
const CLOSE_MS = 1_000
const MICROS_PER_MS = 1_000
/** Each one cost the reader a signature's check; after so many everyone else has a turn. */
const DECISIONS_PER_TURN = 4

export type DecisionRecord = Pick<TrustedRecord<typeof TOPICS.decisions>, 'key' | 'content'>

export type ApprovalDeskOptions = {
  readonly node: { readonly id: string; readonly partition: number }
  /** Signs with the node's key, into the node's partition. */
  readonly writer: RequestWriter & { close(): Promise<void> }
  /** Gives only what the approver signed, from the node's partition. */
  readonly reader: Pick<ControlReader<typeof TOPICS.decisions>, 'catchUp' | 'follow' | 'close'>
  /** Requests that may be open at the same time. */
  readonly maxHeld: number
  readonly nowMicros: () => number
  readonly onIncident: ReportIncident
  /** An end that could not be published. */
  readonly onLost: (content: ApprovalRequest, error: unknown) => void
  readonly graceMs?: number
}

export class LoggedApprovalDesk implements ApprovalDesk {
  readonly #options: ApprovalDeskOptions
  readonly #outbox: RequestOutbox
  readonly #open = new Map<string, OpenApproval>()
  #closed = false

  /** Resolves when the log has it that this node begins anew: what it held before is withdrawn by that. */
  static async open(options: ApprovalDeskOptions): Promise<LoggedApprovalDesk> {
    const desk = new LoggedApprovalDesk(options)
    // Decisions from before are for sessions that ended with the process.
    await options.reader.catchUp(() => undefined)
    await desk.#outbox.publish(desk.#request(options.node.id, 'node_started', {}))
    let taken = 0
    options.reader.follow(async (record) => {
      desk.#decide(record)
      taken += 1
      if (taken % DECISIONS_PER_TURN === 0) await nextTurn()
    })
    return desk
  }

  private constructor(options: ApprovalDeskOptions) {
    this.#options = options
    const { writer, maxHeld, onLost } = options
    // Each open request, and each approved one that runs, has one end to publish.
    this.#outbox = new RequestOutbox({ writer, maxInBackground: 2 * maxHeld, onLost })
  }

  /** How many wait for a decision now. */
  get held(): number {
    return this.#open.size
  }

  async ask(approvalId: string, facts: ApprovalFacts): Promise<HeldApproval> {
    const { maxHeld, node } = this.#options
    this.#assertRoom(maxHeld)
    if (this.#open.has(approvalId)) throw new Error(`approval ${approvalId} was asked for already`)
    const code = newApprovalCode(randomBytes)
    const onEnd = (ended: OpenApproval, end: End): void => this.#ended(ended, end)
    const approval = new OpenApproval({ approvalId, nodeId: node.id, code, facts, onEnd })
    // Before it is published: a decision may be quicker than the log's answer.
    this.#open.set(approvalId, approval)
    try {
      await this.#outbox.publish(this.#request(approvalId, 'requested', { requested: { ...facts, code } }))
    } catch (cause) {
      // It may be in the log all the same: people must not decide what nobody waits for.
      this.#ended(approval, { kind: 'withdrawn', reason: 'session_ended' })
      throw notPublished(cause)
    }
    this.#expireInTime(approval)
    return approval
  }

  /** Withdraws what is still open. What does not get into the log in time is withdrawn by the next start of this node. */
  async close(): Promise<void> {
    this.#closed = true
    for (const approval of this.#open.values()) approval.withdraw('session_ended')
    await this.#outbox.close(CLOSE_MS)
    await this.#options.reader.close()
    await this.#options.writer.close()
  }

  #assertRoom(maxHeld: number): void {
    if (this.#closed) {
      throw new PolicyUnavailable(
        'approval_stopping',
        'no approval can be asked for, because the gateway is being stopped; connect again and repeat the command',
      )
    }
    if (this.#open.size < maxHeld) return
    throw new PolicyUnavailable(
      'approval_room',
      `no approval can be asked for, because ${maxHeld} commands wait for one already; repeat the command later, or ask the operator to raise limits.held`,
    )
  }

  #expireInTime(approval: OpenApproval): void {
    const { nowMicros, graceMs = DECISION_GRACE_MS } = this.#options
    const leftMs = (approval.expiresAt - nowMicros()) / MICROS_PER_MS
    approval.expireAfter(Math.max(0, leftMs) + graceMs, () => {
      approval.settle({
        kind: 'expired',
        decision: null,
        reason: NOBODY_IN_TIME,
        reasonCode: 'expired',
        by: [],
      })
      // The approver was silent. When it is back it must not let people decide what nobody waits for.
      this.#ended(approval, { kind: 'withdrawn', reason: 'timed_out' })
    })
  }

  /** One for an approval that is not open (of a session that is gone, or decided already) changes nothing. */
  #decide({ key, content }: DecisionRecord): void {
    const { onIncident, nowMicros, writer } = this.#options
    const approval = this.#open.get(key)
    if (approval === undefined) return
    const incident = { topic: TOPICS.decisions, key }
    const differing = differences(approval.binding, content)
    if (differing.length > 0) {
      const detail = `the decision names another ${differing.join(', ')} than what was asked; it counts as a denial`
      onIncident({ ...incident, code: 'decision_mismatch', detail })
      approval.settle({
        kind: 'denied',
        decision: null,
        reason: `the answer was for another ${differing.join(', ')}, so it counts as a denial; tell the operator, and ask again`,
        reasonCode: 'decision_mismatch',
        by: [],
      })
      this.#ended(approval, { kind: 'withdrawn', reason: 'changed' })
      return
    }
    const now = nowMicros()
    const outcome = outcomeOf(content, now)
    if (outcome === null) return
    if (content.kind === 'approved' && !isUsable(content, now)) {
      onIncident({ ...incident, code: 'decision_expired', detail: 'it was approved, but could not be used any more' })
    }
    this.#open.delete(key)
    approval.settle(outcome)
    if (outcome.kind === 'approved') return
    // The log says that it was approved: that it will not run after all has to stand there too.
    if (content.kind === 'approved') this.#ended(approval, { kind: 'withdrawn', reason: 'timed_out' })
    else writer.forget(key)
  }

  #ended(approval: OpenApproval, end: End): void {
    const { approvalId } = approval
    this.#open.delete(approvalId)
    this.#outbox.publishLast(
      end.kind === 'executed'
        ? this.#request(approvalId, 'executed', { executed: end.result })
        : this.#request(approvalId, 'withdrawn', { withdrawn: { reason: end.reason } }),
    )
  }

  #request(
    approvalId: string,
    kind: ApprovalRequest['kind'],
    content: Partial<Pick<ApprovalRequest, 'requested' | 'withdrawn' | 'executed'>>,
  ): ApprovalRequest {
    const { node, nowMicros } = this.#options
    return {
      approvalId,
      kind,
      nodeId: node.id,
      replyPartition: node.partition,
      time: nowMicros(),
      requested: null,
      withdrawn: null,
      executed: null,
      ...content,
    }
  }
}

function notPublished(cause: unknown): AuditUnavailable {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AuditUnavailable(
    'approval_not_published',
    `the request for approval could not be written to the event log (${why}); nothing was run. Repeat the command; if it goes on, ask the operator`,
    { cause },
  )
}

// A command that needs a person's approval: it is looked at in the database, asked for, waited for, and then run or
// refused. One at a time for a session, whose later messages wait; other sessions do not.

import { isDeepStrictEqual } from 'node:util'
import { AuditUnavailable, PolicyUnavailable, type WithdrawReason } from '@sluice/events'
import type { ApprovalRules } from '@sluice/policy'
import type { HeldRequest, OpenRequest } from '@sluice/session'
import { reviewText } from '@sluice/sql'
import type { HeldApproval } from '../../approvals/approval-desk.ts'
import * as encode from '../wire/encode.ts'
import { commandDigest } from './command-digest.ts'
import { explain, readEstimate } from './estimate.ts'
import { endBehindFailedLook } from './failed-look.ts'
import type { HeldCommand } from './held-command.ts'
import { HeldRun } from './held-run.ts'
import type { HoldParts } from './hold-parts.ts'
import {
  cancelledReport,
  heldDenial,
  heldNotice,
  IN_TRANSACTION,
  notHoldable,
  POLICY_CHANGED,
  type Refused,
  reportOf,
  SENT_TOO_MUCH,
  undecided,
} from './hold-reports.ts'
import { type Inspection, inspection, readInspection, type Seen } from './inspection.ts'
import type { OwnResult } from './own-work.ts'
import { UntoldResults } from './untold-results.ts'

type Interruption = 'cancelled' | 'flooded'

type Current = {
  readonly request: OpenRequest
  phase: 'looking' | 'waiting' | 'running'
  approval: HeldApproval | null
  /** Of the policies that decided that it waits, by which the approver decides; null where none could be used. */
  readonly rules: ApprovalRules | null
  readonly interrupted: PromiseWithResolvers<Interruption>
}

const MICROS_PER_MS = 1000
/** With a higher one the catalogs are read as they were, and functions are called as they are. */
const HOLDABLE_ISOLATION: ReadonlySet<string> = new Set(['read committed', 'read uncommitted'])

/** The session has ended: nothing that was under way matters any more. */
class SessionOver extends Error {}

export class Holds {
  readonly #parts: HoldParts
  readonly #untold = new UntoldResults()
  #current: Current | null = null
  #over = false

  constructor(parts: HoldParts) {
    this.#parts = parts
  }

  /** Whether a person is being asked: nothing runs at the upstream then. */
  get waiting(): boolean {
    return this.#current !== null && this.#current.phase !== 'running'
  }

  get active(): boolean {
    return this.#current !== null
  }

  /** Resolves when the command has run or was refused; never after the session's end. */
  async hold(command: HeldCommand, request: OpenRequest, held: HeldRequest): Promise<void> {
    // In the turn of the decision: while the command is looked at, a rule of the same name may come that asks for more.
    const rules = this.#rulesInForce()
    this.#current = { request, phase: 'looking', approval: null, rules, interrupted: Promise.withResolvers() }
    try {
      await this.#hold(this.#current, command, held)
      this.#current = null
    } catch (error) {
      if (!(error instanceof SessionOver)) throw error
    } finally {
      this.#parts.enlist()
    }
    if (this.active) await new Promise<never>(() => undefined)
  }

  /** The client asked to cancel. True where that ended the wait; else what runs is to be cancelled. */
  cancel(): boolean {
    // The look may itself be waiting for a lock of another session.
    return this.#interrupt('cancelled') && this.#current?.phase === 'waiting'
  }

  /** The client sent more than is kept while it waits. */
  flooded(): void {
    this.#interrupt('flooded')
  }

  /** The upstream is ready after `epoch`; `failure` is the SQLSTATE of what failed in it. */
  ready(epoch: number, failure: string | null): void {
    this.#untold.ended(epoch, failure)
  }

  /** The session ends. Throws AuditUnavailable. */
  abandon(reason: WithdrawReason): void {
    const current = this.#current
    this.drop(reason)
    if (current !== null) this.#parts.session.finish(current.request, 'interrupted', null, null)
  }

  /** The session ends, and nothing more can be recorded. */
  drop(reason: WithdrawReason = 'session_ended'): void {
    this.#over = true
    this.#untold.drop()
    const { phase, approval } = this.#current ?? {}
    if (phase !== 'running') return approval?.withdraw(reason)
    approval?.executed({ status: 'interrupted', code: null, rows: 0, durationMicros: 0 })
  }

  #interrupt(how: Interruption): boolean {
    if (!this.waiting) return false
    this.#current?.interrupted.resolve(how)
    return true
  }

  /** Goes on only while the session lives. */
  async #still<T>(step: Promise<T>): Promise<T> {
    const result = await step
    if (this.#over) throw new SessionOver()
    return result
  }

  async #hold(current: Current, command: HeldCommand, held: HeldRequest): Promise<void> {
    const { request } = current
    const { access } = request.description
    if (access.holdable !== null) return this.#refuse(command, request, notHoldable(access.holdable))
    if (command.refusedAs === 'refused-query' && this.#parts.submissions.open) {
      return this.#refuse(command, request, notHoldable('messages in front of it were not ended with Sync'))
    }
    if (command.digested.length === 0) {
      return this.#refuse(
        command,
        request,
        notHoldable('it was prepared before the policies changed; prepare it again'),
      )
    }
    const seen = await this.#look(command, request)
    if (seen === null) return
    const approval = await this.#ask(current, command, held, seen)
    if (approval === null) return
    current.approval = approval
    if (this.#over) {
      approval.withdraw('session_ended')
      throw new SessionOver()
    }
    current.phase = 'waiting'
    const outcome = await this.#still(Promise.race([approval.decided, current.interrupted.promise]))
    if (typeof outcome === 'string') return this.#interrupted(command, request, approval, outcome)
    if (outcome.kind !== 'approved') return this.#refuse(command, request, undecided(outcome), approval)
    current.phase = 'running'
    const run = new HeldRun(this.#parts, {
      still: (step) => this.#still(step),
      stillPending: () => this.#stillPending(current, held),
      digest: (inspected) => this.#digest(command, inspected),
    })
    const { decision } = outcome
    const told =
      command.refusedAs === 'refused-query' ? approval : this.#untold.keep(approval, this.#parts.submissions.epoch)
    await run.run(command, request, held, { approval: told, decision, seen })
  }

  #digest(command: HeldCommand, inspected: Inspection): Buffer {
    const { subject, connection } = this.#parts.about
    return commandDigest({ subject, connection, messages: command.digested, inspection: inspected })
  }

  /** Null where it was refused, or failed as it would have failed if it ran. */
  async #look(command: HeldCommand, request: OpenRequest): Promise<Seen | null> {
    const { own, submissions, lookTurns } = this.#parts
    const { kinds, targets } = request.description.access
    const end = submissions.open ? 'flush' : 'sync'
    const planned = explain(kinds, command.text, command.planParameters)
    const look = inspection(targets)
    const result = await this.#still(
      lookTurns.take(() => {
        if (this.#over) throw new SessionOver()
        return own.run(planned === null ? [look] : [look, planned], end)
      }),
    )
    if (result.kind !== 'done') {
      this.#failed(command, request, result, end)
      return null
    }
    const inspected = readInspection(result, 0)
    if (inspected === null) {
      this.#refuse(command, request, notHoldable('it touches too much'))
      return null
    }
    const why = unholdable(inspected)
    if (why !== null) {
      this.#refuse(command, request, notHoldable(why))
      return null
    }
    const inTransaction = end === 'flush' || result.status === 'T'
    return { inspection: inspected, estimatedRows: readEstimate(result, 1), inTransaction }
  }

  async #ask(current: Current, command: HeldCommand, held: HeldRequest, seen: Seen): Promise<HeldApproval | null> {
    const { request, rules } = current
    const { desk, about, session, delivery, nowMicros, maxCommandBytes, enlist } = this.#parts
    const { pending } = held
    if (rules === null) {
      this.#refuse(command, request, POLICY_CHANGED)
      return null
    }
    const review = reviewText(command.text, { maxBytes: maxCommandBytes })
    const parameterBytes = command.parameters.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    if ('tooLong' in review || parameterBytes > maxCommandBytes) {
      this.#refuse(command, request, notHoldable(`it is longer than a person can read (${maxCommandBytes} bytes)`))
      return null
    }
    try {
      const waitMs = waitOf(rules, pending.approvalRules, seen.inTransaction)
      if (waitMs === null) {
        this.#refuse(command, request, IN_TRANSACTION)
        return null
      }
      const approval = await desk.ask(held.approvalId, {
        sessionId: session.sessionId,
        execution: held.execution,
        eventId: request.eventId,
        ...about,
        protocol: 'postgres',
        trace: request.description.trace,
        summary: review.summary,
        command: review.text,
        parameters: command.parameters,
        commentsRemoved: review.commentsRemoved,
        touches: seen.inspection.touches,
        estimatedRows: seen.estimatedRows,
        inTransaction: seen.inTransaction,
        policyIds: pending.policyIds,
        policyVersion: pending.policyVersion,
        approvalRules: pending.approvalRules,
        expiresAt: nowMicros() + waitMs * MICROS_PER_MS,
        commandDigest: this.#digest(command, seen.inspection),
      })
      if (this.#over) return approval
      delivery.push(
        encode.noticeResponse(
          heldNotice(approval, {
            rules,
            names: pending.approvalRules,
            policyIds: pending.policyIds,
            nowMicros: nowMicros(),
            inTransaction: seen.inTransaction,
          }),
        ),
      )
      enlist()
      return approval
    } catch (error) {
      if (!(error instanceof PolicyUnavailable) && !(error instanceof AuditUnavailable)) throw error
      if (this.#over) throw new SessionOver()
      this.#refuse(command, request, { code: error.code, reason: error.message, hint: 'Try again later.' })
      return null
    }
  }

  /** A policy set of another version may have come meanwhile: it must still want the same people, or fewer. */
  #stillPending({ request, rules }: Current, held: HeldRequest): boolean {
    const now = this.#parts.session.decideAgain(request)
    if (now.kind === 'deny') return false
    if (now.kind === 'permit') return true
    const rulesNow = this.#rulesInForce()
    if (rules === null || rulesNow === null) return false
    return now.approvalRules.every(
      (rule) => held.pending.approvalRules.includes(rule) && isDeepStrictEqual(rulesNow[rule], rules[rule]),
    )
  }

  /** Null where no policies may be used. */
  #rulesInForce(): ApprovalRules | null {
    try {
      return this.#parts.approvalRules()
    } catch (error) {
      if (error instanceof PolicyUnavailable) return null
      throw error
    }
  }

  #interrupted(command: HeldCommand, request: OpenRequest, approval: HeldApproval, how: Interruption): void {
    const { session, submissions } = this.#parts
    approval.withdraw('cancelled')
    if (how === 'flooded') return this.#refuse(command, request, SENT_TOO_MUCH)
    session.denyHeld(request, 'cancelled')
    submissions.replace(command.refusedAs, cancelledReport(), request)
  }

  /** It could not even be looked at: what the server says to that is what it would have said to the command. */
  #failed(
    command: HeldCommand,
    request: OpenRequest,
    result: Exclude<OwnResult, { kind: 'done' }>,
    end: 'sync' | 'flush',
  ): void {
    if (result.kind === 'ignored' || end === 'flush') return endBehindFailedLook(this.#parts, request, result)
    this.#parts.submissions.replace(command.refusedAs, reportOf(result.fields), request)
  }

  #refuse(command: HeldCommand, request: OpenRequest, refused: Refused, approval: HeldApproval | null = null): void {
    const { session, submissions } = this.#parts
    session.denyHeld(request, refused.code)
    submissions.replace(command.refusedAs, heldDenial(request, refused, approval), request)
  }
}

function unholdable(inspected: Inspection): string | null {
  if (inspected.touchesTemporary) return 'a temporary table stands in front of what it names'
  if (!HOLDABLE_ISOLATION.has(inspected.isolation)) {
    return `in a ${inspected.isolation} transaction nobody can see what it would find when it runs`
  }
  return null
}

/** Milliseconds; null where a rule does not let it wait inside of a transaction. */
function waitOf(rules: ApprovalRules, names: readonly string[], inTransaction: boolean): number | null {
  let wait = Number.POSITIVE_INFINITY
  for (const name of names) {
    const rule = rules[name]
    if (rule === undefined) throw new PolicyUnavailable('approval_rule_unknown', `there is no approval rule ${name}`)
    wait = Math.min(wait, rule.expires)
    if (!inTransaction) continue
    if (rule.inTransaction === 'deny') return null
    wait = Math.min(wait, rule.inTransaction.hold)
  }
  return wait
}

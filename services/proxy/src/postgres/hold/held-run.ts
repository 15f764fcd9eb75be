// Runs an approved command: looked at again inside of the transaction that executes it, before and after, so that what
// runs is what was approved. If not, nothing of it stays.

import type { ApprovalDecision } from '@sluice/events'
import type { HeldRequest, OpenRequest, UsedApproval } from '@sluice/session'
import type { HeldApproval } from '../../approvals/approval-desk.ts'
import { rowsOfTag } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import type { TransactionStatus } from '../wire/message-types.ts'
import { statusOf } from '../wire/sql-states.ts'
import { endBehindFailedLook } from './failed-look.ts'
import type { HeldCommand } from './held-command.ts'
import type { HoldParts } from './hold-parts.ts'
import { heldDenial, POLICY_CHANGED, type Refused, reportOf, UNUSABLE } from './hold-reports.ts'
import { type Inspection, inspection, readInspection, type Seen } from './inspection.ts'
import type { OwnResult, OwnStatement } from './own-work.ts'
import { type RunEnd, RunGate } from './run-gate.ts'

type Approved = { readonly approval: HeldApproval; readonly decision: ApprovalDecision; readonly seen: Seen }

/** What must hold of a command for it to go on. */
export type RunChecks = {
  /** Goes on only while the session lives. */
  readonly still: <T>(step: Promise<T>) => Promise<T>
  /** Whether the policies still want the same people to agree, or fewer. */
  readonly stillPending: () => boolean
  /** Of the command and of what was seen. */
  readonly digest: (inspected: Inspection) => Buffer
}

/** What the client is told instead of the command's result. */
type Doubt = { readonly report: encode.ErrorReport; readonly status: 'refused' | 'error' | 'cancelled' }

const BEGIN: OwnStatement = { text: 'BEGIN', parameters: [] }
const COMMIT: OwnStatement = { text: 'COMMIT', parameters: [] }
const ROLLBACK: OwnStatement = { text: 'ROLLBACK', parameters: [] }

/** A cancel or a timeout can meet these, too; each that does is over, so that a few are enough. */
const MAX_ROLLBACKS = 8

export class HeldRun {
  readonly #parts: HoldParts
  readonly #checks: RunChecks

  constructor(parts: HoldParts, checks: RunChecks) {
    this.#parts = parts
    this.#checks = checks
  }

  run(command: HeldCommand, request: OpenRequest, held: HeldRequest, approved: Approved): Promise<void> {
    return command.refusedAs === 'refused-query'
      ? this.#runQuery(command, request, held, approved)
      : this.#runExtended(command, request, held, approved)
  }

  /** A simple query would commit by itself before anybody could look: it runs in a transaction of the gateway's. */
  async #runQuery(command: HeldCommand, request: OpenRequest, held: HeldRequest, approved: Approved): Promise<void> {
    const look = inspection(request.description.access.targets)
    const begun = !approved.seen.inTransaction
    const before = await this.#own(begun ? [BEGIN, look] : [look], 'sync')
    const refuse = async (refused: Refused | encode.ErrorReport): Promise<void> => {
      if (begun) await this.#end(ROLLBACK)
      this.#refuse(command, request, approved.approval, refused)
    }
    if (before.kind === 'failed') return refuse(reportOf(before.fields))
    const inspected = before.kind === 'done' ? readInspection(before, begun ? 1 : 0) : null
    const used = this.#use(request, held, approved, inspected)
    if ('reason' in used) return refuse(used)
    const started = this.#parts.nowMicros()
    const epoch = this.#parts.submissions.epoch
    const gate = new RunGate(true)
    this.#parts.submissions.forwardApproved(used, command.messages)
    command.expect(request, gate)
    this.#parts.enlist()
    const end = await this.#checks.still(gate.ended)
    await this.#finishQuery({ command, request, approved, epoch, started, begun, end, look })
  }

  async #finishQuery(run: {
    readonly command: HeldCommand
    readonly request: OpenRequest
    readonly approved: Approved
    readonly epoch: number
    readonly started: number
    readonly begun: boolean
    readonly end: RunEnd
    readonly look: OwnStatement
  }): Promise<void> {
    const { command, request, approved, epoch, started, begun, end, look } = run
    const { delivery, submissions } = this.#parts
    const ready = (status: TransactionStatus): void => {
      delivery.push(encode.readyForQuery(status))
      this.#parts.epochEnded(epoch, status)
    }
    if (end.completion === null) {
      if (begun) await this.#end(ROLLBACK)
      this.#tell(approved.approval, 'error', end.failure, 0, started)
      return ready(begun ? 'I' : (end.status ?? 'E'))
    }
    const after = await this.#own([look], 'sync')
    const doubt = this.#doubt(request, approved, after)
    if (doubt !== null) {
      const { report, status } = doubt
      this.#tell(approved.approval, status, report.sqlState, 0, started)
      if (!begun && after.kind === 'done') return submissions.replace(command.refusedAs, report, request)
      if (begun) await this.#end(ROLLBACK)
      delivery.push(encode.errorResponse(report))
      delivery.finish(request, status, report.sqlState)
      return ready(begun ? 'I' : 'E')
    }
    const committed = begun ? await this.#end(COMMIT) : null
    if (committed?.kind === 'failed') {
      const report = reportOf(committed.fields)
      delivery.push(encode.errorResponse(report))
      delivery.finish(request, 'error', report.sqlState)
      this.#tell(approved.approval, 'error', report.sqlState, 0, started)
    } else {
      delivery.pushResult(request, end.completion)
      delivery.finish(request, 'ok', null)
      this.#tell(approved.approval, 'ok', null, rowsOfTag(end.completion), started)
    }
    ready(begun ? 'I' : (end.status ?? 'T'))
  }

  /** Up to the client's Sync it is one transaction: nothing has to be put around it. */
  async #runExtended(command: HeldCommand, request: OpenRequest, held: HeldRequest, approved: Approved): Promise<void> {
    const { delivery, submissions } = this.#parts
    const look = inspection(request.description.access.targets)
    const before = await this.#own([look], 'flush')
    submissions.opened()
    if (before.kind !== 'done') {
      endBehindFailedLook(this.#parts, request, before)
      return approved.approval.withdraw('changed')
    }
    const inspected = readInspection(before, 0)
    const used = this.#use(request, held, approved, inspected)
    if ('reason' in used) return this.#refuse(command, request, approved.approval, used)
    const started = this.#parts.nowMicros()
    const gate = new RunGate(false)
    submissions.forwardApproved(used, command.messages)
    command.expect(request, gate)
    const after = this.#parts.own.run([look], 'flush')
    const end = await this.#checks.still(gate.ended)
    if (end.completion === null) {
      this.#tell(approved.approval, 'error', end.failure, 0, started)
      return submissions.discard()
    }
    const looked = await this.#checks.still(after)
    const doubt = this.#doubt(request, approved, looked)
    if (doubt !== null) {
      const { report, status } = doubt
      this.#tell(approved.approval, status, report.sqlState, 0, started)
      if (looked.kind === 'done') return submissions.replace(command.refusedAs, report, request)
      // The upstream ignores what comes up to Sync: nothing sent there would bring an error to the client.
      delivery.push(encode.errorResponse(report))
      delivery.finish(request, status, report.sqlState)
      return submissions.discard()
    }
    delivery.pushResult(request, end.completion)
    delivery.finish(request, 'ok', null)
    this.#tell(approved.approval, 'ok', null, rowsOfTag(end.completion), started)
  }

  #own(statements: readonly OwnStatement[], end: 'sync' | 'flush'): Promise<OwnResult> {
    return this.#checks.still(this.#parts.own.run(statements, end))
  }

  /**
   * Ends the transaction that was begun here. Where a cancel meets the very statement that ends it, the transaction is
   * still there: the client, which never began one, must not be left in it.
   */
  async #end(statement: OwnStatement): Promise<OwnResult> {
    const ended = await this.#own([statement], 'sync')
    let last = ended
    for (let rollbacks = 0; last.kind === 'ignored' || last.status !== 'I'; rollbacks++) {
      if (rollbacks === MAX_ROLLBACKS) throw new Error('the transaction of an approved command does not end')
      last = await this.#own([ROLLBACK], 'sync')
    }
    return ended
  }

  /** Asks the policies, and uses the approval up, in the turn in which the command is sent; or says why it is not. */
  #use(
    request: OpenRequest,
    held: HeldRequest,
    { decision }: Approved,
    inspected: Inspection | null,
  ): Extract<UsedApproval, { kind: 'permitted' }> | Refused {
    if (!this.#checks.stillPending()) return POLICY_CHANGED
    if (inspected === null) return UNUSABLE.changed
    const used = this.#parts.session.useApproval(request, held, decision, this.#checks.digest(inspected))
    return used.kind === 'permitted' ? used : UNUSABLE[used.why]
  }

  /**
   * Why the command must not stay after it ran; null where it may. A command that changes definitions changes what is
   * seen; for all others nothing may have changed on the way. Where the look itself failed, the transaction did.
   */
  #doubt(request: OpenRequest, { seen, approval }: Approved, after: OwnResult): Doubt | null {
    if (after.kind === 'failed') {
      const report = reportOf(after.fields)
      return { report, status: statusOf(report.sqlState) }
    }
    if (after.kind === 'done') {
      const { actions } = request.description.access
      if (actions.includes('sql:ddl') || actions.includes('sql:admin')) return null
      if (readInspection(after, 0)?.definitions === seen.inspection.definitions) return null
    }
    this.#parts.session.denyHeld(request, UNUSABLE.changed.code)
    return { report: heldDenial(request, UNUSABLE.changed, approval), status: 'refused' }
  }

  #refuse(
    command: HeldCommand,
    request: OpenRequest,
    approval: HeldApproval,
    refused: Refused | encode.ErrorReport,
  ): void {
    const { session, submissions } = this.#parts
    approval.withdraw('changed')
    if ('sqlState' in refused) return submissions.replace(command.refusedAs, refused, request)
    session.denyHeld(request, refused.code)
    submissions.replace(command.refusedAs, heldDenial(request, refused, approval), request)
  }

  #tell(approval: HeldApproval, status: string, code: string | null, rows: number, started: number): void {
    approval.executed({ status, code, rows, durationMicros: Math.max(0, this.#parts.nowMicros() - started) })
  }
}

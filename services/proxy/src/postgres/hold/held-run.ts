// Runs an approved command: looked at again inside of the transaction that executes it, before and after, so that what
// runs is what was approved. If not, nothing of it stays.

import type { ApprovalDecision } from '@sluice/events'
import type { HeldRequest, OpenRequest } from '@sluice/session'
import type { HeldApproval } from '../../approvals/approval-desk.ts'
import * as encode from '../wire/encode.ts'
import type { HeldCommand } from './held-command.ts'
import type { HoldParts } from './hold-parts.ts'
import { heldDenial, type Refused, reportOf, UNUSABLE } from './hold-reports.ts'
import { type Inspection, inspection, readInspection, type Seen } from './inspection.ts'
import type { OwnResult, OwnStatement } from './own-work.ts'
import { type RunEnd, RunGate, rowsOfTag } from './run-gate.ts'

type Approved = { readonly approval: HeldApproval; readonly decision: ApprovalDecision; readonly seen: Seen }

const BEGIN: OwnStatement = { text: 'BEGIN', parameters: [] }
const COMMIT: OwnStatement = { text: 'COMMIT', parameters: [] }
const ROLLBACK: OwnStatement = { text: 'ROLLBACK', parameters: [] }

/** A cancel or a timeout can meet these, too; each that does is over, so that a few are enough. */
const MAX_ROLLBACKS = 8

export class HeldRun {
  readonly #parts: HoldParts
  /** Goes on only while the session lives. */
  readonly #still: <T>(step: Promise<T>) => Promise<T>
  readonly #digest: (inspected: Inspection) => Buffer

  constructor(parts: HoldParts, still: <T>(step: Promise<T>) => Promise<T>, digest: (inspected: Inspection) => Buffer) {
    this.#parts = parts
    this.#still = still
    this.#digest = digest
  }

  run(command: HeldCommand, request: OpenRequest, held: HeldRequest, approved: Approved): Promise<void> {
    return command.refusedAs === 'refused-query'
      ? this.#runQuery(command, request, held, approved)
      : this.#runExtended(command, request, held, approved)
  }

  /** A simple query would commit by itself before anybody could look: it runs in a transaction of the gateway's. */
  async #runQuery(command: HeldCommand, request: OpenRequest, held: HeldRequest, approved: Approved): Promise<void> {
    const look = this.#lookAt(request)
    const begun = !approved.seen.inTransaction
    const before = await this.#own(begun ? [BEGIN, look] : [look], 'sync')
    const refuse = async (refused: Refused | encode.ErrorReport): Promise<void> => {
      if (begun) await this.#end(ROLLBACK)
      this.#refuse(command, request, approved.approval, refused)
    }
    if (before.kind === 'failed') return refuse(reportOf(before.fields))
    const inspected = before.kind === 'done' ? readInspection(before, begun ? 1 : 0) : null
    const used = inspected === null ? null : this.#use(request, held, approved, inspected)
    if (used?.kind !== 'permitted') return refuse(UNUSABLE[used?.why ?? 'changed'])
    const started = this.#parts.nowMicros()
    const epoch = this.#parts.submissions.epoch
    const gate = new RunGate(true)
    this.#parts.submissions.forwardApproved(used, command.messages)
    command.expect(request, gate)
    this.#parts.enlist()
    const end = await this.#still(gate.ended)
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
    const { session, delivery, submissions } = this.#parts
    const ready = (status: 'I' | 'T' | 'E'): void => {
      delivery.push(encode.readyForQuery(status))
      this.#parts.epochEnded(epoch, status)
    }
    if (end.completion === null) {
      if (begun) await this.#end(ROLLBACK)
      this.#tell(approved.approval, 'error', end.failure, 0, started)
      return ready(begun ? 'I' : (end.status ?? 'E'))
    }
    if (await this.#changedSince(request, approved, this.#own([look], 'sync'))) {
      session.denyHeld(request, UNUSABLE.changed.code)
      const report = heldDenial(request, UNUSABLE.changed, approved.approval)
      this.#tell(approved.approval, 'refused', report.sqlState, 0, started)
      if (!begun) return submissions.replace(command.refusedAs, report, request)
      await this.#end(ROLLBACK)
      delivery.push(encode.errorResponse(report))
      delivery.finish(request, 'refused', report.sqlState)
      return ready('I')
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
    const { session, delivery, submissions } = this.#parts
    const look = this.#lookAt(request)
    const before = await this.#own([look], 'flush')
    submissions.opened()
    if (before.kind === 'ignored') {
      session.finish(request, 'skipped', null, null)
      approved.approval.withdraw('changed')
      return submissions.discard()
    }
    if (before.kind === 'failed') {
      const report = reportOf(before.fields)
      delivery.push(encode.errorResponse(report))
      session.finish(request, 'error', report.sqlState, null)
      approved.approval.withdraw('changed')
      return submissions.discard()
    }
    const inspected = readInspection(before, 0)
    const used = inspected === null ? null : this.#use(request, held, approved, inspected)
    if (used?.kind !== 'permitted') {
      return this.#refuse(command, request, approved.approval, UNUSABLE[used?.why ?? 'changed'])
    }
    const started = this.#parts.nowMicros()
    const gate = new RunGate(false)
    submissions.forwardApproved(used, command.messages)
    command.expect(request, gate)
    const after = this.#parts.own.run([look], 'flush')
    const end = await this.#still(gate.ended)
    if (end.completion === null) {
      this.#tell(approved.approval, 'error', end.failure, 0, started)
      return submissions.discard()
    }
    if (await this.#changedSince(request, approved, after)) {
      this.#tell(approved.approval, 'refused', UNUSABLE.changed.code, 0, started)
      session.denyHeld(request, UNUSABLE.changed.code)
      return submissions.replace(command.refusedAs, heldDenial(request, UNUSABLE.changed, approved.approval), request)
    }
    delivery.pushResult(request, end.completion)
    delivery.finish(request, 'ok', null)
    this.#tell(approved.approval, 'ok', null, rowsOfTag(end.completion), started)
  }

  #lookAt(request: OpenRequest): OwnStatement {
    const tables = request.description.access.targets.flatMap(({ table }) => (table === null ? [] : [table]))
    return inspection([...new Set(tables)])
  }

  #own(statements: readonly OwnStatement[], end: 'sync' | 'flush'): Promise<OwnResult> {
    return this.#still(this.#parts.own.run(statements, end))
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

  #use(request: OpenRequest, held: HeldRequest, { decision }: Approved, inspected: Inspection) {
    return this.#parts.session.useApproval(request, held, decision, this.#digest(inspected))
  }

  /** A command that changes definitions changes what is seen; for all others nothing may have changed on the way. */
  async #changedSince(request: OpenRequest, { seen }: Approved, looking: Promise<OwnResult>): Promise<boolean> {
    const result = await this.#still(looking)
    const { actions } = request.description.access
    if (actions.includes('sql:ddl') || actions.includes('sql:admin')) return false
    if (result.kind !== 'done') return true
    return readInspection(result, 0)?.definitions !== seen.inspection.definitions
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

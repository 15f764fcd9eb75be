// Follows what the upstream answers: which request each message belongs to, when a request has ended, what is rewritten.

import type { OpenRequest, Session } from '@sluice/session'
import { RowUnexpected } from '../masking/row-unexpected.ts'
import { readServerReport } from '../masking/server-report.ts'
import { GUARDED_SETTINGS } from '../upstream/guarded-settings.ts'
import { decodeParameterStatus, decodeReport, rowsOfTag } from '../wire/decode.ts'
import type { ErrorReport } from '../wire/encode.ts'
import * as encode from '../wire/encode.ts'
import { SERVER, type TransactionStatus } from '../wire/message-types.ts'
import type { ServerMessageSink } from '../wire/server-framer.ts'
import { INTERNAL_ERROR, statusOf } from '../wire/sql-states.ts'
import type { Delivery } from './delivery.ts'
import { MEANING_CHANGED, misbehavedReport, rowTooLongReport } from './refusals.ts'
import type { ExpectedReply, OwnStep, ReplyQueue, ReplyTo, RowsMask } from './reply-queue.ts'

export interface ReplyEvents {
  /** The upstream is ready for the next epoch; `failure` is the SQLSTATE of what failed in this one. */
  ready(epoch: number, status: TransactionStatus, failure: string | null): void
  /** After an error the upstream ignores everything up to Sync. */
  skipping(): void
  /** The upstream does what it must not, or what it does is no longer what was decided: the session ends. */
  misbehaved(report: ErrorReport): void
}

/** What a session that masks does with answers. */
export type ReplyMasking = {
  /** A report with our own text for its SQLSTATE. */
  readonly rebuild: (report: Buffer) => Buffer
  /** Whether the client wants notices of this severity. */
  readonly wantsNotice: (severity: string) => boolean
  readonly maskedRowBytes: number
}

/** Which message completes which expected reply; `query` is completed by ReadyForQuery alone. */
const COMPLETES: ReadonlyMap<number, readonly ReplyTo[]> = new Map([
  [SERVER.parseComplete, ['parse']],
  [SERVER.bindComplete, ['bind']],
  [SERVER.closeComplete, ['close']],
  [SERVER.noData, ['describe-statement', 'describe-portal']],
  [SERVER.rowDescription, ['describe-statement', 'describe-portal']],
  [SERVER.commandComplete, ['execute']],
  [SERVER.emptyQuery, ['execute']],
  [SERVER.portalSuspended, ['execute']],
])

/** What ends with ReadyForQuery. */
const READY_AFTER: ReadonlySet<ReplyTo> = new Set(['sync', 'query', 'refused-query', 'own-sync'])

/** Messages that also belong inside the answer to a simple query. */
const IN_QUERY: ReadonlySet<number> = new Set([SERVER.rowDescription, SERVER.commandComplete, SERVER.emptyQuery])

/** The beginning and the end of a COPY's rows. */
const AROUND_COPY: ReadonlySet<number> = new Set([SERVER.copyOut, SERVER.copyDone])

/** Tags of what changes rows begin so: INSERT, UPDATE, DELETE, MERGE. SELECT's counts what was seen as rows. */
const TELLS_CHANGED: ReadonlySet<number> = new Set(Buffer.from('IUDM'))

export class Replies implements ServerMessageSink {
  readonly #session: Session
  readonly #queue: ReplyQueue
  readonly #delivery: Delivery
  readonly #events: ReplyEvents
  /** Null where nothing is masked and the server prints no trees. */
  readonly #masking: ReplyMasking | null
  /** An error inside the simple query at the head. */
  #queryError: string | null = null
  /** Whose commands were counted last, and its rows then. */
  #counted: { readonly request: OpenRequest; readonly rows: number } | null = null
  /** The session has ended: nothing follows what the client was told. */
  #over = false
  /** What the server analysed again, to another decision: it may only fail now. */
  #changed: ExpectedReply | null = null
  /** The first error since the upstream was ready. */
  #failure: string | null = null

  constructor(
    session: Session,
    queue: ReplyQueue,
    delivery: Delivery,
    events: ReplyEvents,
    masking: ReplyMasking | null,
  ) {
    this.#session = session
    this.#masking = masking
    this.#queue = queue
    this.#delivery = delivery
    this.#events = events
  }

  row(): void {
    const owner = this.#queue.head?.request
    if (owner) owner.rows++
  }

  pass(bytes: Buffer): void {
    if (this.#over) return
    const head = this.#queue.head
    if (head !== undefined && head.own !== null) return head.own.row(bytes)
    if (head === undefined || head.request === null || (head.to !== 'execute' && head.to !== 'query')) {
      return this.#misbehaved('rows that nobody asked for')
    }
    const mask = head.masked?.rows ?? null
    if (mask !== null) return this.#passMasked(head.request, mask, bytes)
    this.#delivery.pushResult(head.request, bytes)
  }

  #passMasked(request: OpenRequest, mask: RowsMask, bytes: Buffer): void {
    let masked: Buffer
    try {
      masked = mask.rows(bytes)
    } catch (error) {
      if (!(error instanceof RowUnexpected)) throw error
      return this.#misbehaved(error.message)
    }
    request.masked = mask.counts
    this.#delivery.pushResult(request, masked)
  }

  #aroundCopy(head: ExpectedReply, type: number, bytes: Buffer): void {
    try {
      if (type === SERVER.copyOut) head.masked?.rows?.opened?.(bytes)
    } catch (error) {
      if (!(error instanceof RowUnexpected)) throw error
      return this.#misbehaved(error.message)
    }
    this.#attribute(head, bytes)
  }

  /** Rows that are masked have to be seen whole, up to so many bytes; 0 where they may come in pieces. */
  wantsWholeRows(): number {
    const mask = this.#queue.head?.masked?.rows ?? null
    return mask === null || this.#masking === null ? 0 : this.#masking.maskedRowBytes
  }

  rowTooLong(_bytes: number, bound: number): void {
    this.#end(rowTooLongReport(bound))
  }

  control(type: number, bytes: Buffer): void {
    if (this.#over) return
    switch (type) {
      case SERVER.readyForQuery:
        return this.#ready(bytes)
      case SERVER.error:
        return this.#error(bytes)
      case SERVER.notice:
        return this.#notice(bytes)
      case SERVER.notification:
        return this.#attribute(this.#queue.head, bytes)
      case SERVER.parameterStatus:
        return this.#parameterStatus(bytes)
      case SERVER.parameterDescription:
        if (this.#queue.head?.to !== 'describe-statement') return this.#unexpected(type)
        this.#queue.head.confirmed?.(bytes)
        return this.#attribute(this.#queue.head, bytes)
      default:
        return this.#complete(type, bytes)
    }
  }

  #end(report: ErrorReport): void {
    this.#over = true
    this.#events.misbehaved(report)
  }

  #misbehaved(reason: string): void {
    this.#end(misbehavedReport(reason))
  }

  violation(reason: string): void {
    this.#misbehaved(reason)
  }

  /** The session ends: whatever is still open has ended without an answer. Throws AuditUnavailable. */
  interrupt(): void {
    for (const reply of this.#queue.drain()) {
      if (reply.request !== null && !reply.request.finished)
        this.#session.finish(reply.request, 'interrupted', null, null)
    }
  }

  #notice(bytes: Buffer): void {
    const head = this.#queue.head
    if (this.#masking === null) return this.#attribute(head, bytes)
    const report = readServerReport(bytes)
    const slot = head?.masked?.slot ?? null
    slot?.reported(report)
    switch (report.kind) {
      case 'tree': {
        const confirms = head?.masked?.confirms ?? null
        if (slot === null && confirms !== null && !confirms(report.dump)) this.#changed = head ?? null
        return
      }
      case 'log':
        return
      case 'notice': {
        if (head !== undefined && head.own !== null) return
        if (!this.#masking.wantsNotice(report.severity)) return
        const isExact = slot !== null || head === undefined || (head.masked !== null && !head.masked.rebuilds)
        return this.#attribute(head, isExact ? bytes : this.#masking.rebuild(bytes))
      }
      default:
        return report satisfies never
    }
  }

  /** What an error of a statement says may quote values: only where it surely does not, it passes as it is. */
  #told(head: ExpectedReply, error: Buffer): Buffer {
    if (this.#masking === null || head.masked?.rebuilds === false) return error
    return this.#masking.rebuild(error)
  }

  #complete(type: number, bytes: Buffer): void {
    const head = this.#queue.head
    if (head === undefined) return this.#unexpected(type)
    if (head.own !== null) return this.#completeOwn(head.own, type)
    if (type === SERVER.commandComplete && head.request !== null) this.#countChanged(head.request, bytes)
    if (head.to === 'query' && IN_QUERY.has(type)) {
      if (head.gate !== null && type !== SERVER.rowDescription) return head.gate.completed(bytes)
      return this.#attribute(head, bytes)
    }
    if (head.to === 'execute' && AROUND_COPY.has(type) && this.#masking !== null)
      return this.#aroundCopy(head, type, bytes)
    if (this.#changed === head) return this.#end(MEANING_CHANGED)
    if (!COMPLETES.get(type)?.includes(head.to)) return this.#unexpected(type)
    this.#queue.shift()
    head.confirmed?.(bytes)
    head.masked?.slot?.completed()
    if (head.gate !== null) return head.gate.completed(bytes)
    if (!head.hidden || type === SERVER.rowDescription) this.#attribute(head, bytes)
    if (head.last && head.request !== null) this.#delivery.finish(head.request, 'ok', null)
  }

  /** Rows that were changed count like rows that were returned; what RETURNING gives is both. */
  #countChanged(request: OpenRequest, completion: Buffer): void {
    const returned = request.rows - (this.#counted?.request === request ? this.#counted.rows : 0)
    if (TELLS_CHANGED.has(completion[5] as number)) request.rows += Math.max(0, rowsOfTag(completion) - returned)
    this.#counted = { request, rows: request.rows }
  }

  #completeOwn(own: OwnStep, type: number): void {
    if (type !== own.completedBy) return this.#unexpected(type)
    this.#queue.shift()
    own.completed()
  }

  #attribute(owner: ExpectedReply | undefined, bytes: Buffer): void {
    if (owner === undefined || owner.request === null || owner.request.finished) this.#delivery.push(bytes)
    else this.#delivery.pushResult(owner.request, bytes)
  }

  #error(bytes: Buffer): void {
    const head = this.#queue.head
    if (head === undefined) return this.#delivery.push(this.#masking === null ? bytes : this.#masking.rebuild(bytes))
    const sqlState = decodeReport(bytes).get('C') ?? INTERNAL_ERROR
    this.#failure ??= head.report?.sqlState ?? sqlState
    if (head.to === 'refused-query' || head.to === 'refused-message') {
      if (head.to === 'refused-message') {
        this.#queue.shift()
        this.#skip(head.report?.sqlState ?? INTERNAL_ERROR)
      }
      if (head.report !== null) this.#delivery.push(encode.errorResponse(head.report))
      if (head.request !== null) this.#delivery.finish(head.request, 'refused', head.report?.sqlState ?? null)
      return
    }
    if (head.own !== null) {
      this.#queue.shift()
      head.own.failed(bytes)
      return this.#skip(sqlState)
    }
    this.#attribute(head, this.#told(head, bytes))
    if (head.to === 'query') {
      this.#queryError = sqlState
      return
    }
    if (head.to === 'sync') return
    this.#queue.shift()
    head.masked?.slot?.failed()
    this.#skip(sqlState)
    if (head.request !== null) this.#delivery.finish(head.request, statusOf(sqlState), sqlState)
    head.gate?.failed(sqlState)
  }

  #ready(bytes: Buffer): void {
    const ended = this.#queue.skipping ? this.#skipToSync() : this.#queue.shift()
    if (ended === undefined || !READY_AFTER.has(ended.to)) {
      return this.#misbehaved('ready although something else was due')
    }
    this.#queue.skipping = false
    const failure = this.#failure
    this.#failure = null
    const status = String.fromCharCode(bytes[5] as number) as TransactionStatus
    if (ended.own !== null) return ended.own.ready(status)
    if (ended.to === 'query' && ended.request !== null) this.#endQuery(ended, ended.request, bytes)
    if (ended.gate !== null) return ended.gate.ready(status)
    this.#delivery.push(bytes)
    this.#events.ready(ended.epoch, status, failure)
  }

  #endQuery({ confirmed, gate }: ExpectedReply, request: OpenRequest, bytes: Buffer): void {
    const code = this.#queryError
    this.#queryError = null
    if (code === null) confirmed?.(bytes)
    else gate?.failed(code)
    if (code !== null || gate === null) {
      this.#delivery.finish(request, code === null ? 'ok' : statusOf(code), code)
    }
  }

  #skip(sqlState: string): void {
    this.#queue.skipping = true
    this.#queue.ignoreWaits(sqlState)
    this.#events.skipping()
  }

  /** What stood between the error and Sync was ignored by the upstream, refused ones too. */
  #skipToSync(): ExpectedReply | undefined {
    for (let reply = this.#queue.shift(); reply !== undefined; reply = this.#queue.shift()) {
      if (reply.to === 'sync' || reply.to === 'own-sync') return reply
      if (reply.request !== null) this.#delivery.finish(reply.request, skippedStatus(reply, reply.request), null)
    }
    return undefined
  }

  #parameterStatus(bytes: Buffer): void {
    const { name, value } = decodeParameterStatus(bytes)
    const required = GUARDED_SETTINGS.get(name)
    if (required !== undefined && required !== value) {
      return this.#misbehaved(`the setting ${name} was changed to a value that the gateway does not read`)
    }
    this.#delivery.push(bytes)
  }

  #unexpected(type: number): void {
    this.#misbehaved(`an unexpected message of type 0x${type.toString(16)}`)
  }
}

function skippedStatus(reply: ExpectedReply, request: OpenRequest): 'refused' | 'skipped' {
  return reply.report !== null && request.decision.effect === 'deny' ? 'refused' : 'skipped'
}

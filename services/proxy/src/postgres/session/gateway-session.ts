// One live session: the two sockets, backpressure between them, the turn's commit, and how it ends.

import { AuditUnavailable, type OutcomeStatus, type WithdrawReason } from '@sluice/events'
import type { TurnMember } from '@sluice/session'
import type { Holds } from '../hold/hold.ts'
import { AdjacentChunks } from '../wire/adjacent-chunks.ts'
import { ClientFramer, type ClientMessage } from '../wire/client-framer.ts'
import { closeInTime } from '../wire/close-in-time.ts'
import { type ErrorReport, errorResponse, terminate } from '../wire/encode.ts'
import type { TransactionStatus } from '../wire/message-types.ts'
import { ServerFramer } from '../wire/server-framer.ts'
import { writeAll } from '../wire/slice-list.ts'
import type { Delivery } from './delivery.ts'
import type { Handled } from './handled.ts'
import { makePipeline } from './pipeline.ts'
import { auditReport, OUR_BUG, SESSION_OVER, UPSTREAM_LOST } from './refusals.ts'
import type { Replies, ReplyEvents } from './replies.ts'
import type { ReplyQueue } from './reply-queue.ts'
import type { Requests } from './requests.ts'
import type { GatewaySessionOptions, Opening } from './session-parts.ts'

/** How long rows wait for the batch to fill before they are recorded and delivered as they are. */
const PARTIAL_RESULT_MS = 2
/** What is read ahead of a client while its session waits; then the client is paused. */
const MAX_WAITING_BYTES = 1024 * 1024

export class GatewaySession implements TurnMember, ReplyEvents {
  readonly #options: GatewaySessionOptions
  readonly #queue: ReplyQueue
  readonly #delivery: Delivery
  readonly #requests: Requests
  readonly #replies: Replies
  readonly #holds: Holds
  readonly #clientFramer: ClientFramer
  readonly #serverFramer: ServerFramer
  /** A message that has to wait until the upstream is ready. */
  #postponed: ClientMessage | null = null
  readonly #arrived = new AdjacentChunks()
  /** What the upstream sent just now may settle what a postponed message waits for. */
  #settled = false
  #waitsForReader = false
  /** Too many replies are waited for. */
  #crowded = false
  #cancelRequested = false
  #enlisted = false
  #terminating = false
  #ended = false
  #partialTimer: NodeJS.Timeout | null = null
  readonly #lifetime: NodeJS.Timeout

  constructor(options: GatewaySessionOptions) {
    this.#options = options
    const pipeline = makePipeline(options, this)
    this.#delivery = pipeline.delivery
    this.#queue = pipeline.queue
    this.#requests = pipeline.requests
    this.#replies = pipeline.replies
    this.#holds = pipeline.holds
    this.#clientFramer = new ClientFramer(options.bounds)
    this.#serverFramer = new ServerFramer(this.#replies)
    this.#lifetime = setTimeout(() => this.end(SESSION_OVER), options.sessionMs)
    this.#lifetime.unref()
  }

  /** Takes over both sockets; the client is welcomed when the journal has the session's first event. */
  begin(opening: Opening): void {
    const { client, upstream, session } = this.#options
    client.on('data', this.#onClientData)
    client.on('drain', this.#onClientDrain)
    client.on('error', ignore)
    client.on('close', this.#onClientClose)
    upstream.on('data', this.#onUpstreamData)
    upstream.on('drain', this.#onUpstreamDrain)
    upstream.on('error', ignore)
    upstream.on('close', this.#onUpstreamClose)
    try {
      session.open(opening.claims, opening.clientAddress)
    } catch (error) {
      return this.#failed(error)
    }
    this.#delivery.push(opening.welcome)
    this.enlist()
    if (opening.fromUpstream.length > 0) this.#onUpstreamData(opening.fromUpstream)
    if (opening.fromClient.length > 0) this.#onClientData(opening.fromClient)
    upstream.resume()
    client.resume()
    // Who left while the session was being made does not leave again.
    if (client.destroyed) this.#onClientClose()
    if (upstream.destroyed) this.#onUpstreamClose()
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#queue.length === 0 && !this.#holds.active
  }

  /** A client asked, on another connection, to cancel what runs here. */
  cancel(): void {
    if (this.#ended) return
    try {
      // While a person is being asked, nothing runs that could be cancelled.
      this.#cancelRequested = this.#requests.cancel() && !this.#holds.cancel()
    } catch (error) {
      return this.#failed(error)
    }
    this.enlist()
  }

  /** Ends the session from our side and tells the client why. */
  end(report: ErrorReport): void {
    this.endTurn()
    this.#finish('interrupted', report.sqlState, report)
  }

  readonly #onClientData = (chunk: Buffer): void => {
    if (this.#ended) return
    this.#clientFramer.push(chunk)
    this.#pump()
  }

  readonly #onUpstreamData = (chunk: Buffer): void => {
    const earlier = this.#arrived.add(chunk)
    if (earlier !== null) this.#read(earlier)
    this.enlist()
  }

  endTurn(): void {
    const arrived = this.#arrived.take()
    if (arrived !== null) this.#read(arrived)
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return
    try {
      this.#serverFramer.push(chunk)
      this.#delivery.spent(chunk)
    } catch (error) {
      return this.#failed(error)
    }
    if (this.#crowded && (this.#settled || this.#queue.hasRoom)) {
      this.#crowded = false
      this.#options.client.resume()
      this.#pump()
    } else if (this.#postponed !== null && this.#settled) this.#pump()
    this.#settled = false
  }

  readonly #onClientDrain = (): void => {
    this.#options.upstream.resume()
  }

  readonly #onUpstreamDrain = (): void => {
    if (!this.#isWaiting || this.#clientFramer.bufferedBytes < MAX_WAITING_BYTES) this.#options.client.resume()
  }

  readonly #onClientClose = (): void => {
    this.endTurn()
    if (this.#ended) return
    if (!this.idle) this.#options.cancelUpstream()
    this.#finish(this.idle ? 'ok' : 'interrupted', null, null, 'client_left')
  }

  readonly #onUpstreamClose = (): void => {
    this.endTurn()
    if (this.#ended) return
    if (this.#terminating) return this.#finish('ok', null, null)
    this.#finish('interrupted', UPSTREAM_LOST.sqlState, UPSTREAM_LOST, 'upstream_lost')
  }

  get #isWaiting(): boolean {
    return this.#postponed !== null || this.#waitsForReader || this.#crowded
  }

  #pump(): void {
    if (this.#waitsForReader || this.#crowded) return this.#limitReadAhead()
    try {
      this.#handleMessages()
      this.#requests.endTurn()
    } catch (error) {
      return this.#failed(error)
    }
    if (this.#isWaiting) this.#limitReadAhead()
    this.enlist()
  }

  #handleMessages(): void {
    while (!this.#ended && !this.#terminating) {
      if (this.#queue.full && !this.#requests.dropIgnored()) {
        this.#crowded = true
        return
      }
      const message: ClientMessage | null = this.#postponed ?? this.#clientFramer.next()
      this.#postponed = null
      if (message === null) return
      const handled = this.#requests.handle(message)
      if (handled instanceof Promise) {
        this.#waitsForReader = true
        handled.then(
          (later) => this.#readerAnswered(later, message),
          (error: unknown) => this.#failed(error),
        )
        return
      }
      if (!this.#proceed(handled, message)) return
    }
  }

  #proceed(handled: Handled, message: ClientMessage): boolean {
    if (handled === 'done') return true
    if (handled === 'later') {
      this.#postponed = message
      return false
    }
    if (handled === 'terminate') {
      this.#terminating = true
      this.#sendTerminate()
      return false
    }
    this.#finish('error', '08P01', { severity: 'FATAL', sqlState: '08P01', message: `sluice: ${handled.violation}` })
    return false
  }

  #readerAnswered(handled: Handled, message: ClientMessage): void {
    if (this.#ended) return
    this.#waitsForReader = false
    if (!this.#proceed(handled, message)) return
    this.#options.client.resume()
    this.#pump()
  }

  #limitReadAhead(): void {
    // A paused socket does not tell that the client left: while a person is asked it goes on being read.
    if (this.#holds.waiting) {
      if (this.#clientFramer.bufferedBytes >= this.#options.heldAheadBytes) this.#holds.flooded()
    } else if (this.#clientFramer.bufferedBytes >= MAX_WAITING_BYTES) this.#options.client.pause()
  }

  #sendTerminate(): void {
    const { permit, frame } = this.#options.session.housekeeping()
    this.#options.governed.queue(permit, frame, [terminate])
  }

  ready(epoch: number, status: TransactionStatus, failure: string | null): void {
    this.#holds.ready(epoch, failure)
    this.#requests.ready(epoch, status === 'I')
    this.#settled = true
    if (this.#postponed !== null) this.#options.client.resume()
  }

  skipping(): void {
    this.#settled = true
    if (this.#postponed !== null) this.#options.client.resume()
  }

  misbehaved(report: ErrorReport): void {
    this.#finish('interrupted', report.sqlState, report)
  }

  /** What was recorded, queued or pushed leaves at the end of this turn. */
  enlist(): void {
    if (this.#enlisted) return
    this.#enlisted = true
    this.#options.commit.enlist(this)
  }

  committed(): void {
    this.#enlisted = false
    const { client, upstream, governed } = this.#options
    if (!governed.release()) client.pause()
    if (this.#cancelRequested) this.#options.cancelUpstream()
    this.#cancelRequested = false
    if (!writeAll(client, this.#delivery.take(), this.#delivery.written) && !this.#ended) upstream.pause()
    if (this.#ended) return this.#close()
    if (this.#delivery.holdsUnrecorded) this.#partialTimer ??= setTimeout(this.#recordPartial, PARTIAL_RESULT_MS)
  }

  commitFailed(cause: AuditUnavailable): void {
    this.#enlisted = false
    this.#options.governed.discard()
    this.#delivery.take()
    if (!this.#ended) {
      // What was sent before still runs: nobody would see what comes of it.
      if (!this.idle) this.#options.cancelUpstream()
      this.#ended = true
      this.#requests.end()
      this.#holds.drop()
      this.#options.client.write(errorResponse(auditReport(cause, 'FATAL')))
      this.#options.onEnd({ status: 'interrupted', code: cause.code })
    }
    this.#close()
  }

  readonly #recordPartial = (): void => {
    this.#partialTimer = null
    if (this.#ended) return
    try {
      this.#delivery.recordPartial()
    } catch (error) {
      return this.#failed(error)
    }
    this.enlist()
  }

  /** A response that can't be recorded isn't delivered; a bug of ours ends this session and no other. */
  #failed(error: unknown): void {
    if (error instanceof AuditUnavailable) return this.#finish('interrupted', error.code, auditReport(error, 'FATAL'))
    this.#options.onBug(error)
    this.#finish('interrupted', OUR_BUG.sqlState, OUR_BUG)
  }

  #finish(
    status: OutcomeStatus,
    code: string | null,
    report: ErrorReport | null,
    why: WithdrawReason = 'session_ended',
  ): void {
    if (this.#ended) return
    this.#ended = true
    this.#requests.end()
    if (!this.idle) this.#options.cancelUpstream()
    try {
      this.#holds.abandon(why)
      this.#replies.interrupt()
      this.#options.session.close(status, code)
    } catch (error) {
      // What can't be recorded now stays open in the journal: the session's chain has no end and is reported so.
      if (!(error instanceof AuditUnavailable)) this.#options.onBug(error)
    }
    if (!this.#terminating) this.#sendTerminate()
    this.#delivery.abandon()
    if (report !== null && !this.#serverFramer.insideRow) this.#delivery.push(errorResponse(report))
    this.#options.onEnd({ status, code })
    this.enlist()
  }

  #close(): void {
    clearTimeout(this.#lifetime)
    if (this.#partialTimer !== null) clearTimeout(this.#partialTimer)
    const { client, upstream } = this.#options
    client.off('data', this.#onClientData)
    upstream.off('data', this.#onUpstreamData)
    closeInTime(client)
    closeInTime(upstream)
  }
}

function ignore(): void {
  // A socket's error is always followed by `close`, which is where it is dealt with.
}

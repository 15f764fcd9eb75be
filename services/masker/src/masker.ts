// The loop: frames in, audit events out, in order, each once. A batch is published and then checkpointed; nothing of it
// counts before, and what a crash left in between is found again in the topics (recovery.ts).

import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditCodec, type Codec, type DeadLetter, type Frame, SluiceError, TOPICS } from '@sluice/events'
import type { Logger, Readiness } from '@sluice/service'
import type { Consumer, EventLog, Producer, StoredRecord, StreamRecord } from '@sluice/stream'
import { type FrameProcessor, type Processed, sourceId } from './frame-processor.ts'
import type { MaskerMetrics } from './masker-metrics.ts'
import type { MaskerState } from './masker-state.ts'
import { frameDigest, OUTPUT_PARTITION, type Resumption, resume } from './recovery.ts'
import type { SessionOpeners } from './session-openers.ts'
import type { SessionState } from './session-state.ts'

const MAX_BATCH_RECORDS = 500
const MAX_BATCH_BYTES = 4_194_304
const POLL_WAIT_MS = 1_000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
const LAG_EVERY_MS = 5_000
const PURGE_EVERY_MS = 600_000
const MICROS_PER_HOUR = 3_600_000_000
/** Frames are kept for a day: no event of an ended session can come after that. */
const CLOSED_KEPT_MICROS = 25 * MICROS_PER_HOUR
/** Longer than any session may live. */
const SILENT_KEPT_MICROS = 32 * 24 * MICROS_PER_HOUR

const GROUP = 'masker'
/** The partition that a single node writes; it may not exist yet. */
const NODE_PARTITION = 0

export type MaskerOptions = {
  readonly log: EventLog
  readonly state: MaskerState
  readonly processor: FrameProcessor
  readonly openers: SessionOpeners
  readonly audits: AuditCodec
  readonly deadLetters: Codec<DeadLetter>
  readonly metrics: MaskerMetrics
  readonly logger: Logger
  readonly nowMicros: () => number
}

/** What of a batch is done; kept over a retry, so that nothing is published twice. */
type Batch = {
  readonly partition: number
  readonly position: number
  readonly lastFrame: Buffer
  readonly audits: readonly StreamRecord[]
  readonly dead: readonly StreamRecord[]
  readonly sessions: ReadonlyMap<string, SessionState>
  auditsDone: boolean
  deadDone: boolean
}

export class Masker {
  readonly #options: MaskerOptions
  readonly #frames: Consumer
  readonly #auditTopic: Producer
  readonly #deadTopic: Producer
  readonly #reprocessUntil: ReadonlyMap<number, number>
  /** Sessions met again below `reprocessUntil`, from where on their kept state counts. */
  readonly #rebased = new Set<string>()
  #published: ReadonlySet<string>
  #auditEnd: number
  #deadEnd: number
  #problem: string | null = null
  #lagAt = 0
  #purgedAt = 0

  private constructor(
    options: MaskerOptions,
    frames: Consumer,
    auditTopic: Producer,
    deadTopic: Producer,
    resumption: Resumption,
  ) {
    this.#options = options
    this.#frames = frames
    this.#auditTopic = auditTopic
    this.#deadTopic = deadTopic
    this.#published = resumption.published
    this.#auditEnd = resumption.auditEnd
    this.#deadEnd = resumption.deadEnd
    this.#reprocessUntil = resumption.reprocessUntil
  }

  /** Takes the topics it writes for itself, finds out what was published, and stands where it goes on. */
  static async open(options: MaskerOptions): Promise<Masker> {
    const { log, state, audits, deadLetters, logger } = options
    const auditTopic = await log.producer(TOPICS.audit, { partition: OUTPUT_PARTITION })
    const deadTopic = await log.producer(TOPICS.frameDeadLetters, { partition: OUTPUT_PARTITION })
    const resumption = await resume(
      log,
      state,
      (record) => audits.decode(record.value).header.eventId,
      (record) => sourceId(deadLetters.decode(record.value)),
    )
    if (resumption.reprocessUntil.size > 0) {
      logger.error(
        { event: 'log_tail_lost' },
        'a log ends before what was written down of it; going back to where both agree',
      )
    }
    const frames = await log.consumer({ group: GROUP, topics: [TOPICS.frames], from: 'earliest' })
    // The state's positions count, not the group's: they were committed together with what they stand for.
    for (const partition of [NODE_PARTITION, ...(await frames.endOffsets(TOPICS.frames)).keys()]) {
      frames.seek(TOPICS.frames, partition, resumption.positions.get(partition) ?? 0)
    }
    return new Masker(options, frames, auditTopic, deadTopic, resumption)
  }

  /** Works until the signal; a batch that was begun is finished. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.step(signal, POLL_WAIT_MS)
  }

  /** One batch; returns how many frames it had, 0 where none came within `maxWaitMs`. */
  async step(signal: AbortSignal, maxWaitMs: number): Promise<number> {
    const records = await this.#poll(signal, maxWaitMs)
    if (records.length > 0) await this.#work(records, signal)
    await this.#housekeeping(records.length === 0)
    return records.length
  }

  readiness(): Readiness {
    return this.#problem === null ? { ready: true } : { ready: false, reasons: [this.#problem] }
  }

  async close(): Promise<void> {
    await this.#frames.close()
    await this.#auditTopic.close()
    await this.#deadTopic.close()
  }

  async #poll(signal: AbortSignal, maxWaitMs: number): Promise<readonly StoredRecord[]> {
    try {
      return await this.#frames.poll({
        maxRecords: MAX_BATCH_RECORDS,
        maxBytes: MAX_BATCH_BYTES,
        maxWaitMs,
        signal,
      })
    } catch (error) {
      this.#failed(error)
      await pause(FIRST_RETRY_MS, signal)
      return []
    }
  }

  /** Publishes and writes down one batch, again and again until it is done or the service stops. */
  async #work(records: readonly StoredRecord[], signal: AbortSignal): Promise<void> {
    const batch = await this.#process(records)
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, LAST_RETRY_MS)) {
      try {
        await this.#publish(batch)
        this.#problem = null
        return
      } catch (error) {
        this.#failed(error)
        if (signal.aborted) return
        await pause(waitMs, signal)
      }
    }
  }

  async #process(records: readonly StoredRecord[]): Promise<Batch> {
    const audits: StreamRecord[] = []
    const dead: StreamRecord[] = []
    const sessions = new Map<string, SessionState>()
    for (const record of records) {
      const processed = await this.#options.processor.process(record, (frame) => this.#stateOf(record, frame, sessions))
      this.#count(processed)
      if (processed.kind === 'audit') {
        sessions.set(processed.state.sessionId, processed.state)
        if (processed.state.closed) this.#options.openers.forget(processed.state.sessionId)
        if (!this.#published.has(processed.eventId)) audits.push(processed.record)
      } else if (processed.kind === 'dead') {
        if (!this.#published.has(processed.id)) dead.push(processed.record)
      }
    }
    const last = records.at(-1) as StoredRecord
    return {
      partition: last.partition,
      position: last.offset + 1,
      lastFrame: frameDigest(last.value),
      audits,
      dead,
      sessions,
      auditsDone: audits.length === 0,
      deadDone: dead.length === 0,
    }
  }

  async #publish(batch: Batch): Promise<void> {
    const { partition, position, lastFrame } = batch
    if (!batch.deadDone) {
      const { firstOffset } = await this.#deadTopic.append(batch.dead)
      batch.deadDone = true
      this.#deadEnd = firstOffset + batch.dead.length
    }
    if (!batch.auditsDone) {
      const { firstOffset } = await this.#auditTopic.append(batch.audits)
      batch.auditsDone = true
      this.#auditEnd = firstOffset + batch.audits.length
    }
    const checkpoint = { partition, position, lastFrame, auditEnd: this.#auditEnd, deadEnd: this.#deadEnd }
    this.#options.state.commit(checkpoint, batch.sessions.values())
    await this.#frames.commit({ topic: TOPICS.frames, partition, nextOffset: position })
  }

  /** What is known of a frame's session. Where the masker went back, the frame itself says where the session stood. */
  #stateOf(record: StoredRecord, frame: Frame, batch: ReadonlyMap<string, SessionState>): SessionState | null {
    const { sessionId, sequence, kind } = frame.header
    const current = batch.get(sessionId)
    if (current !== undefined) return current
    const kept = this.#options.state.session(sessionId)
    const again = record.offset < (this.#reprocessUntil.get(record.partition) ?? 0)
    if (kept === null || !again || this.#rebased.has(sessionId)) return kept
    this.#rebased.add(sessionId)
    if (sequence >= kept.next) return kept
    return kind === 'session_opened' ? null : { ...kept, next: sequence, link: frame.previousLink, closed: false }
  }

  #count(processed: Processed): void {
    const { metrics, logger } = this.#options
    switch (processed.kind) {
      case 'audit':
        metrics.audited.inc({ outcome: processed.problem === null ? 'sanitised' : 'unsanitised' })
        if (processed.problem === null) return
        metrics.problems.inc({ code: processed.problem })
        logger.warn(
          {
            event: 'unsanitised',
            code: processed.problem,
            eventId: processed.eventId,
            sessionId: processed.state.sessionId,
          },
          'an event could not be checked or opened; everything in it is withheld',
        )
        return
      case 'dead':
        metrics.deadLetters.inc({ code: processed.code })
        logger.error({ event: 'dead_letter', code: processed.code, source: processed.id }, 'a frame could not be read')
        return
      case 'repeated':
        metrics.repeated.inc()
        return
      default:
        processed satisfies never
    }
  }

  #failed(error: unknown): void {
    const code = codeOf(error)
    this.#options.metrics.failures.inc()
    this.#options.logger.error(
      { event: 'batch_failed', code, err: error },
      'the audit stream does not go on; trying again',
    )
    this.#problem = `the audit stream does not go on (${code})`
  }

  async #housekeeping(idle: boolean): Promise<void> {
    const now = performance.now()
    if (idle) {
      // What an interrupted batch had published lies behind.
      if (this.#published.size > 0) this.#published = new Set()
      this.#options.metrics.lag.set(0)
    } else if (now - this.#lagAt > LAG_EVERY_MS) {
      this.#lagAt = now
      await this.#measureLag()
    }
    if (now - this.#purgedAt > PURGE_EVERY_MS) {
      this.#purgedAt = now
      const micros = this.#options.nowMicros()
      this.#options.state.purge(micros - CLOSED_KEPT_MICROS, micros - SILENT_KEPT_MICROS)
    }
  }

  async #measureLag(): Promise<void> {
    let lag = 0
    for (const [partition, end] of await this.#frames.endOffsets(TOPICS.frames)) {
      lag += Math.max(0, end - (await this.#frames.committed(TOPICS.frames, partition)))
    }
    this.#options.metrics.lag.set(lag)
  }
}

function codeOf(error: unknown): string {
  if (error instanceof SluiceError) return error.code
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal'
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}

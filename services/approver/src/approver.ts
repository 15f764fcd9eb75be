// The approver over the event log. Its state is a fold over what nodes asked and what it decided itself; reviews are votes
// that were not answered yet. A restart in the middle of anything goes on from the log, and decides nothing twice.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ApprovalDecision,
  type ContentOf,
  isUuid,
  PolicyUnavailable,
  type SchemaRegistry,
  type SealingPrivateKey,
  type SigningKey,
  TOPICS,
} from '@sluice/events'
import type { TokenVerifier } from '@sluice/identity'
import { incidentReport, type Logger, type Readiness } from '@sluice/service'
import type { EventLog } from '@sluice/stream'
import { ControlReader, ControlWriter, type TrustedKeys, type TrustedRecord, type VersionMemory } from '@sluice/trust'
import { emptyState, evolve } from './approval-state.ts'
import { type ApproverCommand, decide, isAbout } from './approvals.ts'
import type { ApproverMetrics } from './approver-metrics.ts'
import type { ApproverSettings } from './approver-settings.ts'
import { type DecidedEvent, DecisionOutbox } from './decision-outbox.ts'
import type { ReportIncident } from './incidents.ts'
import { policyKnown } from './policy-sets.ts'
import { commandOf, type RequestRecord } from './request-command.ts'
import { verifyReviewer } from './verify-reviewer.ts'

const MICROS_PER_MS = 1_000
/** Older votes are answered, or their voters have long gone; older requests have expired. */
const REVIEWS_REREAD_MICROS = 3_600_000_000
const CERTIFICATE_MS = 20_000
const CERTIFICATE_LOOK_MS = 50
/** Deadlines that are nearer together are one. */
const LEAST_TIMER_MS = 5
const LONGEST_TIMER_MS = 24 * 3_600_000

export type ApproverOptions = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  readonly keys: TrustedKeys
  /** Of this approver; its certificate says role `approver`. */
  readonly signingKey: SigningKey
  /** What reviewers' tokens are sealed to. */
  readonly sealingKey: SealingPrivateKey
  readonly verifier: Pick<TokenVerifier, 'verify'>
  readonly memory: VersionMemory
  readonly settings: ApproverSettings
  readonly metrics: ApproverMetrics
  readonly logger: Logger
  readonly nowMicros: () => number
  /** Ends the wait for the approver's certificate. */
  readonly stopping: AbortSignal
  readonly certificateMs?: number
  /** Told of what ends the approver: a restart begins at the log again. */
  readonly fail: (error: unknown) => void
}

type Readers = {
  readonly policies: ControlReader<typeof TOPICS.policies>
  readonly requests: ControlReader<typeof TOPICS.approvalRequests>
  readonly reviews: ControlReader<typeof TOPICS.approvalReviews>
}
type ReadTopics = {
  [Topic in
    | typeof TOPICS.policies
    | typeof TOPICS.approvalRequests
    | typeof TOPICS.approvalReviews
    | typeof TOPICS.decisions]: ContentOf<Topic>
}
type ReaderChoices<Topic extends keyof ReadTopics> = {
  readonly memory?: VersionMemory | null
  readonly skip?: (content: ReadTopics[Topic]) => boolean
  /** Incidents are told by another reader of the topic. */
  readonly quiet?: boolean
}
type Earlier = { readonly partition: number; readonly decision: ApprovalDecision }

/**
 * All services start together, and the console publishes certificates. Before that nobody heeds what the approver decides,
 * and it could not tell its own earlier decisions from forged ones.
 */
async function waitUntilCertified(options: ApproverOptions): Promise<void> {
  const { keys, signingKey, nowMicros, stopping, certificateMs = CERTIFICATE_MS } = options
  const deadline = performance.now() + certificateMs
  while ((await keys.find(signingKey.keyId, 'approver', nowMicros())) === null) {
    if (stopping.aborted || performance.now() > deadline) {
      throw new PolicyUnavailable(
        'key_uncertified',
        `the approver's key ${signingKey.keyId} has no certificate under the root key after ${certificateMs / 1_000} s, so nothing that it decides would count; start the console, which publishes certificates, and look that keys.certificates has one for this key`,
      )
    }
    await sleep(CERTIFICATE_LOOK_MS, undefined, { signal: stopping }).catch(() => undefined)
  }
}

export class Approver {
  readonly #options: ApproverOptions
  readonly #report: ReportIncident
  readonly #writer: ControlWriter<typeof TOPICS.decisions>
  readonly #outbox: DecisionOutbox
  readonly #state = emptyState()
  #readers: Readers | null = null
  /** What is still owed an answer can't be older. */
  #since = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #closed = false

  /**
   * Rejects with StreamError `writer_taken` while another approver works on the log, with PolicyUnavailable
   * `key_uncertified` where nobody publishes the key's certificate.
   */
  static async open(options: ApproverOptions): Promise<Approver> {
    const { log, registry, keys, signingKey, nowMicros } = options
    await waitUntilCertified(options)
    // Before anything is read: whoever has the topic is the only one to decide.
    const writer = await ControlWriter.open({
      log,
      registry,
      topic: TOPICS.decisions,
      key: signingKey,
      nowMicros,
      earlier: { keys, role: 'approver' },
      source: '/sluice/approver',
      type: ({ kind }) => `sluice.approval.${kind}.v1`,
    })
    const approver = new Approver(options, writer)
    try {
      await approver.#start()
      return approver
    } catch (error) {
      await approver.close()
      throw error
    }
  }

  private constructor(options: ApproverOptions, writer: ControlWriter<typeof TOPICS.decisions>) {
    const { metrics, logger } = options
    this.#options = options
    this.#report = incidentReport(options.logger, (code) => options.metrics.incidents.inc({ code }))
    this.#writer = writer
    this.#outbox = new DecisionOutbox({
      publish: ({ decision, replyPartition }) =>
        writer.publish(decision.approvalId, decision, { partition: replyPartition }),
      onPublished: (event) => this.#count(event),
      onFailure: (error) => {
        metrics.failures.inc()
        logger.error({ event: 'decision_not_written', err: error }, 'the log does not take decisions; trying again')
      },
    })
  }

  readiness(): Readiness {
    const reasons = [
      ...(this.#state.policies.size === 0 ? ['no policy set was published yet'] : []),
      ...(this.#outbox.failing ? ['the log does not take decisions'] : []),
    ]
    return reasons.length === 0 ? { ready: true } : { ready: false, reasons }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    const { reviews, requests, policies } = this.#readers ?? {}
    for (const reader of [reviews, requests, policies]) await reader?.close()
    await this.#outbox.close()
    await this.#writer.close()
  }

  async #start(): Promise<void> {
    await this.#readPolicyHistory()
    const policies = await this.#reader(TOPICS.policies, 'console', { memory: this.#options.memory })
    this.#since = this.#options.nowMicros() - this.#rereadMicros()
    const skip = ({ time }: { readonly time: number }): boolean => time < this.#since
    const requests = await this.#reader(TOPICS.approvalRequests, 'node', { skip })
    const reviews = await this.#reader(TOPICS.approvalReviews, 'console', { skip })
    this.#readers = { policies, requests, reviews }
    await policies.catchUp((record) => this.#takePolicy(record))
    await this.#recall(requests)
    await reviews.catchUp((record) => this.#takeReview(record))
    const guarded =
      <Record>(take: (record: Record) => void | Promise<void>) =>
      async (record: Record): Promise<void> => {
        try {
          await take(record)
        } catch (error) {
          this.#options.fail(error)
        }
      }
    policies.follow(guarded((record) => this.#takePolicy(record)))
    requests.follow(guarded((record) => this.#takeRequest(record)))
    reviews.follow(guarded((record) => this.#takeReview(record)))
  }

  async #reader<Topic extends keyof ReadTopics>(
    topic: Topic,
    role: 'node' | 'console' | 'approver',
    { memory = null, skip, quiet = false }: ReaderChoices<Topic> = {},
  ): Promise<ControlReader<Topic>> {
    const { log, registry, keys, logger } = this.#options
    return ControlReader.open({
      log,
      registry,
      topic,
      keys,
      role,
      memory,
      skip,
      onIncident: (incident) => (quiet ? undefined : this.#report(incident)),
      onFailure: (error) => logger.error({ event: 'log_unreadable', topic, err: error }, 'a topic can not be read'),
    })
  }

  /** All sets that the log has: requests which wait may be under an older one. The newest is checked when followed. */
  async #readPolicyHistory(): Promise<void> {
    const history = await this.#reader(TOPICS.policies, 'console', { quiet: true })
    try {
      await history.catchUp((record) => {
        const event = policyKnown(record, () => undefined)
        if (event !== null) evolve(this.#state, event)
      })
    } finally {
      await history.close()
    }
  }

  #rereadMicros(): number {
    const rules = [...this.#state.policies.values()].flatMap((known) => Object.values(known))
    const longestMs = Math.max(this.#options.settings.denialPauseMs * 2, ...rules.map(({ expires }) => expires))
    return longestMs * MICROS_PER_MS + REVIEWS_REREAD_MICROS
  }

  /** Requests in the order in which they were made, each with what was decided on it before. */
  async #recall(requests: Readers['requests']): Promise<void> {
    const earlier = new Map<string, Earlier[]>()
    const decisions = await this.#reader(TOPICS.decisions, 'approver', { skip: ({ time }) => time < this.#since })
    try {
      await decisions.catchUp(({ content, partition }) => {
        const decision = { ...content, commandDigest: Buffer.from(content.commandDigest) }
        const known = earlier.get(content.approvalId)
        if (known === undefined) earlier.set(content.approvalId, [{ partition, decision }])
        else known.push({ partition, decision })
      })
    } finally {
      await decisions.close()
    }
    await requests.catchUp((record) => this.#takeRequest(record, earlier))
    for (const rest of earlier.values()) {
      for (const { partition: replyPartition, decision } of rest) {
        evolve(this.#state, { kind: 'decided', replyPartition, decision })
      }
    }
  }

  #takePolicy(record: TrustedRecord<typeof TOPICS.policies>): void {
    const event = policyKnown(record, (incident) => this.#report(incident))
    if (event !== null) evolve(this.#state, event)
  }

  async #takeRequest(record: RequestRecord, earlier?: Map<string, Earlier[]>): Promise<void> {
    await this.#outbox.room()
    const command = commandOf(record, this.#options.nowMicros(), (incident) => this.#report(incident))
    if (command === null) return
    if (command.kind !== 'requested') return this.#apply(command)
    const { approvalId, requested } = command
    const before = earlier?.get(approvalId) ?? []
    // Another node under an id that is taken: votes on the first one are none on this.
    if (before.some(({ decision }) => decision.kind !== 'vote_refused' && !isAbout(decision, command))) return
    earlier?.delete(approvalId)
    if (before.some(({ decision }) => decision.kind !== 'vote_counted' && decision.kind !== 'vote_refused')) {
      for (const { partition: replyPartition, decision } of before) {
        evolve(this.#state, { kind: 'recalled', replyPartition, decision, requester: requested.subject })
      }
      return
    }
    // The node may have followed a new policy set a moment before it was read here: the log has it.
    if (!this.#state.policies.has(requested.policyVersion)) {
      await this.#readers?.policies.catchUp((policy) => this.#takePolicy(policy))
    }
    this.#apply({ ...command, now: this.#options.nowMicros() })
    for (const { partition: replyPartition, decision } of before) {
      evolve(this.#state, { kind: 'decided', replyPartition, decision })
    }
  }

  async #takeReview({ key, content }: TrustedRecord<typeof TOPICS.approvalReviews>): Promise<void> {
    const { approvalId, reviewId, vote, reason } = content
    if (key !== approvalId || !isUuid(approvalId) || !isUuid(reviewId)) {
      const detail = 'the review is not under the key that it should have'
      return this.#report({ code: 'malformed', topic: TOPICS.approvalReviews, key: isUuid(key) ? key : '', detail })
    }
    await this.#outbox.room()
    if (this.#state.answered.has(reviewId)) return
    if (!this.#state.open.has(approvalId) && !this.#state.ended.has(approvalId)) {
      await this.#readers?.requests.catchUp((record) => this.#takeRequest(record))
    }
    const { sealingKey, verifier, nowMicros } = this.#options
    const reviewer = await verifyReviewer(content, sealingKey, verifier)
    const { shownDigest } = content
    this.#apply({ kind: 'vote', approvalId, reviewId, vote, reason, shownDigest, reviewer, now: nowMicros() })
  }

  /** Nothing else happens between: what is decided is known before anything more is. */
  #apply(command: ApproverCommand): void {
    for (const event of decide(command, this.#state, this.#options.settings)) {
      evolve(this.#state, event)
      if (event.kind === 'decided') this.#outbox.push(event)
      if (event.kind === 'opened') this.#wakeAt(event.approval.expiresAt)
    }
    this.#options.metrics.held.set(this.#state.open.size)
  }

  #wakeAt(deadline: number): void {
    if (this.#closed || deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    const ms = Math.ceil((deadline - this.#options.nowMicros()) / MICROS_PER_MS)
    this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(ms, LEAST_TIMER_MS), LONGEST_TIMER_MS))
  }

  #tick(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#apply({ kind: 'tick', now: this.#options.nowMicros() })
    let next = Number.POSITIVE_INFINITY
    for (const { expiresAt } of this.#state.open.values()) next = Math.min(next, expiresAt)
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next)
  }

  #count({ decision: { kind, reasonCode, approvalId } }: DecidedEvent): void {
    const { metrics, logger } = this.#options
    metrics.decisions.inc({ kind })
    if (kind === 'vote_refused') metrics.refusedVotes.inc({ code: reasonCode ?? '' })
    if (kind === 'denied') metrics.deniedRequests.inc({ code: reasonCode ?? '' })
    logger.info({ event: 'decided', kind, code: reasonCode, approvalId }, 'decided')
  }
}

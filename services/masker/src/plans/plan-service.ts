// Plans and the event log: what is followed, what is written, and by whose word. Auditing doesn't wait for any of it.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  AuditUnavailable,
  type ControlTopic,
  type KeyRole,
  type SchemaRegistry,
  type SigningKey,
  TOPICS,
} from '@sluice/events'
import type { Logger } from '@sluice/service'
import type { EventLog } from '@sluice/stream'
import { ControlReader, ControlWriter, type TrustedKeys, type VersionMemory } from '@sluice/trust'
import type { ReportIncident } from '../incidents.ts'
import { FindingDesk } from './finding-desk.ts'
import { PlanDesk } from './plan-desk.ts'
import type { PlanMetrics } from './plan-metrics.ts'
import { readCatalog, readPlan, readRules } from './plan-records.ts'

const CERTIFICATE_LOOK_MS = 200
const RETRY_MS = 1_000

export type PlanServiceOptions = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  readonly keys: Pick<TrustedKeys, 'judge' | 'find'>
  readonly signingKey: SigningKey
  readonly memory: VersionMemory
  readonly metrics: PlanMetrics
  readonly logger: Logger
  readonly nowMicros: () => number
  readonly onIncident: ReportIncident
}

type Closable = { readonly close: () => Promise<void> }

export class PlanService {
  readonly desk: PlanDesk
  readonly findings: FindingDesk
  readonly #options: PlanServiceOptions
  readonly #closing = new AbortController()
  readonly #opened: Closable[] = []
  #plans: ControlWriter<typeof TOPICS.maskPlans> | null = null
  #starting: Promise<void> = Promise.resolve()
  #problem: string | null = 'masking plans are not followed yet'

  constructor(options: PlanServiceOptions) {
    const { memory, metrics, logger, nowMicros } = options
    this.#options = options
    this.desk = new PlanDesk({
      publish: (connection, plan) => {
        if (this.#plans === null) throw new AuditUnavailable('plans_unwritable', 'the topic of plans is not open')
        return this.#plans.publish(connection, plan)
      },
      wasPublished: (connection) => memory.highest(TOPICS.maskPlans, connection) !== null,
      nowMicros,
      metrics,
      logger,
    })
    this.findings = new FindingDesk(this.desk, metrics, logger)
  }

  /** Returns at once: where the log or the certificate is not there yet, it goes on trying. */
  start(): void {
    this.#starting = this.#start()
  }

  /** Resolves when what was published before is known, and plans are made. */
  async started(): Promise<void> {
    await this.#starting
  }

  /** In words for an operator. */
  problems(): readonly string[] {
    return this.#problem === null ? this.desk.problems() : [this.#problem]
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#starting
    await this.desk.close()
    await this.findings.close()
    await this.#closeOpened()
  }

  async #start(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#waitUntilCertified()
        if (this.#closing.signal.aborted) return
        await this.#open()
        this.#problem = null
        return
      } catch (error) {
        this.#options.logger.error({ event: 'plans_not_followed', err: error }, 'plans can not be made; trying again')
        this.#problem = 'masking plans can not be made; look for plans_not_followed in the log'
        await this.#closeOpened()
        await this.#pause(RETRY_MS)
      }
    }
  }

  /** Before that nobody heeds what the masker signs, and it could not tell its own plans from forged ones. */
  async #waitUntilCertified(): Promise<void> {
    const { keys, signingKey, nowMicros } = this.#options
    while (!this.#closing.signal.aborted) {
      if ((await keys.find(signingKey.keyId, 'masker', nowMicros())) !== null) return
      this.#problem = `the masker's key ${signingKey.keyId} has no certificate under the root key, so no masking plan that it makes would count; start the console, which publishes certificates, and look that keys.certificates has one for this key`
      await this.#pause(CERTIFICATE_LOOK_MS)
    }
  }

  async #open(): Promise<void> {
    const { desk } = this
    const { log, registry, signingKey: key, nowMicros, keys, onIncident } = this.#options
    const writing = {
      log,
      registry,
      key,
      nowMicros,
      earlier: { keys, role: 'masker' },
      source: '/sluice/masker',
    } as const
    // Before anything is read: whoever has the topics is the only one to make plans.
    const plans = await ControlWriter.open({
      ...writing,
      topic: TOPICS.maskPlans,
      type: () => 'sluice.mask-plan.made.v1',
    })
    this.#plans = this.#keep(plans)
    const findings = this.#keep(
      await ControlWriter.open({ ...writing, topic: TOPICS.findings, type: () => 'sluice.finding.made.v1' }),
    )
    const own = await this.#reader(TOPICS.maskPlans, 'masker')
    await own.catchUp((record) => {
      const before = readPlan(record, onIncident)
      if (before !== null) desk.takePlan(record.key, before)
    })
    const policies = await this.#reader(TOPICS.policies, 'console')
    const takePolicies: Parameters<typeof policies.follow>[0] = (record) => {
      const rules = readRules(record, onIncident)
      if (rules !== null) desk.takeRules(rules)
    }
    const catalogs = await this.#reader(TOPICS.catalogs, 'node')
    const takeCatalog: Parameters<typeof catalogs.follow>[0] = (record) => {
      const seen = readCatalog(record, onIncident)
      if (seen !== null) desk.takeCatalog(record.key, seen)
    }
    const found = await this.#reader(TOPICS.findings, 'masker')
    await found.catchUp(({ content }) => this.findings.restore(content))
    this.findings.start(findings)
    await policies.catchUp(takePolicies)
    await catalogs.catchUp(takeCatalog)
    desk.start()
    // Nothing to do with them but to know their versions, so that a log that loses them is noticed.
    own.follow(() => undefined)
    policies.follow(takePolicies)
    catalogs.follow(takeCatalog)
  }

  async #reader<Topic extends ControlTopic>(topic: Topic, role: KeyRole): Promise<ControlReader<Topic>> {
    const { log, registry, keys, memory, onIncident, logger } = this.#options
    const reader = await ControlReader.open<Topic>({
      log,
      registry,
      topic,
      keys,
      role,
      // Each node counts for itself, and what it said before is in the plan's memory.
      memory: role === 'node' ? null : memory,
      onIncident,
      onFailure: (error) =>
        logger.error({ event: 'topic_unreadable', topic, err: error }, 'a topic can not be followed'),
    })
    return this.#keep(reader)
  }

  #keep<Part extends Closable>(part: Part): Part {
    this.#opened.push(part)
    return part
  }

  async #closeOpened(): Promise<void> {
    for (const part of this.#opened.splice(0)) await part.close()
    this.#plans = null
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}

// A log with certificates, nodes that publish catalogs, a console that publishes policies, and the masker's plans. For tests.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ContentOf,
  type ControlTopic,
  generateSigningKey,
  importSigningKey,
  type KeyRole,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  type PublishedCatalog,
  type PublishedPlan,
  type SigningKey,
  TOPICS,
} from '@sluice/events'
import {
  type CatalogSnapshot,
  catalogHash,
  type MaskingInput,
  type MaskPlan,
  maskingRulesSchema,
  packCatalog,
  unpackPlan,
} from '@sluice/mask'
import { contentHashOf, publishedMasking } from '@sluice/policy'
import { createLogger, Registry } from '@sluice/service'
import { EmbeddedLog, type EventLog } from '@sluice/stream'
import { ControlWriter, issueCertificate, publishCertificates, TrustedKeys, VersionMemory } from '@sluice/trust'
import { maskerContents } from '../../../../test/stand/stored-records.ts'
import type { MaskerIncident } from '../incidents.ts'
import { planMetrics } from './plan-metrics.ts'
import { PlanService } from './plan-service.ts'

const APPLIED_BY = { issuer: 'https://issuer.test', id: 'admin', kind: 'human', groups: [], onBehalfOf: null } as const
const WAIT_MS = 10_000

export const newKey = (): SigningKey => importSigningKey(generateSigningKey())

type Column = CatalogSnapshot['relations'][number]['columns'][number]

/** `customers` with its columns: `note: 'sluice:pii.note'` is a comment, null none. Each has the type text. */
export function catalogOf(columns: Readonly<Record<string, string | null>>, connection = 'shop'): CatalogSnapshot {
  const all = Object.entries(columns).map(
    ([name, comment], index): Column => ({
      attno: index + 1,
      name,
      type: 25,
      typeName: 'text',
      typmod: -1,
      comment,
      labels: [],
      generatedFrom: null,
      origins: [],
      bare: false,
    }),
  )
  const customers = { relid: 20_001, schema: 'public', name: 'customers', kind: 'r', comment: null, columns: all }
  return {
    connection,
    databaseId: 16_400,
    databaseName: connection,
    serverMajor: 16,
    relations: [{ ...customers, parents: [], keys: [], indexes: [], placedBy: [], code: [] }],
    foreignKeys: [],
    types: [],
    standard: [],
  }
}

export type RunningPlans = { readonly service: PlanService; readonly stop: () => Promise<void> }

export class PlanWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-plans-'))
  readonly root = newKey()
  readonly masker = newKey()
  readonly console = newKey()
  readonly node = newKey()
  readonly incidents: MaskerIncident[] = []
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry
  readonly #writers = new Map<string, Promise<ControlWriter<ControlTopic>>>()
  readonly #nodes = new Map<string, { readonly key: SigningKey; readonly partition: number }>()
  readonly #running = new Set<RunningPlans>()

  /** Null certifies nobody. */
  static async start(certified: readonly KeyRole[] = ['node', 'console', 'masker']): Promise<PlanWorld> {
    const world = new PlanWorld()
    if (certified.includes('node')) await world.certify(world.node, 'node', 'node-1')
    if (certified.includes('console')) await world.certify(world.console, 'console', 'console')
    if (certified.includes('masker')) await world.certify(world.masker, 'masker', 'masker')
    return world
  }

  private constructor() {
    this.log = EmbeddedLog.open(join(this.dir, 'log'))
    this.registry = LocalSchemaRegistry.open(join(this.dir, 'log', LOCAL_REGISTRY_FILE))
    this.#nodes.set('node-1', { key: this.node, partition: 0 })
  }

  async certify(key: SigningKey, role: KeyRole, name: string): Promise<void> {
    const { log, registry, root } = this
    const facts = { key, role, name, validFrom: 0, validUntil: null }
    const certificate = await issueCertificate(root, facts, { version: 1, previous: null, time: nowMicros() })
    await publishCertificates({ log, registry, root: root.publicKey, certificates: [certificate], source: '/test' })
  }

  /** Another node, with a key and a partition of its own. */
  async addNode(name: string): Promise<void> {
    const key = newKey()
    await this.certify(key, 'node', name)
    this.#nodes.set(name, { key, partition: this.#nodes.size })
  }

  async publishCatalog(
    catalog: CatalogSnapshot,
    node = 'node-1',
    changes: Partial<PublishedCatalog> = {},
    key = this.#nodes.get(node)?.key ?? this.node,
  ): Promise<void> {
    const { connection, databaseId, serverMajor } = catalog
    const contentHash = catalogHash(catalog)
    const content = { connection, nodeId: node, databaseId, serverMajor, contentHash, body: packCatalog(catalog) }
    const partition = this.#nodes.get(node)?.partition ?? 0
    await this.#publish(TOPICS.catalogs, connection, { ...content, ...changes }, key, partition)
  }

  async publishRules(masking: MaskingInput = {}, changes: { readonly masking?: string } = {}): Promise<void> {
    const source = { files: [], approvalRules: {}, masking: maskingRulesSchema.parse(masking) }
    const set = {
      contentHash: contentHashOf(source),
      files: [],
      approvalRules: '{}',
      masking: publishedMasking(source),
      appliedBy: APPLIED_BY,
    }
    await this.#publish(TOPICS.policies, 'current', { ...set, ...changes }, this.console, 0)
  }

  async run(log: EventLog = this.log): Promise<RunningPlans> {
    const { registry, root, incidents } = this
    const memory = VersionMemory.open(join(this.dir, 'versions.json'))
    const onIncident = (incident: MaskerIncident) => void incidents.push(incident)
    const keys = await TrustedKeys.open({ log: this.log, registry, root: root.publicKey, memory, onIncident })
    const service = new PlanService({
      log,
      registry,
      keys,
      signingKey: this.masker,
      memory,
      metrics: planMetrics(new Registry()),
      logger: createLogger('masker', { level: 'fatal' }),
      nowMicros,
      onIncident,
    })
    service.start()
    const running = {
      service,
      stop: async () => {
        this.#running.delete(running)
        await service.close()
        await keys.close()
      },
    }
    this.#running.add(running)
    return running
  }

  /** Those that proxies accept, in order. */
  plans(): Promise<readonly PublishedPlan[]> {
    return maskerContents(this, TOPICS.maskPlans, () => undefined)
  }

  /** Waits until the newest plan of a connection is as wanted. */
  async planWhere(wanted: (plan: MaskPlan) => boolean, connection = 'shop'): Promise<MaskPlan> {
    const end = performance.now() + WAIT_MS
    for (;;) {
      const last = (await this.plans()).findLast((each) => each.connection === connection)
      const plan = last === undefined ? null : unpackPlan(last.body)
      if (plan !== null && wanted(plan)) return plan
      if (performance.now() > end) throw new Error('no such plan in time')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async stop(): Promise<void> {
    for (const running of this.#running) await running.stop()
    for (const writer of this.#writers.values()) await (await writer).close()
    await this.log.close()
    rmSync(this.dir, { recursive: true, force: true })
  }

  async #publish<Topic extends ControlTopic>(
    topic: Topic,
    recordKey: string,
    content: ContentOf<Topic>,
    key: SigningKey,
    partition: number,
  ): Promise<void> {
    const name = `${topic} ${key.keyId}`
    const { log, registry } = this
    // Writers of one partition take turns: a forger comes in between.
    for (const [other, open] of this.#writers) {
      if (other === name) continue
      await (await open).close()
      this.#writers.delete(other)
    }
    const writer = this.#writers.get(name) ?? ControlWriter.open({ log, registry, topic, key, nowMicros, partition })
    this.#writers.set(name, writer as Promise<ControlWriter<ControlTopic>>)
    await (await writer).publish(recordKey, content as never)
  }
}

/** `clean`, `scanned`, or the tags. */
export function verdictOf(plan: MaskPlan, name: string): string {
  const found = plan.relations[0]?.columns.find((column) => column.name === name)
  return found?.verdict === 'tagged' ? found.tags.join('+') : (found?.verdict ?? 'not there')
}

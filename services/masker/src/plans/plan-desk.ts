// Makes plans and keeps them right: from the newest catalogs of all nodes, the rules in force and what is remembered of
// columns. A plan is made again when one of them changes, and published when something in it did.

import { setTimeout as sleep } from 'node:timers/promises'
import type { PublishedPlan } from '@sluice/events'
import {
  type CatalogColumn,
  type CatalogColumnId,
  type CatalogRelation,
  type CatalogSnapshot,
  type ColumnMemory,
  type Detectors,
  detectors,
  FIRST_USER_ID,
  knownFunctions,
  makePlan,
  NO_MEMORY,
  type PlanMemory,
  PlanView,
  packMemory,
  packPlan,
  type Tag,
  uniteCatalogs,
  withFinding,
} from '@sluice/mask'
import type { Logger } from '@sluice/service'
import type { PlanMetrics } from './plan-metrics.ts'
import type { PublishedBefore, RulesInForce, SeenCatalog } from './plan-records.ts'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 10_000
/** Beyond these the oldest are forgotten. */
const MAX_CONNECTIONS = 10_000
const MAX_NODES = 64

export type PlanDeskOptions = {
  readonly publish: (connection: string, plan: PublishedPlan) => Promise<unknown>
  /** Whether a plan of the connection was ever trusted here. */
  readonly wasPublished: (connection: string) => boolean
  readonly nowMicros: () => number
  readonly metrics: PlanMetrics
  readonly logger: Logger
}

/** A view of a view of a view … */
const MAX_VIEWS = 64

type Kept = {
  /** By node, the newest last. */
  readonly catalogs: Map<string, SeenCatalog>
  /** By id, as they are united. */
  relations: ReadonlyMap<number, CatalogRelation>
  memory: PlanMemory
  published: { readonly version: string; readonly memory: string } | null
  view: PlanView | null
  problem: string | null
}

export class PlanDesk {
  readonly #options: PlanDeskOptions
  readonly #kept = new Map<string, Kept>()
  readonly #waiting = new Set<string>()
  readonly #closing = new AbortController()
  #rules: RulesInForce | null = null
  #detectors: Detectors | null = null
  #working: Promise<void> | null = null
  #started = false

  constructor(options: PlanDeskOptions) {
    this.#options = options
  }

  /** A plan that this masker published before: what it remembers holds on. */
  takePlan(connection: string, { plan, memory }: PublishedBefore): void {
    const kept = this.#of(connection)
    kept.memory = memory
    kept.published = { version: plan.version, memory: JSON.stringify(memory) }
    kept.view = new PlanView(plan)
  }

  takeCatalog(connection: string, seen: SeenCatalog): void {
    const { catalogs } = this.#of(connection)
    const before = catalogs.get(seen.node)
    catalogs.delete(seen.node)
    catalogs.set(seen.node, seen)
    const [oldest] = catalogs.keys()
    if (catalogs.size > MAX_NODES && oldest !== undefined) catalogs.delete(oldest)
    if (before?.hash !== seen.hash) this.#makeSoon(connection)
  }

  takeRules(rules: RulesInForce): void {
    this.#rules = rules
    this.#detectors = detectors(rules.rules)
    for (const connection of this.#kept.keys()) this.#makeSoon(connection)
  }

  /** From now on plans are made: what was published before is known. */
  start(): void {
    this.#started = true
    this.#work()
  }

  /** What the proxies follow, or will in a moment; null where no plan was published yet. */
  view(connection: string): PlanView | null {
    return this.#kept.get(connection)?.view ?? null
  }

  get rules(): RulesInForce | null {
    return this.#rules
  }

  /** Null before there are rules. */
  get detectors(): Detectors | null {
    return this.#detectors
  }

  /** The table's column that a column of a view shows as it is; null where it is none, or several. */
  baseColumn(connection: string, { relid, attno }: CatalogColumnId): CatalogColumnId | null {
    const relations = this.#kept.get(connection)?.relations
    let at: CatalogColumnId = { relid, attno }
    for (let views = 0; views < MAX_VIEWS; views++) {
      if (at.relid < FIRST_USER_ID || at.attno < 1) return null
      const relation = relations?.get(at.relid)
      if (relation?.kind !== 'v') return at
      const column: CatalogColumn | undefined = relation.columns.find((each) => each.attno === at.attno)
      const [origin, ...more] = column?.origins ?? []
      if (column?.bare !== true || origin === undefined || more.length > 0) return null
      at = origin
    }
    return null
  }

  /** From the next plan on the column has the tag. */
  raise(connection: string, at: Omit<ColumnMemory, 'names' | 'noted'>, tag: Tag): void {
    const kept = this.#of(connection)
    kept.memory = withFinding(kept.memory, at, tag)
    this.#makeSoon(connection)
  }

  /** In words for an operator. */
  problems(): readonly string[] {
    const problems = [...this.#kept.values()].flatMap(({ problem }) => problem ?? [])
    return this.#rules === null
      ? [...problems, 'no policy set was published yet, so no masking plan is made']
      : problems
  }

  /** Resolves when nothing waits to be made. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#working
  }

  #of(connection: string): Kept {
    const known = this.#kept.get(connection)
    if (known !== undefined) return known
    const kept: Kept = {
      catalogs: new Map(),
      relations: new Map(),
      memory: NO_MEMORY,
      published: null,
      view: null,
      problem: null,
    }
    this.#kept.set(connection, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_CONNECTIONS && oldest !== undefined) this.#kept.delete(oldest)
    return kept
  }

  #makeSoon(connection: string): void {
    this.#waiting.add(connection)
    if (this.#started) this.#work()
  }

  #work(): void {
    if (this.#working !== null || this.#waiting.size === 0) return
    this.#working = this.#makeAll().finally(() => {
      this.#working = null
      if (!this.#closing.signal.aborted) this.#work()
    })
  }

  async #makeAll(): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; this.#waiting.size > 0 && !this.#closing.signal.aborted; ) {
      const connections = [...this.#waiting]
      this.#waiting.clear()
      const failed: string[] = []
      for (const connection of connections) {
        if (!(await this.#tryToMake(connection))) failed.push(connection)
        if (this.#closing.signal.aborted) return
      }
      for (const connection of failed) this.#waiting.add(connection)
      if (failed.length === 0) waitMs = FIRST_RETRY_MS
      else {
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
        waitMs = Math.min(2 * waitMs, LAST_RETRY_MS)
      }
    }
  }

  async #tryToMake(connection: string): Promise<boolean> {
    const kept = this.#of(connection)
    try {
      await this.#make(connection, kept)
      return true
    } catch (error) {
      const { metrics, logger } = this.#options
      metrics.failures.inc()
      if (kept.problem === null) {
        logger.error({ event: 'plan_failed', connection, err: error }, 'a plan can’t be made; trying again')
      }
      kept.problem = `the plan of ${connection} can't be made or published; look for plan_failed in the log`
      return false
    }
  }

  async #make(connection: string, kept: Kept): Promise<void> {
    const rules = this.#rules
    const catalogs = [...kept.catalogs.values()].sort((a, b) => b.time - a.time)
    const [newest, ...older] = catalogs
    if (rules === null || newest === undefined) return
    if (this.#isLost(connection, kept)) return
    const { metrics, nowMicros, publish, logger } = this.#options
    const began = performance.now()
    const catalog: CatalogSnapshot = uniteCatalogs([newest.catalog, ...older.map((each) => each.catalog)])
    kept.relations = new Map(catalog.relations.map((relation) => [relation.relid, relation]))
    const functions = knownFunctions(catalog.serverMajor, catalog.standard)
    const making = { catalog, hash: newest.hash, rules: rules.rules, functions, madeAt: nowMicros() }
    const { plan, memory } = makePlan({ ...making, memory: kept.memory })
    metrics.makeSeconds.set((performance.now() - began) / 1_000)
    const published = { version: plan.version, memory: JSON.stringify(memory) }
    // What is raised while this one is written down is in the next one.
    kept.memory = memory
    if (kept.published?.version !== published.version || kept.published.memory !== published.memory) {
      await publish(connection, {
        connection,
        version: plan.version,
        databaseId: plan.databaseId,
        serverMajor: plan.serverMajor,
        madeAt: plan.madeAt,
        catalogHash: plan.catalogHash,
        policyVersion: rules.policyVersion,
        body: packPlan(plan),
        memory: packMemory(memory),
      })
      kept.published = published
      kept.view = new PlanView(plan)
      metrics.published.inc()
      logger.info({ event: 'plan_published', connection, version: plan.version }, 'a masking plan was published')
    }
    kept.problem = null
  }

  /** A plan that is gone took along what was said of columns: a new one would show what the old one masked. */
  #isLost(connection: string, kept: Kept): boolean {
    const isLost = kept.published === null && this.#options.wasPublished(connection)
    if (isLost) {
      kept.problem = `the plan of ${connection} that was published before is not in the log any more, so no new one is made; put the log back from a copy, or, where it was meant to begin anew, move the masker's file in trust.dir away and start it again`
    }
    return isLost
  }
}

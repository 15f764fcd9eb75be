// The masking plan in force for each connection: the newest that the masker signed. What can't be trusted or read is an
// incident, and the last good plan then holds for a time. A plan also has to be confirmed: it goes stale when for as
// long no new one came and no look at the catalog found what the plan is about.

import { PolicyUnavailable, type PublishedPlan, TOPICS } from '@sluice/events'
import { type MaskPlan, PlanView, unpackPlan } from '@sluice/mask'
import type { ControlReader, TrustedRecord } from '@sluice/trust'
import type { IncidentCode, ProxyIncident, ReportIncident } from '../incidents.ts'
import { unavailableProblem } from '../policies/unavailable.ts'
import type { CatalogLook } from './catalog-watch.ts'
import type { MaskPlans } from './mask-plans.ts'
import { confirms } from './plan-coverage.ts'

const TOPIC = TOPICS.maskPlans
const MICROS = 1_000

type PlanReader = Pick<ControlReader<typeof TOPIC>, 'catchUp' | 'follow' | 'close'>
type PlanRecord = Pick<TrustedRecord<typeof TOPIC>, 'key' | 'content'>

export type PlanFollowerOptions = {
  /** Those with masking; plans for others are of no concern. */
  readonly connections: Iterable<string>
  /** How long a plan holds unconfirmed, and how long after an incident. */
  readonly maxAgeMs: number
  readonly nowMs: () => number
  /** A look at the catalog that begins now; null where it fails. */
  readonly look: (connection: string) => Promise<CatalogLook | null>
  readonly onIncident: ReportIncident
}

/** What is known of one connection. */
type Followed = {
  view: PlanView | null
  /** `nowMs` at which the plan was last known to be right. */
  confirmedAt: number
  /** Of the first incident since the last good plan. */
  distrustedSince: number | null
  /** What the last look was at. */
  seen: Pick<CatalogLook, 'databaseId' | 'serverMajor'> | null
  readonly listeners: Set<(view: PlanView) => void>
}

export class PlanFollower implements MaskPlans {
  readonly #options: PlanFollowerOptions
  readonly #followed: ReadonlyMap<string, Followed>
  #reader: PlanReader | null = null

  constructor(options: PlanFollowerOptions) {
    this.#options = options
    this.#followed = new Map(
      [...options.connections].map((name) => [
        name,
        { view: null, confirmedAt: 0, distrustedSince: null, seen: null, listeners: new Set() },
      ]),
    )
  }

  /** Resolves when everything that was published before is known; goes on from there. */
  async follow(reader: PlanReader): Promise<void> {
    this.#reader = reader
    await reader.catchUp((record) => this.#take(record))
    reader.follow((record) => this.#take(record))
  }

  /** For what the reader did not accept. */
  notice(incident: ProxyIncident): void {
    this.#options.onIncident(incident)
    const now = this.#options.nowMs()
    for (const [name, followed] of this.#followed) {
      // Without a key it may have been about any of them.
      if (incident.key === name || incident.key === '') followed.distrustedSince ??= now
    }
  }

  /** What a look at the catalog found: confirms the plan that is about the same. */
  looked(connection: string, look: CatalogLook): void {
    const followed = this.#followed.get(connection)
    if (followed === undefined) return
    followed.seen = { databaseId: look.databaseId, serverMajor: look.serverMajor }
    if (followed.view !== null && confirms(look, followed.view)) followed.confirmedAt = this.#options.nowMs()
  }

  current(connection: string): PlanView {
    const followed = this.#followed.get(connection)
    const { maxAgeMs, nowMs } = this.#options
    if (followed === undefined || followed.view === null) {
      throw new PolicyUnavailable(
        'plan_missing',
        `it is not known yet what is sensitive in ${connection}, so nothing is read from it; try again in a moment, and if it goes on ask the operator whether the masker runs and the gateway can read the catalog`,
      )
    }
    const { view, seen, confirmedAt, distrustedSince } = followed
    if (seen === null) {
      throw new PolicyUnavailable(
        'plan_missing',
        `the catalog of ${connection} was not read yet, so its masking plan can't be used; try again in a moment, and if it goes on ask the operator whether the gateway can reach the database`,
      )
    }
    if (view.plan.databaseId !== seen.databaseId || view.plan.serverMajor !== seen.serverMajor) {
      throw new PolicyUnavailable(
        'plan_foreign',
        `the masking plan for ${connection} is about another database or another version of PostgreSQL; try again in a moment, and if it goes on ask the operator whether the masker runs`,
      )
    }
    const since = Math.min(confirmedAt, distrustedSince ?? Number.POSITIVE_INFINITY)
    if (nowMs() - since > maxAgeMs) {
      throw new PolicyUnavailable(
        'plan_stale',
        `the masking plan for ${connection} is too old, so nothing is read by it; ask the operator to look at the incidents, and whether the masker runs and the gateway can read the catalog`,
      )
    }
    return view
  }

  async fresher(connection: string, version: string, withinMs: number): Promise<PlanView | null> {
    const followed = this.#followed.get(connection)
    if (followed === undefined) return null
    const other = (): PlanView | null => (followed.view?.plan.version === version ? null : followed.view)
    const { promise, resolve } = Promise.withResolvers<PlanView | null>()
    const stopListening = this.onChange(connection, () => {
      if (other() !== null) resolve(other())
    })
    const deadline = setTimeout(() => resolve(other()), withinMs)
    void this.#options.look(connection).then((look) => {
      const { view } = followed
      // Nothing has changed, or nobody knows: no plan will come of it.
      if (look === null || view === null || confirms(look, view)) resolve(other())
    })
    try {
      return await promise
    } finally {
      clearTimeout(deadline)
      stopListening()
    }
  }

  onChange(connection: string, listener: (view: PlanView) => void): () => void {
    const listeners = this.#followed.get(connection)?.listeners
    listeners?.add(listener)
    return () => listeners?.delete(listener)
  }

  /** By connection: null while its plan may be used, else why not, in words for an operator. */
  problems(): ReadonlyMap<string, string | null> {
    return new Map([...this.#followed.keys()].map((name) => [name, unavailableProblem(() => this.current(name))]))
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    for (const { listeners } of this.#followed.values()) listeners.clear()
  }

  #take({ key, content }: PlanRecord): void {
    const followed = this.#followed.get(key)
    if (followed === undefined) return
    const plan = this.#read(key, content)
    if (plan === null) return
    // After a restart it is as old as it is: then a look at the catalog has to confirm it.
    followed.confirmedAt = Math.min(this.#options.nowMs(), plan.madeAt / MICROS)
    followed.distrustedSince = null
    const view = new PlanView(plan)
    followed.view = view
    for (const listener of followed.listeners) listener(view)
  }

  /** Null after an incident. */
  #read(key: string, record: PublishedPlan): MaskPlan | null {
    let plan: MaskPlan
    try {
      plan = unpackPlan(record.body)
    } catch (error) {
      return this.#refuse('plan_unreadable', key, error instanceof Error ? error.message : String(error))
    }
    const said = [record.connection, record.databaseId, record.serverMajor, record.version, record.catalogHash]
    const held = [plan.connection, plan.databaseId, plan.serverMajor, plan.version, plan.catalogHash]
    if (key !== plan.connection || said.some((each, index) => each !== held[index])) {
      return this.#refuse('plan_content', key, 'the published plan is not what its record says')
    }
    return plan
  }

  #refuse(code: IncidentCode, key: string, detail: string): null {
    this.notice({ code, topic: TOPIC, key, detail })
    return null
  }
}

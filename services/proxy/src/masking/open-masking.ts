// What masking needs of the event log and of the databases: catalogs go out, plans come in, and the secret behind tokens.

import { join } from 'node:path'
import type { SluiceConfig } from '@sluice/config'
import { nowMicros, type SchemaRegistry, type SigningKey, TOPICS } from '@sluice/events'
import type { MaskKeys } from '@sluice/mask'
import type { Logger } from '@sluice/service'
import type { EventLog } from '@sluice/stream'
import { ControlReader, ControlWriter, type TrustedKeys, VersionMemory } from '@sluice/trust'
import type { ReportIncident } from '../incidents.ts'
import { CatalogReader } from '../postgres/catalog/read-catalog.ts'
import type { GovernedConnection } from '../postgres/handshake/admit.ts'
import { CatalogWatch } from './catalog-watch.ts'
import { connectionKeys } from './connection-keys.ts'
import { PlanFollower } from './plan-follower.ts'

const PLANS_MEMORY = 'proxy-mask-plans.json'
/** Of one look at a catalog, from the login to the last row. */
const CATALOG_READ_MS = 60_000
/** Trees are logged as LOG, which ranks above ERROR and below this. */
const QUIET: ReadonlyMap<string, string> = new Map([['log_min_messages', 'fatal']])
const NO_SETTINGS: ReadonlyMap<string, string> = new Map()

export type MaskingOptions = {
  readonly config: SluiceConfig
  readonly connections: ReadonlyMap<string, GovernedConnection>
  readonly eventLog: EventLog
  readonly registry: SchemaRegistry
  readonly nodeKey: SigningKey
  readonly keys: TrustedKeys
  readonly onIncident: ReportIncident
  readonly log: Logger
}

export type Masking = {
  readonly plans: PlanFollower
  /** Null where the configuration names no secret. */
  readonly keysOf: (connection: string) => MaskKeys | null
  /** What keeps trees, and the constants in them, out of the server's log. */
  readonly quietSettings: (connection: string) => ReadonlyMap<string, string>
  readonly close: () => Promise<void>
}

/** Resolves when the plans that were published before are known; catalogs are read from then on. */
export async function openMasking(options: MaskingOptions): Promise<Masking> {
  const { config, eventLog, registry, nodeKey, keys, onIncident, log } = options
  const governed = [...options.connections.values()].filter(({ masking }) => masking)
  const keysOf = await connectionKeys(
    config.masking.key,
    governed.map(({ name }) => name),
  )
  const watches = new Map<string, CatalogWatch>()
  const readers = new Map<string, CatalogReader>()
  const quietSettings = (connection: string) => (readers.get(connection)?.mayQuiet === true ? QUIET : NO_SETTINGS)
  const plans = new PlanFollower({
    connections: governed.map(({ name }) => name),
    maxAgeMs: config.masking.planMaxAgeMs,
    nowMs: Date.now,
    look: async (connection) => (await watches.get(connection)?.look()) ?? null,
    onIncident,
  })
  for (const { name } of governed) {
    plans.onChange(name, ({ plan }) =>
      log.info({ event: 'plan_taken', connection: name, version: plan.version }, 'a masking plan was taken'),
    )
  }
  // Without masking nobody reads plans and nobody writes catalogs.
  if (governed.length === 0) return { plans, keysOf, quietSettings, close: () => plans.close() }
  const topic = TOPICS.maskPlans
  const reader = await ControlReader.open({
    log: eventLog,
    registry,
    topic,
    keys,
    role: 'masker',
    memory: VersionMemory.open(join(config.trust.dir, PLANS_MEMORY)),
    onIncident: (incident) => plans.notice(incident),
    onFailure: (error) => {
      const detail = error instanceof Error ? error.message : 'the published plans can not be followed'
      plans.notice({ code: 'unreadable', topic, key: '', detail })
    },
  })
  await plans.follow(reader)
  const { id: nodeId, partition } = config.node
  const writer = await ControlWriter.open({
    log: eventLog,
    registry,
    topic: TOPICS.catalogs,
    key: nodeKey,
    partition,
    nowMicros,
    earlier: { keys, role: 'node', name: nodeId },
    source: `/sluice/nodes/${nodeId}`,
    type: () => 'sluice.catalog.read.v1',
  })
  for (const connection of governed) {
    const { name } = connection
    const catalogs = new CatalogReader({ connection, timeoutMs: CATALOG_READ_MS })
    readers.set(name, catalogs)
    const watch = new CatalogWatch({
      connection: name,
      nodeId,
      read: (signal) => catalogs.read(signal),
      publish: (catalog) => writer.publish(name, catalog),
      everyMs: config.masking.catalogMs,
      onLook: (look) => plans.looked(name, look),
      log,
    })
    watches.set(name, watch)
    watch.start()
  }
  return {
    plans,
    keysOf,
    quietSettings,
    close: async () => {
      await Promise.all([...watches.values()].map((watch) => watch.close()))
      await Promise.all([plans.close(), writer.close()])
    },
  }
}

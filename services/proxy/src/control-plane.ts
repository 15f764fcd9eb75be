// What steers this proxy, as it comes through the event log: whose signatures count, the policies in force, tickets,
// masking plans, and the approvals that its sessions ask for.

import { join } from 'node:path'
import type { SluiceConfig } from '@sluice/config'
import { nowMicros, type SchemaRegistry, type SigningKey, TOPICS } from '@sluice/events'
import { CURRENT_POLICIES } from '@sluice/policy'
import { incidentReport, type Logger } from '@sluice/service'
import type { EventLog } from '@sluice/stream'
import { ControlReader, ControlWriter, readRootKey, TrustedKeys, VersionMemory } from '@sluice/trust'
import { LoggedApprovalDesk } from './approvals/logged-approval-desk.ts'
import type { ReportIncident } from './incidents.ts'
import { type Masking, openMasking } from './masking/open-masking.ts'
import type { ProxyMetrics } from './metrics.ts'
import { PolicyFollower } from './policies/policy-follower.ts'
import type { GovernedConnection } from './postgres/handshake/admit.ts'
import { PublishedTickets } from './tickets.ts'

/** All parts start at once: so long the console may take to publish the first policies. */
const FIRST_POLICIES_MS = 20_000
const KEYS_MEMORY = 'proxy-keys.json'
const POLICIES_MEMORY = 'proxy-policies.json'

export type ControlPlaneOptions = {
  readonly config: SluiceConfig
  readonly connections: ReadonlyMap<string, GovernedConnection>
  readonly eventLog: EventLog
  readonly registry: SchemaRegistry
  readonly nodeKey: SigningKey
  readonly metrics: Pick<ProxyMetrics, 'incidents'>
  readonly log: Logger
  /** Ends the wait for the first policies. */
  readonly stopping: AbortSignal
}

export type ControlPlane = {
  readonly policies: PolicyFollower
  readonly desk: LoggedApprovalDesk
  readonly tickets: PublishedTickets
  readonly masking: Masking
  readonly close: () => Promise<void>
}

/**
 * Resolves when there are policies to decide by. Rejects with PolicyUnavailable where none come in time. Masking plans are
 * not waited for: without one a connection has no sessions.
 */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { config, connections, eventLog, registry, nodeKey, metrics, log, stopping } = options
  const onIncident = incidentReport(log, (code) => metrics.incidents.inc({ code }))
  const common = { log: eventLog, registry, onIncident }
  const keys = await TrustedKeys.open({
    ...common,
    root: await readRootKey(config.keys.root),
    memory: VersionMemory.open(join(config.trust.dir, KEYS_MEMORY)),
    onFailure: (error) => log.error({ event: 'keys_unreadable', err: error }, 'published keys can not be followed'),
  })
  const policies = await followPolicies(options, keys, onIncident)
  await policies.first(FIRST_POLICIES_MS, stopping)
  const tickets = await PublishedTickets.open({ ...common, keys, maxTickets: config.limits.tickets })
  const desk = await openDesk(options, keys, onIncident)
  const masking = await openMasking({ config, connections, eventLog, registry, nodeKey, keys, onIncident, log })
  return {
    policies,
    desk,
    tickets,
    masking,
    close: async () => {
      await desk.close()
      await Promise.all([policies.close(), tickets.close(), masking.close()])
      await keys.close()
    },
  }
}

async function followPolicies(
  { config, eventLog, registry, log }: ControlPlaneOptions,
  keys: TrustedKeys,
  onIncident: ReportIncident,
): Promise<PolicyFollower> {
  const policies = new PolicyFollower({ maxAgeMs: config.policies.maxAgeMs, nowMs: Date.now, onIncident })
  policies.onChange(({ version }) => log.info({ event: 'policies_taken', version }, 'a policy set is in force'))
  const topic = TOPICS.policies
  const reader = await ControlReader.open({
    log: eventLog,
    registry,
    topic,
    keys,
    role: 'console',
    memory: VersionMemory.open(join(config.trust.dir, POLICIES_MEMORY)),
    onIncident: (incident) => policies.notice(incident),
    // What can't be followed may be newer than what is in force.
    onFailure: (error) => {
      const detail = error instanceof Error ? error.message : 'the published policies can not be followed'
      policies.notice({ code: 'unreadable', topic, key: CURRENT_POLICIES, detail })
    },
  })
  await policies.follow(reader)
  return policies
}

async function openDesk(
  { config, eventLog, registry, nodeKey, log }: ControlPlaneOptions,
  keys: TrustedKeys,
  onIncident: ReportIncident,
): Promise<LoggedApprovalDesk> {
  const { node, limits } = config
  const common = { log: eventLog, registry, partition: node.partition }
  const writer = await ControlWriter.open({
    ...common,
    topic: TOPICS.approvalRequests,
    key: nodeKey,
    nowMicros,
    earlier: { keys, role: 'node', name: node.id },
    source: `/sluice/nodes/${node.id}`,
    type: ({ kind }) => `sluice.approval.${kind}.v1`,
  })
  const reader = await ControlReader.open({
    ...common,
    topic: TOPICS.decisions,
    keys,
    role: 'approver',
    memory: null,
    onIncident,
    onFailure: (error) => log.error({ event: 'decisions_unreadable', err: error }, 'decisions can not be followed'),
  })
  return LoggedApprovalDesk.open({
    node,
    writer,
    reader,
    maxHeld: limits.held,
    nowMicros,
    onIncident,
    onLost: ({ approvalId, kind }, error) =>
      log.error(
        { event: 'approval_end_lost', approvalId, kind, err: error },
        'the end of an approval was not published',
      ),
  })
}

// What the console knows and says of keys, policies and held commands, on top of the log: opens the readers and writers
// of signed records, and gives the routes what they need.
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SluiceConfig } from '@sluice/config'
import {
  importSealingPublicKey,
  importSigningKey,
  nowMicros,
  REVIEW_TOKEN_INFO,
  type SchemaRegistry,
  type SigningKey,
  sealText,
  TOPICS,
} from '@sluice/events'
import type { MaskingRules } from '@sluice/mask'
import { CURRENT_POLICIES, personsOf, readStarterPolicies } from '@sluice/policy'
import type { Logger } from '@sluice/service'
import type { EventLog } from '@sluice/stream'
import { ControlReader, ControlWriter, readRootKey, TrustedKeys, VersionMemory } from '@sluice/trust'
import { ApprovalBook } from './approvals/approval-book.ts'
import type { ApprovalRoutes } from './approvals/approvals-routes.ts'
import { ChangeBell } from './approvals/change-bell.ts'
import { followApprovals } from './approvals/follow-approvals.ts'
import { VoteDesk } from './approvals/vote-desk.ts'
import type { ConsoleMetrics } from './console-metrics.ts'
import { FindingsBook } from './findings/findings-book.ts'
import { incidentReport } from './incidents.ts'
import type { KeyList } from './keys-routes.ts'
import type { PolicyRoutes } from './policies/policies-routes.ts'
import { PolicyOffice } from './policies/policy-office.ts'

const KEYS_MEMORY = 'console-keys.json'
const POLICIES_MEMORY = 'console-policies.json'

export type ControlPlaneOptions = {
  readonly config: Pick<SluiceConfig, 'approvals' | 'connections' | 'keys' | 'node' | 'people' | 'trust'> & {
    readonly masking: MaskingRules
  }
  /** Its certificates are published already. */
  readonly eventLog: EventLog
  readonly registry: SchemaRegistry
  readonly metrics: ConsoleMetrics
  readonly log: Logger
  readonly nowMs: () => number
  readonly stopping: AbortSignal
  readonly maxWaitMs: number
  readonly voteAnswerMs?: number
}

export type ControlPlane = {
  readonly approvals: ApprovalRoutes
  readonly policies: PolicyRoutes
  readonly keys: KeyList
  readonly findings: FindingsBook
  close(): Promise<void>
}

/** Resolves when everything that was published before is known, and a policy set is. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { config, eventLog, registry, metrics, log, nowMs } = options
  mkdirSync(config.trust.dir, { recursive: true, mode: 0o700 })
  const onIncident = incidentReport(log, (code) => metrics.incidents.inc({ code }))
  const onFailure = (error: unknown): void =>
    log.error({ event: 'control_topic_failed', err: error }, 'signed records could not be read; it is tried again')
  const told = { log: eventLog, registry, onIncident, onFailure }
  const root = await readRootKey(config.keys.root)
  const memory = VersionMemory.open(join(config.trust.dir, KEYS_MEMORY))
  const keys = await TrustedKeys.open({ ...told, root, memory })
  const key = importSigningKey(await readFile(config.keys.console, 'utf8'))
  const policies = await openPolicies(options, { keys, key, told })
  const approvals = await openApprovals(options, { keys, key, told, policies })
  const findings = new FindingsBook()
  const reader = await ControlReader.open({ ...told, topic: TOPICS.findings, keys, role: 'masker', memory: null })
  await reader.catchUp(({ content }) => findings.apply(content))
  reader.follow(({ content }) => findings.apply(content))
  const isDemoOnly = Object.values(config.connections).every(({ demo }) => demo)
  return {
    approvals: approvals.routes,
    policies: { office: policies, isDemoOnly, log },
    keys: { root, list: () => keys.list(), nowMicros: () => nowMs() * 1000 },
    findings,
    async close() {
      await Promise.all([approvals.close(), policies.close(), reader.close()])
      await keys.close()
    },
  }
}

type Trust = {
  readonly keys: TrustedKeys
  readonly key: SigningKey
  readonly told: Pick<Parameters<typeof TrustedKeys.open>[0], 'log' | 'registry' | 'onFailure'> & {
    readonly onIncident: ReturnType<typeof incidentReport>
  }
}

async function openPolicies(options: ControlPlaneOptions, { keys, key, told }: Trust): Promise<PolicyOffice> {
  const { config, metrics, nowMs, log } = options
  const memory = VersionMemory.open(join(config.trust.dir, POLICIES_MEMORY))
  const topic = TOPICS.policies
  let isDistrusted = false
  const onIncident: typeof told.onIncident = (incident) => {
    isDistrusted ||= incident.key === CURRENT_POLICIES
    told.onIncident(incident)
  }
  const policies = await PolicyOffice.open(
    {
      reader: await ControlReader.open({ ...told, onIncident, topic, keys, role: 'console', memory }),
      writer: await ControlWriter.open({
        ...writing(options, { keys, key }),
        topic,
        type: () => 'sluice.policies.applied.v1',
      }),
      memory,
      onIncident,
      isDistrusted: () => isDistrusted,
      onInForce: (version) => metrics.policyVersion.set(version),
      nowMs,
    },
    async () => ({ files: await readStarterPolicies(), approvalRules: config.approvals, masking: config.masking }),
  )
  if (policies.inForce === null) {
    log.error(
      { event: 'policies_unknown' },
      'no policy set that can be trusted is published, so nothing is permitted; see the incidents above, then apply one: sluice policy apply',
    )
  }
  return policies
}

async function openApprovals(
  options: ControlPlaneOptions,
  { keys, key, told, policies }: Trust & { readonly policies: PolicyOffice },
): Promise<{ readonly routes: ApprovalRoutes; close(): Promise<void> }> {
  const { config, metrics, nowMs, stopping, maxWaitMs, voteAnswerMs } = options
  const bell = new ChangeBell()
  const book = new ApprovalBook({
    nowMicros: () => nowMs() * 1000,
    onChange: () => {
      metrics.approvalsOpen.set(book.openCount)
      bell.ring()
    },
    onMismatch: (approvalId, detail) =>
      told.onIncident({ code: 'decision_mismatch', topic: TOPICS.decisions, key: approvalId, detail }),
  })
  const approver = await importSealingPublicKey(await readFile(config.keys.approverPublic))
  const writer = await ControlWriter.open({
    ...writing(options, { keys, key }),
    topic: TOPICS.approvalReviews,
    type: () => 'sluice.approval.reviewed.v1',
  })
  const votes = new VoteDesk({
    writer,
    seal: (aad, text) => sealText(approver, REVIEW_TOKEN_INFO, aad, text),
    nowMs,
    onResult: (result) => metrics.votes.inc({ result }),
    ...(voteAnswerMs === undefined ? {} : { answerMs: voteAnswerMs }),
  })
  const following = await followApprovals({
    requests: await ControlReader.open({ ...told, topic: TOPICS.approvalRequests, keys, role: 'node', memory: null }),
    decisions: await ControlReader.open({ ...told, topic: TOPICS.decisions, keys, role: 'approver', memory: null }),
    book,
    votes,
    onIncident: told.onIncident,
  })
  const isDemo = (name: string): boolean =>
    Object.hasOwn(config.connections, name) && config.connections[name]?.demo === true
  const personOf = personsOf(config.people)
  return {
    routes: { book, bell, votes, policies, personOf, isDemo, nowMs, maxWaitMs, stopping },
    async close() {
      await following.close()
      await writer.close()
    },
  }
}

function writing({ config, eventLog, registry }: ControlPlaneOptions, { keys, key }: Pick<Trust, 'keys' | 'key'>) {
  return {
    log: eventLog,
    registry,
    key,
    nowMicros,
    earlier: { keys, role: 'console' },
    source: `/sluice/consoles/${config.node.id}`,
  } as const
}

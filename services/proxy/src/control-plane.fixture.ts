// A log of its own with everybody's keys, certified under one root: for tests of what follows signed records.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type ContentOf,
  type ControlTopic,
  controlCodec,
  generateSigningKey,
  importSigningKey,
  type KeyRole,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  type SigningKey,
  type Subject,
  signControl,
  TOPICS,
  uuidv7,
} from '@sluice/events'
import { EmbeddedLog, type StoredRecord } from '@sluice/stream'
import { ControlReader, ControlWriter, issueCertificate, publishCertificates, TrustedKeys } from '@sluice/trust'
import type { ApprovalFacts } from './approvals/approval-desk.ts'
import { LoggedApprovalDesk } from './approvals/logged-approval-desk.ts'
import type { ProxyIncident } from './incidents.ts'

export const NODE = { id: 'node-1', partition: 3 } as const
export const AGENT: Subject = {
  issuer: 'https://issuer.test',
  id: 'agent-1',
  kind: 'agent',
  groups: ['agents'],
  onBehalfOf: null,
}
const SECOND_MICROS = 1_000_000
const WAIT_MS = 5_000

/** Whose key signs a topic; the others are the console's. */
const WRITERS: { readonly [Topic in ControlTopic]?: 'approver' | 'masker' } = {
  [TOPICS.decisions]: 'approver',
  [TOPICS.maskPlans]: 'masker',
}

type Keys = Readonly<Record<'root' | 'node' | 'approver' | 'console' | 'masker' | 'stranger', SigningKey>>

export type ControlPlane = {
  readonly dir: string
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry
  readonly trusted: TrustedKeys
  readonly keys: Keys
  readonly incidents: ProxyIncident[]
  /** Last records of requests that did not reach the log. */
  readonly lost: ApprovalRequest[]
  readonly openDesk: (options?: { readonly maxHeld?: number; readonly graceMs?: number }) => Promise<LoggedApprovalDesk>
  /** Appends a record of that version as this key signs it; returns its value. */
  readonly append: <Topic extends ControlTopic>(
    topic: Topic,
    recordKey: string,
    content: ContentOf<Topic>,
    options?: AppendOptions,
  ) => Promise<Buffer>
  readonly appendRaw: (topic: ControlTopic, recordKey: string, value: Buffer, partition?: number) => Promise<void>
  /** What the node has published, in order. */
  readonly requests: () => Promise<readonly ApprovalRequest[]>
  readonly stop: () => Promise<void>
}

export type AppendOptions = {
  readonly key?: SigningKey
  readonly version?: number
  readonly previous?: Buffer
  readonly partition?: number
}

export async function startControlPlane(): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-control-'))
  const log = EmbeddedLog.open(join(dir, 'log'))
  const registry = LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE))
  const newKey = (): SigningKey => importSigningKey(generateSigningKey())
  const keys: Keys = {
    root: newKey(),
    node: newKey(),
    approver: newKey(),
    console: newKey(),
    masker: newKey(),
    stranger: newKey(),
  }
  const certificates = await Promise.all([
    certify(keys.root, 'node', NODE.id, keys.node),
    certify(keys.root, 'approver', 'approver', keys.approver),
    certify(keys.root, 'console', 'console', keys.console),
    certify(keys.root, 'masker', 'masker', keys.masker),
  ])
  await publishCertificates({ log, registry, root: keys.root.publicKey, certificates, source: '/test' })
  const lost: ApprovalRequest[] = []
  const incidents: ProxyIncident[] = []
  const onIncident = (incident: ProxyIncident): void => void incidents.push(incident)
  const trusted = await TrustedKeys.open({ log, registry, root: keys.root.publicKey, onIncident })
  const appendRaw: ControlPlane['appendRaw'] = async (topic, recordKey, value, partition = 0) => {
    const producer = await log.producer(topic, { partition })
    await producer.append([{ key: Buffer.from(recordKey), value, headers: '{}' }])
    await producer.close()
  }
  return {
    dir,
    log,
    registry,
    trusted,
    keys,
    incidents,
    lost,
    appendRaw,
    append: async (topic, recordKey, content, options = {}) => {
      const { version = 1, previous = null, partition = 0 } = options
      const key = options.key ?? keys[WRITERS[topic] ?? 'console']
      const place = { version, previous, time: nowMicros() }
      const value = signControl(await controlCodec(registry, topic), topic, recordKey, content, place, key)
      await appendRaw(topic, recordKey, value, partition)
      return value
    },
    openDesk: async ({ maxHeld = 1_000, graceMs = 2_000 } = {}) => {
      const common = { log, registry, partition: NODE.partition }
      const writer = await ControlWriter.open({
        ...common,
        topic: TOPICS.approvalRequests,
        key: keys.node,
        nowMicros,
      })
      const reader = await ControlReader.open({
        ...common,
        topic: TOPICS.decisions,
        keys: trusted,
        role: 'approver',
        memory: null,
        onIncident,
      })
      const onLost = (content: ApprovalRequest): void => {
        lost.push(content)
      }
      return LoggedApprovalDesk.open({ node: NODE, writer, reader, maxHeld, nowMicros, onIncident, onLost, graceMs })
    },
    requests: async () => {
      const codec = await controlCodec(registry, TOPICS.approvalRequests)
      return (await readAll(log, TOPICS.approvalRequests)).map(({ value }) => codec.decode(value))
    },
    stop: async () => {
      await trusted.close()
      await log.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function certify(root: SigningKey, role: KeyRole, name: string, key: SigningKey): Promise<Buffer> {
  const facts = { role, name, key, validFrom: nowMicros() - 60 * SECOND_MICROS, validUntil: null }
  return issueCertificate(root, facts, { version: 1, previous: null, time: nowMicros() })
}

async function readAll(log: EmbeddedLog, topic: string): Promise<readonly StoredRecord[]> {
  const consumer = await log.consumer({ group: null, topics: [topic], from: 'earliest' })
  const all: StoredRecord[] = []
  try {
    for (;;) {
      const records = await consumer.poll({ maxRecords: 1_000, maxBytes: 16 * 1024 * 1024, maxWaitMs: 0 })
      if (records.length === 0) return all
      all.push(...records)
    }
  } finally {
    await consumer.close()
  }
}

export function facts(overrides: Partial<ApprovalFacts> = {}): ApprovalFacts {
  return {
    sessionId: uuidv7(),
    execution: 1,
    eventId: uuidv7(),
    subject: AGENT,
    connection: 'shop',
    protocol: 'postgres',
    application: null,
    clientAddress: null,
    purpose: null,
    trace: null,
    summary: 'UPDATE orders',
    command: "update orders set status = 'shipped' where id = 7",
    parameters: [],
    commentsRemoved: 0,
    touches: [{ kind: 'table', name: 'public.orders' }],
    estimatedRows: null,
    inTransaction: false,
    policyIds: ['agents-write-with-approval'],
    policyVersion: '0123456789ab',
    approvalRules: ['data-owner'],
    expiresAt: nowMicros() + 600 * SECOND_MICROS,
    commandDigest: Buffer.alloc(32, 7),
    ...overrides,
  }
}

/** What the approver says to that request once somebody approved it. */
export function approvalOf(
  approvalId: string,
  { sessionId, execution, commandDigest, policyVersion }: ApprovalFacts,
  overrides: Partial<ApprovalDecision> = {},
): ApprovalDecision {
  const time = nowMicros()
  return {
    approvalId,
    kind: 'approved',
    nodeId: NODE.id,
    sessionId,
    execution,
    commandDigest,
    policyVersion,
    time,
    usableUntil: time + 60 * SECOND_MICROS,
    reviewId: uuidv7(),
    reviewers: [{ person: 'olivia', issuer: AGENT.issuer, id: 'olivia', groups: ['data-owners'], reason: 'ok' }],
    reasonCode: null,
    reason: null,
    ...overrides,
  }
}

/** Waits for a condition, with a deadline. */
export async function until<T>(look: () => T | Promise<T>, holds: (seen: T) => boolean, ms = WAIT_MS): Promise<T> {
  const deadline = performance.now() + ms
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > deadline) throw new Error(`not in time: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

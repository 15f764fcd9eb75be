// What surrounds a console under test: a real log, keys with certificates under a root, a node that asks for approvals,
// and an approver that is played: it opens the sealed token, and answers what the test says.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type ApprovalReview,
  generateSealingKeyPair,
  generateSigningKey,
  importSealingPrivateKey,
  importSigningKey,
  type KeyRole,
  LocalSchemaRegistry,
  nowMicros,
  openText,
  publicKeyPem,
  type Requested,
  type SigningKey,
  TOPICS,
  uuidBytes,
  uuidv7,
} from '@sluice/events'
import { NO_MASKING_RULES } from '@sluice/mask'
import { type ApprovalRules, type ApprovalRulesInput, approvalRulesSchema, newApprovalCode } from '@sluice/policy'
import { EmbeddedLog } from '@sluice/stream'
import { ControlReader, ControlWriter, issueCertificate, publishCertificates, TrustedKeys } from '@sluice/trust'
import type { ControlPlaneOptions } from './control-plane.ts'

export const DATA_OWNERS: ApprovalRulesInput = {
  'data-owner': { reviewers: ['group:data-owners'], count: 1 },
  two: { reviewers: ['group:data-owners'], count: 2 },
}

/** What the played approver says to a vote; null: nothing. */
export type Answering = (review: ApprovalReview, token: string) => Partial<ApprovalDecision> | null

export type Asked = { readonly approvalId: string; readonly code: string; readonly requested: Requested }

export type TestWorld = {
  readonly dir: string
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry
  readonly root: SigningKey
  readonly signing: Readonly<Record<'node' | 'console' | 'approver', SigningKey>>
  readonly approvalRules: ApprovalRules
  readonly config: ControlPlaneOptions['config']
  readonly reviews: { readonly review: ApprovalReview; readonly token: string }[]
  answering: Answering
  certify(role: KeyRole, name: string): Promise<SigningKey>
  ask(changes?: Partial<Requested>): Promise<Asked>
  say(approvalId: string, said: Partial<ApprovalRequest> & Pick<ApprovalRequest, 'kind'>): Promise<void>
  decide(asked: Asked, decision: Partial<ApprovalDecision>): Promise<void>
  stop(): Promise<void>
}

export async function createTestWorld(): Promise<TestWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-console-world-'))
  const log = EmbeddedLog.open(join(dir, 'log'))
  const registry = LocalSchemaRegistry.open(join(dir, 'schemas.json'))
  const root = importSigningKey(generateSigningKey())
  const consolePem = generateSigningKey()
  const sealing = await generateSealingKeyPair()
  const certified = async (key: SigningKey, role: KeyRole, name: string): Promise<SigningKey> => {
    const time = nowMicros()
    const facts = { key, role, name, validFrom: time, validUntil: null }
    const certificate = await issueCertificate(root, facts, { version: 1, previous: null, time })
    const told = { log, registry, root: root.publicKey, source: '/sluice/consoles/test' }
    await publishCertificates({ ...told, certificates: [certificate] })
    return key
  }
  const certify: TestWorld['certify'] = (role, name) => certified(importSigningKey(generateSigningKey()), role, name)
  const signing = {
    node: await certify('node', 'node-1'),
    console: await certified(importSigningKey(consolePem), 'console', 'console'),
    approver: await certify('approver', 'approver'),
  }
  const files = {
    'root.pub': publicKeyPem(root.publicKey),
    'console.pem': consolePem,
    'approver.pub': sealing.publicKey,
  }
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(dir, name), content)))
  const approvalRules = approvalRulesSchema.parse(DATA_OWNERS)
  const writing = { log, registry, nowMicros }
  const requests = await ControlWriter.open({ ...writing, topic: TOPICS.approvalRequests, key: signing.node })
  const decisions = await ControlWriter.open({ ...writing, topic: TOPICS.decisions, key: signing.approver })
  const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident: () => {} })
  const reading = { log, registry, keys, memory: null, onIncident: () => {} }
  const votes = await ControlReader.open({ ...reading, topic: TOPICS.approvalReviews, role: 'console' })
  const secret = await importSealingPrivateKey(sealing.privateKey)
  const waiting = new Map<string, Asked>()

  const world: TestWorld = {
    dir,
    log,
    registry,
    root,
    signing,
    approvalRules,
    config: {
      approvals: approvalRules,
      connections: { shop: connection('shop', true), prod: connection('prod', false) },
      keys: testKeys(dir),
      masking: NO_MASKING_RULES,
      node: { id: 'console-1', partition: 0 },
      people: [],
      trust: { dir: join(dir, 'trust') },
    },
    reviews: [],
    answering: () => null,
    certify,
    async ask(changes = {}) {
      const approvalId = uuidv7()
      const requested = testRequest(changes)
      const asked = { approvalId, code: requested.code, requested }
      waiting.set(approvalId, asked)
      await world.say(approvalId, { kind: 'requested', requested })
      return asked
    },
    async say(approvalId, said) {
      await requests.publish(approvalId, testSaying(approvalId, said))
    },
    async decide(asked, decision) {
      await decisions.publish(asked.approvalId, testDecision(asked, decision))
    },
    async stop() {
      await votes.close()
      await Promise.all([requests.close(), decisions.close(), keys.close()])
      await log.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
  votes.follow(async ({ content }) => {
    const token = await openText(secret, 'sluice-review-token-v1', uuidBytes(content.reviewId), content.token)
    world.reviews.push({ review: content, token })
    const asked = waiting.get(content.approvalId)
    const answer = world.answering(content, token)
    if (answer !== null && asked !== undefined) await world.decide(asked, { reviewId: content.reviewId, ...answer })
  })
  return world
}

const connection = (name: string, demo: boolean): ControlPlaneOptions['config']['connections'][string] => ({
  protocol: 'postgres',
  host: '127.0.0.1',
  port: 5432,
  database: name,
  tls: { mode: 'disable' },
  credentials: { user: 'gateway', password: 'file:none' },
  demo,
  labels: {},
  masking: 'on',
})

/** The console reads three of them; the others are nowhere. */
function testKeys(dir: string): ControlPlaneOptions['config']['keys'] {
  const none = join(dir, 'none')
  return {
    root: join(dir, 'root.pub'),
    certificates: none,
    console: join(dir, 'console.pem'),
    approverPublic: join(dir, 'approver.pub'),
    node: none,
    approver: none,
    approverPrivate: none,
    maskerPublic: none,
    maskerPrivate: none,
    maskerSigning: none,
  }
}

export function testRequest(changes: Partial<Requested> = {}): Requested {
  return {
    code: newApprovalCode(randomBytes),
    sessionId: uuidv7(),
    execution: 1,
    eventId: uuidv7(),
    subject: { issuer: 'https://issuer.test', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null },
    connection: 'shop',
    protocol: 'postgres',
    application: 'psql',
    clientAddress: '127.0.0.1',
    purpose: 'ticket 4711',
    trace: null,
    summary: 'UPDATE orders',
    command: "update orders set status = 'shipped' where id = 7",
    parameters: [],
    commentsRemoved: 0,
    touches: [{ kind: 'table', name: 'public.orders' }],
    estimatedRows: 1,
    inTransaction: false,
    policyIds: ['agents-write-with-approval'],
    policyVersion: '000000000000',
    approvalRules: ['data-owner'],
    expiresAt: nowMicros() + 600_000_000,
    commandDigest: randomBytes(32),
    ...changes,
  }
}

export function testSaying(
  approvalId: string,
  said: Partial<ApprovalRequest> & Pick<ApprovalRequest, 'kind'>,
): ApprovalRequest {
  const nothing = { requested: null, withdrawn: null, executed: null }
  return { approvalId, nodeId: 'node-1', replyPartition: 0, time: nowMicros(), ...nothing, ...said }
}

export function testDecision(
  { approvalId, requested }: Asked,
  decision: Partial<ApprovalDecision>,
  nodeId = 'node-1',
): ApprovalDecision {
  const { sessionId, execution, commandDigest, policyVersion } = requested
  return {
    approvalId,
    kind: 'approved',
    nodeId,
    sessionId,
    execution,
    commandDigest,
    policyVersion,
    time: nowMicros(),
    usableUntil: null,
    reviewId: null,
    reviewers: [],
    reasonCode: null,
    reason: null,
    ...decision,
  }
}

/** Looks again and again until it is so; the deadline is the test's own failure. */
export async function until<T>(
  look: () => Promise<T> | T,
  isSo: (value: T) => boolean,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const value = await look()
    if (isSo(value)) return value
    if (performance.now() > end) throw new Error(`it did not become so: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

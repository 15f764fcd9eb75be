// An approver on a log of its own in a temporary directory, with a node that asks and a console that votes. For tests.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type Codec,
  controlCodec,
  generateSealingKeyPair,
  generateSigningKey,
  importSealingPrivateKey,
  importSealingPublicKey,
  importSigningKey,
  type KeyRole,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  PeerInvalid,
  REVIEW_TOKEN_INFO,
  type Requested,
  type Signed,
  type SigningKey,
  type Subject,
  sealText,
  TOPICS,
  uuidBytes,
  uuidv7,
} from '@sluice/events'
import type { VerifiedSubject } from '@sluice/identity'
import { approvalRulesJson, approvalRulesSchema, contentHashOf, policyVersionOf, shownDigest } from '@sluice/policy'
import { createLogger, Registry } from '@sluice/service'
import { EmbeddedLog, type EventLog } from '@sluice/stream'
import { ControlWriter, issueCertificate, publishCertificates, TrustedKeys, VersionMemory } from '@sluice/trust'
import { NODE, person, requestedOf, rules, settings } from './approvals.fixture.ts'
import { Approver } from './approver.ts'
import { approverMetrics } from './approver-metrics.ts'
import type { ApproverSettings } from './approver-settings.ts'

/** Wide enough for everything that a test waits for, on a machine that does much else. */
export const WAIT_MS = 15_000
const MINUTE_MICROS = 60_000_000

export type Asked = { readonly approvalId: string; readonly requested: Requested }
export type VoteChange = {
  readonly vote?: 'approve' | 'deny'
  readonly reviewId?: string
  readonly approvalId?: string
  /** What is sealed, instead of a good token. */
  readonly token?: string
  /** The review that the token was sealed for, instead of this one. */
  readonly sealedFor?: string
  readonly shownDigest?: Buffer
}
export type Running = { readonly approver: Approver; readonly metrics: Registry; stop(): Promise<void> }
type StartChoices = {
  readonly settings?: Partial<ApproverSettings>
  readonly interpose?: (log: EventLog) => EventLog
  /** Instead of the one that is certified. */
  readonly signingKey?: SigningKey
  readonly certificateMs?: number
}

const newKey = (): { readonly pem: string; readonly key: SigningKey } => {
  const pem = generateSigningKey()
  return { pem, key: importSigningKey(pem) }
}

/** A token of the tests: what it says, as it is. */
export const tokenOf = (subject: Subject, authenticatedAt: number | null = Date.now() / 1000): string =>
  JSON.stringify({ ...subject, demo: false, expiresAt: 0, authenticatedAt } satisfies VerifiedSubject)

const verifier = {
  async verify(token: string): Promise<VerifiedSubject> {
    if (token === 'expired') throw new PeerInvalid('token_expired', 'the token has expired; get a new one')
    return JSON.parse(token) as VerifiedSubject
  },
}

export class World {
  readonly dir: string
  readonly root = newKey().key
  readonly node = newKey().key
  readonly console = newKey().key
  readonly approver = newKey()
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry
  sealing: { readonly publicKey: Buffer; readonly privateKey: Buffer } = {
    publicKey: Buffer.alloc(0),
    privateKey: Buffer.alloc(0),
  }
  policyVersion = ''
  readonly #running = new Set<Running>()
  readonly #writers = new Map<string, Promise<{ close(): Promise<void> }>>()
  #asked = 0
  #decisions: Codec<Signed<ApprovalDecision>> | null = null

  private constructor(dir: string) {
    this.dir = dir
    this.log = EmbeddedLog.open(join(dir, 'log'))
    this.registry = LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE))
  }

  /** With policies, unless they are null. */
  static async create(policies: typeof rules | null = rules): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'sluice-approver-')))
    world.sealing = await generateSealingKeyPair()
    await world.certify(world.node, 'node', NODE)
    await world.certify(world.console, 'console', 'console')
    await world.certify(world.approver.key, 'approver', 'approver')
    if (policies !== null) await world.applyPolicies(policies)
    return world
  }

  async certify(key: SigningKey, role: KeyRole, name: string): Promise<Buffer> {
    const facts = { key, role, name, validFrom: 0, validUntil: null }
    const certificate = await issueCertificate(this.root, facts, { version: 1, previous: null, time: nowMicros() })
    const { log, registry, root } = this
    await publishCertificates({ log, registry, root: root.publicKey, certificates: [certificate], source: '/test' })
    return certificate
  }

  /** Returns the set's version. */
  async applyPolicies(written: unknown, contentHash?: string): Promise<string> {
    const approvalRules = approvalRulesSchema.parse(written)
    const hash = contentHash ?? contentHashOf({ files: [], approvalRules })
    const writer = await this.#writer(TOPICS.policies, this.console)
    await writer.publish('current', {
      contentHash: hash,
      files: [],
      approvalRules: approvalRulesJson(approvalRules),
      masking: '{}',
      appliedBy: person('admin'),
    })
    const version = policyVersionOf(hash)
    if (contentHash === undefined) this.policyVersion = version
    return version
  }

  async start(choices: StartChoices = {}): Promise<Running> {
    const { settings: change = {}, interpose = (log) => log, signingKey = this.approver.key } = choices
    const { certificateMs = WAIT_MS } = choices
    const real = EmbeddedLog.open(join(this.dir, 'log'))
    const log = interpose(real)
    const { registry, root } = this
    const memory = VersionMemory.open(join(this.dir, 'trust', 'approver.json'))
    const keys = await TrustedKeys.open({ log: real, registry, root: root.publicKey, memory, onIncident: () => {} })
    const metrics = new Registry()
    try {
      const approver = await Approver.open({
        log,
        registry,
        keys,
        signingKey,
        sealingKey: await importSealingPrivateKey(this.sealing.privateKey),
        verifier,
        memory,
        settings: { ...settings, heldPerSubject: 1_000, held: 1_000, ...change },
        metrics: approverMetrics(metrics),
        logger: createLogger('approver', { level: 'silent' as 'fatal' }),
        nowMicros,
        stopping: new AbortController().signal,
        certificateMs,
        fail: (error) => {
          throw error
        },
      })
      const running: Running = {
        approver,
        metrics,
        stop: async () => {
          this.#running.delete(running)
          await approver.close()
          await keys.close()
          await real.close()
        },
      }
      this.#running.add(running)
      return running
    } catch (error) {
      await keys.close()
      await real.close()
      throw error
    }
  }

  async ask(change: Partial<Requested> = {}, more: Partial<ApprovalRequest> = {}, key = this.node): Promise<Asked> {
    const expiresAt = nowMicros() + 30 * MINUTE_MICROS
    const place = { sessionId: uuidv7(), expiresAt, policyVersion: this.policyVersion }
    const requested = { ...requestedOf(this.#asked++), ...place, ...change }
    const approvalId = more.approvalId ?? uuidv7()
    await this.say({ approvalId, kind: 'requested', requested, ...more }, key)
    return { approvalId, requested }
  }

  /** Anything that a node may say. */
  async say(
    record: Partial<ApprovalRequest> & Pick<ApprovalRequest, 'approvalId' | 'kind'>,
    key = this.node,
  ): Promise<void> {
    const writer = await this.#writer(TOPICS.approvalRequests, key)
    const whole = {
      nodeId: NODE,
      replyPartition: 3,
      time: nowMicros(),
      requested: null,
      withdrawn: null,
      executed: null,
    }
    await writer.publish(record.approvalId, { ...whole, ...record })
  }

  /** Returns the review's id. */
  async vote(asked: Asked, subject: Subject, change: VoteChange = {}, key = this.console): Promise<string> {
    const { reviewId = uuidv7(), approvalId = asked.approvalId, vote = 'approve', token = tokenOf(subject) } = change
    const recipient = await importSealingPublicKey(this.sealing.publicKey)
    const sealed = await sealText(recipient, REVIEW_TOKEN_INFO, uuidBytes(change.sealedFor ?? reviewId), token)
    const writer = await this.#writer(TOPICS.approvalReviews, key)
    await writer.publish(approvalId, {
      approvalId,
      reviewId,
      vote,
      reason: null,
      shownDigest: change.shownDigest ?? shownDigest(asked.approvalId, asked.requested),
      token: sealed,
      time: nowMicros(),
    })
    return reviewId
  }

  /** All decisions that are in the log, by partition and then in order. */
  async decisions(): Promise<readonly (ApprovalDecision & { readonly partition: number })[]> {
    this.#decisions ??= await controlCodec(this.registry, TOPICS.decisions)
    const codec = this.#decisions
    const reader = await this.log.consumer({ group: null, topics: [TOPICS.decisions], from: 'earliest' })
    const all: (ApprovalDecision & { readonly partition: number })[] = []
    for (;;) {
      const records = await reader.poll({ maxRecords: 1_000, maxBytes: 8_388_608, maxWaitMs: 0 })
      if (records.length === 0) break
      all.push(...records.map(({ value, partition }) => ({ ...codec.decode(value), partition })))
    }
    await reader.close()
    return all
  }

  /** What was decided on a request: kinds with the reason's code. */
  async decided({ approvalId }: Pick<Asked, 'approvalId'>): Promise<readonly string[]> {
    const own = (await this.decisions()).filter((decision) => decision.approvalId === approvalId)
    return own.map(({ kind, reasonCode }) => [kind, reasonCode].filter(Boolean).join(' '))
  }

  async stop(): Promise<void> {
    for (const running of this.#running) await running.stop()
    for (const writer of this.#writers.values()) await (await writer).close()
    await this.log.close()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Writers of one topic share its partition in the log, whoever signs. */
  #writer<Topic extends typeof TOPICS.policies | typeof TOPICS.approvalRequests | typeof TOPICS.approvalReviews>(
    topic: Topic,
    key: SigningKey,
  ): Promise<ControlWriter<Topic>> {
    const name = `${topic} ${key.keyId}`
    const known = this.#writers.get(name) as Promise<ControlWriter<Topic>> | undefined
    if (known !== undefined) return known
    const { log, registry } = this
    const writer = ControlWriter.open({ log, registry, topic, key, nowMicros })
    this.#writers.set(name, writer)
    return writer
  }
}

/** The value of a metric, by the line that begins so; 0 where it is not there. */
export async function metric(registry: Registry, line: string): Promise<number> {
  const found = (await registry.metrics()).split('\n').find((each) => each.startsWith(`${line} `))
  return Number(found?.slice(line.length + 1) ?? 0)
}

/** The log, but news of this topic come only to who asks what is there now. */
export const withoutNews =
  (topic: string) =>
  (log: EventLog): EventLog => ({
    producer: (name, options) => log.producer(name, options),
    close: () => log.close(),
    consumer: async (options) => {
      const consumer = await log.consumer(options)
      if (!options.topics.includes(topic)) return consumer
      const poll: typeof consumer.poll = async (bounds) => {
        if (bounds.maxWaitMs === 0) return consumer.poll(bounds)
        await sleep(bounds.maxWaitMs, undefined, { signal: bounds.signal ?? undefined }).catch(() => undefined)
        return []
      }
      return {
        poll,
        commit: (position) => consumer.commit(position),
        committed: (...where) => consumer.committed(...where),
        seek: (...where) => consumer.seek(...where),
        endOffsets: (name) => consumer.endOffsets(name),
        close: () => consumer.close(),
      }
    },
  })

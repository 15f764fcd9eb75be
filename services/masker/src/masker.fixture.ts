// A masker on a log of its own in a temporary directory, and a node that writes frames into it. For tests.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Audit,
  type AuditCodec,
  auditCodec,
  type Codec,
  type DeadLetter,
  deadLetterCodec,
  type EventPart,
  type FrameCodec,
  FrameRecorder,
  frameCodec,
  generateSealingKeyPair,
  generateSigningKey,
  importSealingPrivateKey,
  importSealingPublicKey,
  importSigningKey,
  importVerifyingKey,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  type RecordedEvent,
  SessionSealer,
  TOPICS,
  uuidv7,
} from '@sluice/events'
import { createLogger, Registry } from '@sluice/service'
import { EmbeddedLog, type EventLog, type StoredRecord } from '@sluice/stream'
import { FrameProcessor, type TagsKnown } from './frame-processor.ts'
import { Masker } from './masker.ts'
import { maskerMetrics } from './masker-metrics.ts'
import { MaskerState } from './masker-state.ts'
import { SessionOpeners } from './session-openers.ts'

export const NODE = 'node-1'
const SUBJECT = { issuer: 'https://issuer.test', id: 'agent-1', kind: 'agent', groups: [], onBehalfOf: null } as const

export const opened: EventPart = { kind: 'session_opened', direction: 'none', operation: 'open' }
export const closed: EventPart = { kind: 'session_closed', direction: 'none', operation: 'close' }

export function query(shape: string, ...literals: readonly string[]): EventPart {
  const text = { kind: 'text', label: 'sql', bytes: Buffer.from(shape) } as const
  const cuts = literals.map((value) => ({ kind: 'literal', label: 'string', bytes: Buffer.from(value) }) as const)
  return { kind: 'request', direction: 'to_upstream', operation: 'Query', segments: [text, ...cuts] }
}

export type Keys = {
  readonly masker: string
  readonly maskerPublic: string
  readonly node: string
  readonly signing: string
}

/** Keys as text, so that another process can take them over. */
export async function newKeys(): Promise<Keys> {
  const pair = await generateSealingKeyPair()
  return {
    masker: pair.privateKey.toString('base64'),
    maskerPublic: pair.publicKey.toString('base64'),
    node: generateSigningKey(),
    signing: generateSigningKey(),
  }
}

/** No plan was made for any connection. */
const NO_TAGS: TagsKnown = { view: () => null, detectors: () => null, onSeen: () => undefined }

/** What `interpose` may put between the masker and the world: to break it at a step. */
export type Interposed = { readonly log: EventLog; readonly state: MaskerState }

export async function startMasker(
  dir: string,
  keys: Keys,
  interpose: (real: Interposed) => Interposed = (real) => real,
  tags: TagsKnown = NO_TAGS,
): Promise<{ masker: Masker; registry: Registry; stop: () => Promise<void> }> {
  const real = { log: EmbeddedLog.open(join(dir, 'log')), state: MaskerState.open(join(dir, 'masker', 'state.db')) }
  const { log, state } = interpose(real)
  const schemas = LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE))
  const audits = await auditCodec(schemas)
  const deadLetters = await deadLetterCodec(schemas, TOPICS.frameDeadLetters)
  const openers = new SessionOpeners(await importSealingPrivateKey(Buffer.from(keys.masker)))
  const processor = new FrameProcessor({
    frames: await frameCodec(schemas),
    audits,
    deadLetters,
    openers,
    nodeKeys: new Map([[NODE, importVerifyingKey(importSigningKey(keys.node).publicKey)]]),
    signingKey: importSigningKey(keys.signing),
    tags,
  })
  const registry = new Registry()
  const close = async () => {
    await real.log.close()
    real.state.close()
  }
  try {
    const metrics = maskerMetrics(registry)
    const logger = createLogger('masker', { level: 'fatal' })
    const masker = await Masker.open({
      log,
      state,
      processor,
      openers,
      audits,
      deadLetters,
      metrics,
      logger,
      nowMicros,
    })
    return {
      masker,
      registry,
      stop: async () => {
        await masker.close().catch(() => undefined)
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A node: writes sessions' events into the frames topic. */
export class Node {
  readonly dir: string
  readonly keys: Keys
  readonly #log: EmbeddedLog

  private constructor(dir: string, keys: Keys) {
    this.dir = dir
    this.keys = keys
    this.#log = EmbeddedLog.open(join(dir, 'log'))
  }

  static async start(): Promise<Node> {
    return new Node(await mkdtemp(join(tmpdir(), 'sluice-masker-')), await newKeys())
  }

  async session(): Promise<{ sessionId: string; recorder: Pick<FrameRecorder, 'record'> }> {
    const sessionId = uuidv7()
    const codec = await frameCodec(LocalSchemaRegistry.open(join(this.dir, 'log', LOCAL_REGISTRY_FILE)))
    const sealer = await SessionSealer.create(
      sessionId,
      await importSealingPublicKey(Buffer.from(this.keys.maskerPublic)),
    )
    const facts = { sessionId, nodeId: NODE, protocol: 'postgres', connection: 'shop', subject: SUBJECT }
    const recorder = new FrameRecorder({ ...facts, codec, nodeKey: importSigningKey(this.keys.node), sealer })
    // The tests keep several events; the recorder's own buffer holds the last one.
    const record = (part: EventPart): RecordedEvent => {
      const event = recorder.record(part)
      return { ...event, value: Buffer.from(event.value) }
    }
    return { sessionId, recorder: { record } }
  }

  async append(events: readonly Pick<RecordedEvent, 'key' | 'value' | 'headers'>[]): Promise<void> {
    const producer = await this.#log.producer(TOPICS.frames)
    await producer.append(events)
    await producer.close()
  }

  /** A whole session with so many statements; returns the event ids in order. */
  async runSession(statements: number): Promise<string[]> {
    const { recorder } = await this.session()
    const parts = [
      opened,
      ...Array.from({ length: statements }, () => query('select \0', "'raw-secret-value'")),
      closed,
    ]
    const events = parts.map((part) => recorder.record(part))
    await this.append(events)
    return events.map((event) => event.header.eventId)
  }

  async records(topic: string): Promise<StoredRecord[]> {
    const reader = await this.#log.consumer({ group: null, topics: [topic], from: 'earliest' })
    const all: StoredRecord[] = []
    for (;;) {
      const records = await reader.poll({ maxRecords: 1_000, maxBytes: 8_388_608, maxWaitMs: 0 })
      if (records.length === 0) break
      all.push(...records)
    }
    await reader.close()
    return all
  }

  /** How many records the topic's only partition has taken. */
  async count(topic: string): Promise<number> {
    const reader = await this.#log.consumer({ group: null, topics: [topic], from: 'latest' })
    const ends = await reader.endOffsets(topic)
    await reader.close()
    return ends.get(0) ?? 0
  }

  async codecs(): Promise<{ frames: FrameCodec; audits: AuditCodec; deadLetters: Codec<DeadLetter> }> {
    const schemas = LocalSchemaRegistry.open(join(this.dir, 'log', LOCAL_REGISTRY_FILE))
    return {
      frames: await frameCodec(schemas),
      audits: await auditCodec(schemas),
      deadLetters: await deadLetterCodec(schemas, TOPICS.frameDeadLetters),
    }
  }

  async audits(): Promise<Audit[]> {
    const { audits } = await this.codecs()
    return (await this.records(TOPICS.audit)).map(({ value }) => audits.decode(value))
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const { deadLetters } = await this.codecs()
    return (await this.records(TOPICS.frameDeadLetters)).map(({ value }) => deadLetters.decode(value))
  }

  /** Runs a masker until it has seen every frame, or `signal` is aborted in the middle of its work. */
  async mask(
    interpose?: (real: Interposed) => Interposed,
    signal: AbortSignal = new AbortController().signal,
    tags?: TagsKnown,
  ): Promise<{ registry: Registry }> {
    const { masker, registry, stop } = await startMasker(this.dir, this.keys, interpose, tags)
    try {
      while (!signal.aborted && (await masker.step(signal, 0)) > 0);
    } finally {
      await stop()
    }
    return { registry }
  }

  async stop(): Promise<void> {
    await this.#log.close()
    await rm(this.dir, { recursive: true, force: true })
  }
}

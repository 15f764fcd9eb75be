// A log in a folder of its own, keys under a root, and the ways in which somebody who can write the log may lie.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  controlCodec,
  generateSigningKey,
  importSigningKey,
  type KeyRole,
  LocalSchemaRegistry,
  nowMicros,
  type PolicySet,
  type SigningKey,
  signControl,
  TOPICS,
  type TopicName,
} from '@sluice/events'
import { EmbeddedLog } from '@sluice/stream'
import { issueCertificate, publishCertificates } from './certificate.ts'
import { ControlReader } from './control-reader.ts'
import { ControlWriter } from './control-writer.ts'
import type { Incident } from './incident.ts'
import { TrustedKeys } from './trusted-keys.ts'
import type { Place } from './version-check.ts'
import type { VersionMemory } from './version-memory.ts'

export const newKey = (): SigningKey => importSigningKey(generateSigningKey())

export const policySet = (name: string): PolicySet => ({
  contentHash: name,
  files: [],
  approvalRules: '{}',
  masking: '{}',
  appliedBy: { issuer: 'https://issuer.test', id: 'admin', kind: 'human', groups: ['admins'], onBehalfOf: null },
})

export type CertifyOptions = {
  readonly validFrom?: number
  readonly validUntil?: number | null
  readonly version?: number
  readonly previous?: Buffer | null
  readonly signer?: SigningKey
}

export class TrustStand {
  readonly dir: string
  readonly root: SigningKey
  readonly console: SigningKey
  readonly incidents: Incident[]
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry

  /** An installation, or what is left of one: with an empty log. */
  constructor(left?: Pick<TrustStand, 'dir' | 'root' | 'console' | 'incidents'>) {
    this.dir = left?.dir ?? mkdtempSync(join(tmpdir(), 'sluice-trust-'))
    this.root = left?.root ?? newKey()
    this.console = left?.console ?? newKey()
    this.incidents = left?.incidents ?? []
    this.log = EmbeddedLog.open(mkdtempSync(join(this.dir, 'log-')))
    this.registry = LocalSchemaRegistry.open(join(this.dir, 'schemas.json'))
  }

  get codes(): readonly string[] {
    return this.incidents.map(({ code }) => code)
  }

  certificate(key: SigningKey, role: KeyRole, options: CertifyOptions = {}): Promise<Buffer> {
    const { validFrom = 0, validUntil = null, version = 1, previous = null, signer = this.root } = options
    const facts = { key, role, name: `a ${role}`, validFrom, validUntil }
    return issueCertificate(signer, facts, { version, previous, time: nowMicros() })
  }

  async certify(key: SigningKey, role: KeyRole, options: CertifyOptions = {}): Promise<Buffer> {
    const certificate = await this.certificate(key, role, options)
    await this.publish([certificate])
    return certificate
  }

  publish(certificates: readonly Buffer[]): Promise<{ readonly published: number }> {
    const { log, registry, root } = this
    return publishCertificates({ log, registry, root: root.publicKey, certificates, source: '/test' })
  }

  keys(memory: VersionMemory | null = null): Promise<TrustedKeys> {
    const { log, registry, root } = this
    return TrustedKeys.open({ log, registry, root: root.publicKey, memory, onIncident: this.tell })
  }

  writer(key = this.console): Promise<ControlWriter<typeof TOPICS.policies>> {
    const { log, registry } = this
    return ControlWriter.open({ log, registry, topic: TOPICS.policies, key, nowMicros })
  }

  reader(keys: TrustedKeys, memory: VersionMemory | null = null): Promise<ControlReader<typeof TOPICS.policies>> {
    const { log, registry } = this
    return ControlReader.open({
      log,
      registry,
      topic: TOPICS.policies,
      keys,
      role: 'console',
      memory,
      onIncident: this.tell,
    })
  }

  /** A policy set as any key can sign it. */
  async signed(name: string, place: Partial<Place> & { previous?: Buffer | null }, key = this.console, at = 'current') {
    const codec = await controlCodec(this.registry, TOPICS.policies)
    const { version = 1, previous = null } = place
    return signControl(codec, TOPICS.policies, at, policySet(name), { version, previous, time: nowMicros() }, key)
  }

  /** Past all writers: as somebody with access to the log would. */
  async append(value: Buffer, key = 'current', topic: TopicName = TOPICS.policies): Promise<void> {
    const producer = await this.log.producer(topic)
    await producer.append([{ key: Buffer.from(key), value, headers: '{}' }])
    await producer.close()
  }

  /** Everything of a topic, as it lies there. */
  async values(topic: TopicName = TOPICS.policies): Promise<readonly Buffer[]> {
    const consumer = await this.log.consumer({ group: null, topics: [topic], from: 'earliest' })
    const records = await consumer.poll({ maxRecords: 10_000, maxBytes: 1e8, maxWaitMs: 0 })
    await consumer.close()
    return records.map(({ value }) => value)
  }

  readonly tell = (incident: Incident): void => {
    this.incidents.push(incident)
  }

  async stop(): Promise<void> {
    await this.log.close()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Until `condition` holds; fails with what it is about where it does not in time. */
export async function until(condition: () => boolean, what: string, ms = 5_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

// Whose signatures count: certificates under the root key, as published on the topic of keys.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConfigInvalid,
  type ContentOf,
  importVerifyingKey,
  type KeyCertificate,
  type KeyRole,
  type SchemaRegistry,
  type Signed,
  signingKeyId,
  TOPICS,
  type VerifyingKey,
} from '@sluice/events'
import type { EventLog } from '@sluice/stream'
import { type Incident, shownKey } from './incident.ts'
import { keepNewest } from './keep-newest.ts'
import { type JudgeSigner, SignedTopic, type SignerStanding, type TrustedRecord } from './signed-topic.ts'
import type { VersionMemory } from './version-memory.ts'

/** The clocks of two machines may differ by so much. */
const CLOCK_SKEW_MICROS = 30_000_000
const PUBLIC_KEY_BYTES = 32
/** Only the root makes more; the oldest is then trusted no longer. */
export const MAX_CERTIFICATES = 10_000
/** The topic is looked at for unknown keys at most this often. */
const LOOK_AGAIN_MS = 10

export type TrustedKeysOptions = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  /** The 32 bytes of the root's public key, as pinned in the configuration. */
  readonly root: Buffer
  readonly memory?: VersionMemory | null
  readonly onIncident: (incident: Incident) => void
  readonly onFailure?: (error: unknown) => void
}

type Certified = { readonly certificate: Signed<KeyCertificate>; readonly key: VerifyingKey }

export class TrustedKeys {
  readonly #topic: SignedTopic<typeof TOPICS.keys>
  readonly #onIncident: (incident: Incident) => void
  readonly #certified = new Map<string, Certified>()
  /** `performance.now()` of the beginning of the last look that was completed. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null

  /** Resolves when every certificate that was published before is known; later ones are followed. */
  static async open(options: TrustedKeysOptions): Promise<TrustedKeys> {
    const { root, memory = null, ...rest } = options
    const topic = await SignedTopic.open({ ...rest, topic: TOPICS.keys, memory, judge: onlyRoot(root) })
    const keys = new TrustedKeys(topic, options.onIncident)
    try {
      await keys.#look()
    } catch (error) {
      await topic.close()
      throw error
    }
    topic.follow((record) => keys.#certify(record))
    return keys
  }

  private constructor(topic: SignedTopic<typeof TOPICS.keys>, onIncident: (incident: Incident) => void) {
    this.#topic = topic
    this.#onIncident = onIncident
  }

  /** The key, where it may sign as `role` at that time (microseconds since the epoch). */
  async find(keyId: string, role: KeyRole, atMicros: number): Promise<VerifyingKey | null> {
    const standing = await this.judge(role, keyId, [atMicros], performance.now())
    return standing.kind === 'trusted' ? standing.key : null
  }

  /** The same with the reason; looks into the topic once where the answer would be no. For readers of signed topics. */
  async judge(role: KeyRole, keyId: string, times: readonly number[], polledAt: number): Promise<SignerStanding> {
    const known = this.#standing(role, keyId, times)
    if (known.kind === 'trusted') return known
    await this.#lookedSince(polledAt)
    return this.#standing(role, keyId, times)
  }

  list(): readonly Signed<KeyCertificate>[] {
    return [...this.#certified.values()].map(({ certificate }) => certificate)
  }

  close(): Promise<void> {
    return this.#topic.close()
  }

  #standing(role: KeyRole, keyId: string, times: readonly number[]): SignerStanding {
    const found = this.#certified.get(keyId)
    const shown = shownKey(keyId)
    if (found === undefined)
      return { kind: 'foreign_key', detail: `the key ${shown} has no certificate of the root key` }
    const { certificate, key } = found
    if (certificate.role !== role) {
      return { kind: 'wrong_role', detail: `the key ${shown} may sign as ${certificate.role}, not as ${role}` }
    }
    if (!times.every((time) => isValidAt(certificate, time))) {
      return { kind: 'foreign_key', detail: `the key ${shown} was not valid at the time` }
    }
    return { kind: 'trusted', key, name: certificate.name }
  }

  /**
   * Until the topic was read to its end at a time after `since`. All who ask share a look, and one follows the other at
   * a distance: records by thousands of unknown keys cost no more than a few.
   */
  async #lookedSince(since: number): Promise<void> {
    while (this.#lookedAt < since) {
      this.#looking ??= this.#lookSoon().finally(() => {
        this.#looking = null
      })
      await this.#looking
    }
  }

  async #lookSoon(): Promise<void> {
    const wait = this.#lookedAt + LOOK_AGAIN_MS - performance.now()
    if (wait > 0) await sleep(wait)
    await this.#look()
  }

  async #look(): Promise<void> {
    const from = performance.now()
    await this.#topic.catchUp((record) => this.#certify(record))
    this.#lookedAt = from
  }

  #certify({ key: recordKey, content }: TrustedRecord<typeof TOPICS.keys>): void {
    const { keyId, publicKey } = content
    if (publicKey.length !== PUBLIC_KEY_BYTES || keyId !== recordKey || signingKeyId(publicKey) !== keyId) {
      const detail = 'the certificate names a key that it does not hold'
      this.#onIncident({ code: 'unreadable', topic: TOPICS.keys, key: shownKey(recordKey), detail })
      return
    }
    const certified = { certificate: content, key: importVerifyingKey(publicKey) }
    keepNewest(this.#certified, keyId, certified, MAX_CERTIFICATES)
  }
}

function isValidAt({ validFrom, validUntil }: ContentOf<typeof TOPICS.keys>, time: number): boolean {
  return time >= validFrom - CLOCK_SKEW_MICROS && (validUntil === null || time <= validUntil + CLOCK_SKEW_MICROS)
}

function onlyRoot(root: Buffer): JudgeSigner {
  if (root.length !== PUBLIC_KEY_BYTES) {
    throw new ConfigInvalid('root_key', `the root key has ${PUBLIC_KEY_BYTES} bytes; this one has ${root.length}`)
  }
  const key = importVerifyingKey(root)
  const trusted: SignerStanding = { kind: 'trusted', key, name: 'root' }
  const foreign: SignerStanding = { kind: 'foreign_key', detail: 'a certificate must be signed by the root key' }
  return async (keyId) => (keyId === key.keyId ? trusted : foreign)
}

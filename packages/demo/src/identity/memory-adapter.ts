/**
 * The provider's storage. With client credentials and JWT access tokens it keeps next to nothing; what it does keep may be
 * forgotten at a restart. Bounded: the oldest entry makes room for the newest.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'

const MAX_ENTRIES = 1_000

export class MemoryAdapter implements Adapter {
  readonly #entries = new Map<string, { payload: AdapterPayload; expiresAt: number }>()

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds?: number): Promise<void> {
    const oldest = this.#entries.keys().next()
    if (this.#entries.size >= MAX_ENTRIES && !oldest.done) this.#entries.delete(oldest.value)
    this.#entries.set(id, {
      payload,
      expiresAt: expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresInSeconds * 1_000,
    })
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#findWhere((payload, key) => key === id && payload !== undefined)
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#findWhere((payload) => payload.userCode === userCode)
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#findWhere((payload) => payload.uid === uid)
  }

  async consume(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1_000) }
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id)
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, { payload }] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(id)
  }

  #findWhere(wanted: (payload: AdapterPayload, id: string) => boolean): AdapterPayload | undefined {
    for (const [id, { payload, expiresAt }] of this.#entries) {
      if (expiresAt > Date.now() && wanted(payload, id)) return payload
    }
    return undefined
  }
}

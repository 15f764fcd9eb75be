import { join } from 'node:path'
import { controlCodec, controlHash, nowMicros, type SchemaRegistry, signControl, TOPICS } from '@sluice/events'
import type { Consumer, EventLog } from '@sluice/stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newKey, TrustStand, until } from './trust.fixture.ts'
import { TrustedKeys } from './trusted-keys.ts'
import { VersionMemory } from './version-memory.ts'

let stand: TrustStand
const opened: TrustedKeys[] = []

beforeEach(() => {
  stand = new TrustStand()
})
afterEach(async () => {
  for (const keys of opened.splice(0)) await keys.close()
  await stand.stop()
})

async function open(memory: VersionMemory | null = null): Promise<TrustedKeys> {
  const keys = await stand.keys(memory)
  opened.push(keys)
  return keys
}

/** The log, counting how often anybody looks whether there is something new. */
function counted(log: EventLog): { readonly log: EventLog; readonly looks: () => number } {
  let looks = 0
  const watch = (consumer: Consumer): Consumer =>
    new Proxy(consumer, {
      get(target, name) {
        if (name === 'poll') {
          return (options: Parameters<Consumer['poll']>[0]) => {
            if (options.maxWaitMs === 0) looks += 1
            return target.poll(options)
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  return {
    log: {
      producer: (topic, options) => log.producer(topic, options),
      consumer: async (options) => watch(await log.consumer(options)),
      close: () => log.close(),
    },
    looks: () => looks,
  }
}

describe('trusted keys', () => {
  it('are those that the root certified, for their role and their time', async () => {
    const [node, old] = [newKey(), newKey()]
    const now = nowMicros()
    await stand.certify(node, 'node', { validFrom: now })
    await stand.certify(old, 'approver', { validUntil: now - 3_600_000_000 })
    const keys = await open()
    expect(keys.list().map(({ keyId, role, name }) => [keyId, role, name])).toEqual([
      [node.keyId, 'node', 'a node'],
      [old.keyId, 'approver', 'a approver'],
    ])
    const found = await keys.find(node.keyId, 'node', now)
    expect(found?.verify(Buffer.from('x'), node.sign(Buffer.from('x')))).toBe(true)
    expect(await keys.find(node.keyId, 'console', now)).toBeNull()
    expect(await keys.find(node.keyId, 'node', now - 3_600_000_000)).toBeNull()
    expect(await keys.find(old.keyId, 'approver', now)).toBeNull()
    expect(await keys.find(old.keyId, 'approver', now - 7_200_000_000)).not.toBeNull()
    expect(await keys.find('ed25519-0000000000000000', 'node', now)).toBeNull()
    expect(await keys.find('__proto__', 'node', now)).toBeNull()
  })

  it('are none where a certificate names another key than it holds, even under the root', async () => {
    const [one, other] = [newKey(), newKey()]
    const codec = await controlCodec(stand.registry, TOPICS.keys)
    const facts = { role: 'node', name: 'node-1', validFrom: 0, validUntil: null } as const
    const place = { version: 1, previous: null, time: nowMicros() }
    for (const [keyId, publicKey] of [
      [one.keyId, other.publicKey],
      ['ed25519-0000000000000000', one.publicKey],
      [one.keyId, Buffer.alloc(31)],
    ] as const) {
      const value = signControl(codec, TOPICS.keys, keyId, { ...facts, keyId, publicKey }, place, stand.root)
      await stand.append(value, keyId, TOPICS.keys)
    }
    // Else the certificate of an ended key could come back under another record key, with versions of its own.
    const content = { ...facts, keyId: one.keyId, publicKey: one.publicKey }
    const elsewhere = signControl(codec, TOPICS.keys, other.keyId, content, place, stand.root)
    await stand.append(elsewhere, other.keyId, TOPICS.keys)
    expect((await open()).list()).toEqual([])
    expect(stand.incidents.map(({ detail }) => detail)).toContain('the certificate names a key that it does not hold')
  })

  it('takes no certificate of another root', async () => {
    const other = newKey()
    const thief = newKey()
    await stand.certify(newKey(), 'masker')
    const [framing = Buffer.alloc(0)] = await stand.values(TOPICS.keys)
    for (const [signer, at] of [
      [other, thief.keyId],
      [stand.root, 'ed25519-of-somebody'],
    ] as const) {
      const value = await stand.certificate(thief, 'node', { signer })
      framing.copy(value, 0, 0, 5)
      await stand.append(value, at, TOPICS.keys)
    }
    const keys = await open()
    expect(keys.list()).toHaveLength(1)
    expect(stand.codes).toEqual(['foreign_key', 'unsigned'])
  })

  it('are known from the moment on in which they are published', async () => {
    const keys = await open()
    for (let turn = 0; turn < 10; turn++) {
      const key = newKey()
      await stand.certify(key, 'console')
      expect(await keys.find(key.keyId, 'console', nowMicros())).not.toBeNull()
    }
  })

  it('end when a later version says so, without anybody asking', async () => {
    const key = newKey()
    await stand.certify(key, 'console')
    const [first = Buffer.alloc(0)] = await stand.values(TOPICS.keys)
    const keys = await open()
    const now = nowMicros()
    expect(await keys.find(key.keyId, 'console', now)).not.toBeNull()
    await stand.certify(key, 'console', { version: 2, previous: controlHash(first), validUntil: now - 60_000_000 })
    await until(() => keys.list()[0]?.validUntil !== null, 'the end of the key')
    expect(await keys.find(key.keyId, 'console', now)).toBeNull()
    // And the certificate of before does not bring it back.
    await stand.append(first, key.keyId, TOPICS.keys)
    await until(() => stand.codes.includes('rollback'), 'the incident')
    expect(await keys.find(key.keyId, 'console', now)).toBeNull()
  })

  it('stay ended after a restart with a log that was cut back', async () => {
    const memory = () => VersionMemory.open(join(stand.dir, 'trust.json'))
    const key = newKey()
    await stand.certify(key, 'console')
    const [first = Buffer.alloc(0)] = await stand.values(TOPICS.keys)
    await stand.certify(key, 'console', { version: 2, previous: controlHash(first), validUntil: 1 })
    await (await open(memory())).close()
    await stand.log.close()
    stand = new TrustStand(stand)
    await stand.append(first, key.keyId, TOPICS.keys)
    const keys = await open(memory())
    expect(await keys.find(key.keyId, 'console', nowMicros())).toBeNull()
    expect(stand.codes).toEqual(['rollback'])
  })

  it('are looked for a bounded number of times, however many unknown ones are asked for', async () => {
    const { log, looks } = counted(stand.log)
    const { registry, root, tell: onIncident } = stand
    const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident })
    opened.push(keys)
    const before = looks()
    const from = performance.now()
    const asked = Array.from({ length: 5_000 }, (_, at) => keys.find(`ed25519-${at}`, 'node', nowMicros()))
    expect(new Set(await Promise.all(asked))).toEqual(new Set([null]))
    expect(looks() - before).toBeLessThan(10)
    for (let at = 0; at < 30; at++) await keys.find(`ed25519-later-${at}`, 'node', nowMicros())
    // One look in 10 ms at most, and each reads only what is new.
    expect(looks() - before).toBeLessThan(10 + (performance.now() - from) / 10)
  })

  it('are looked for once for all records that were read together', async () => {
    for (let at = 0; at < 200; at++) await stand.append(await stand.signed('a', {}, newKey()), `key ${at}`)
    const { log, looks } = counted(stand.log)
    const { registry, root, tell: onIncident } = stand
    const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident })
    opened.push(keys)
    const before = looks()
    const reader = await stand.reader(keys)
    await reader.catchUp(() => {})
    await reader.close()
    expect(stand.codes).toHaveLength(200)
    expect(looks() - before).toBeLessThan(5)
  })

  it('need a root of the right size', async () => {
    const { log, incidents } = stand
    const registry: SchemaRegistry = stand.registry
    const options = { log, registry, root: Buffer.alloc(31), onIncident: () => incidents.length }
    await expect(TrustedKeys.open(options)).rejects.toThrow(expect.objectContaining({ code: 'root_key' }))
  })
})

describe('publishing certificates', () => {
  it('adds what the log does not have, and nothing twice', async () => {
    const [one, two] = [newKey(), newKey()]
    const certificates = [await stand.certificate(one, 'node'), await stand.certificate(two, 'console')]
    expect(await stand.publish(certificates)).toEqual({ published: 2 })
    expect(await stand.publish(certificates)).toEqual({ published: 0 })
    const [first = Buffer.alloc(0)] = await stand.values(TOPICS.keys)
    const later = await stand.certificate(one, 'node', { version: 2, previous: controlHash(first), validUntil: 5 })
    expect(await stand.publish([...certificates, later])).toEqual({ published: 1 })
    // A file that was left behind does not undo the later version.
    expect(await stand.publish(certificates)).toEqual({ published: 0 })
    expect((await open()).list()).toHaveLength(2)
    expect(stand.incidents).toEqual([])
  })

  it('is not kept from it by a forged record in the log', async () => {
    const key = newKey()
    const forged = await stand.certificate(key, 'node', { signer: newKey(), version: 9, previous: Buffer.alloc(32) })
    await stand.certify(newKey(), 'masker')
    const [framing = Buffer.alloc(0)] = await stand.values(TOPICS.keys)
    framing.copy(forged, 0, 0, 5)
    await stand.append(forged, key.keyId, TOPICS.keys)
    expect(await stand.publish([await stand.certificate(key, 'node')])).toEqual({ published: 1 })
  })

  it('publishes none where one is not under the root', async () => {
    const certificates = [
      await stand.certificate(newKey(), 'node'),
      await stand.certificate(newKey(), 'console', { signer: newKey() }),
    ]
    const changed = Buffer.from(certificates[0] ?? '')
    changed[40] = (changed[40] ?? 0) ^ 1
    for (const wrong of [certificates, [Buffer.from('nonsense')], [Buffer.alloc(0)], [changed]]) {
      await expect(stand.publish(wrong)).rejects.toThrow(expect.objectContaining({ name: 'PeerInvalid' }))
    }
    expect(await stand.values(TOPICS.keys)).toEqual([])
  })
})

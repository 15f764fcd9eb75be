import { join } from 'node:path'
import { controlHash, TOPICS } from '@sluice/events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ControlReader } from './control-reader.ts'
import { newKey, policySet, TrustStand, until } from './trust.fixture.ts'
import type { TrustedKeys } from './trusted-keys.ts'
import { VersionMemory } from './version-memory.ts'

let stand: TrustStand
let keys: TrustedKeys
let reader: ControlReader<typeof TOPICS.policies>
let seen: string[]
const handle = ({ content }: { readonly content: { readonly contentHash: string } }): void => {
  seen.push(content.contentHash)
}

beforeEach(async () => {
  stand = new TrustStand()
  seen = []
  await stand.certify(stand.console, 'console')
  keys = await stand.keys()
  reader = await stand.reader(keys)
})
afterEach(async () => {
  await reader.close()
  await keys.close()
  await stand.stop()
})

async function published(...names: readonly string[]): Promise<readonly Buffer[]> {
  const writer = await stand.writer()
  for (const name of names) await writer.publish('current', policySet(name))
  await writer.close()
  return stand.values()
}

describe('a reader of signed records', () => {
  it('delivers what the right role signed, in order, with who signed it', async () => {
    await published('a', 'b')
    const records: { key: string; signer: string; version: number }[] = []
    await reader.catchUp(({ key, signer, content }) => {
      records.push({ key, signer, version: content.seal.version })
    })
    expect(records).toEqual([
      { key: 'current', signer: 'a console', version: 1 },
      { key: 'current', signer: 'a console', version: 2 },
    ])
    expect(stand.incidents).toEqual([])
  })

  it('refuses what was changed after it was signed', async () => {
    const value = Buffer.from(await stand.signed('forged', {}))
    value[9] = (value[9] ?? 0) ^ 1
    await stand.append(value)
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['unsigned']])
  })

  it('refuses a record that was signed for another key of the topic', async () => {
    await stand.append(await stand.signed('a', {}, stand.console, 'other'), 'current')
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['unsigned']])
  })

  it('refuses a key without a certificate, of another role, and of another time', async () => {
    const [approver, early, late] = [newKey(), newKey(), newKey()]
    await stand.certify(approver, 'approver')
    await stand.certify(early, 'console', { validUntil: 1_000_000 })
    await stand.certify(late, 'console', { validFrom: 4e15 })
    for (const key of [newKey(), approver, early, late]) await stand.append(await stand.signed('a', {}, key))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['foreign_key', 'wrong_role', 'foreign_key', 'foreign_key']])
  })

  it('refuses to go back to a lower version, and keeps to the last good one', async () => {
    const [first = Buffer.alloc(0)] = await published('a', 'b')
    await stand.append(first)
    await stand.append(await stand.signed('lower', { version: 1 }))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([
      ['a', 'b'],
      ['rollback', 'rollback'],
    ])
  })

  it('refuses another content under the same version, and one that follows another past', async () => {
    const [first = Buffer.alloc(0)] = await published('a')
    await stand.append(await stand.signed('other', { version: 1 }))
    await stand.append(await stand.signed('unfounded', { version: 2, previous: Buffer.alloc(32) }))
    await stand.append(await stand.signed('rootless', { version: 2, previous: null }))
    await stand.append(await stand.signed('b', { version: 2, previous: controlHash(first) }))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([
      ['a', 'b'],
      ['fork', 'fork', 'fork'],
    ])
  })

  it('ignores the very same record again', async () => {
    const [first = Buffer.alloc(0)] = await published('a')
    await stand.append(first)
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([['a'], []])
  })

  it('takes a gap, which compaction leaves', async () => {
    await stand.append(await stand.signed('later', { version: 7, previous: Buffer.alloc(32, 1) }))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([['later'], []])
  })

  it('tells a tombstone and what can not be read, and goes on after them', async () => {
    await published('a')
    await stand.append(Buffer.alloc(0))
    await stand.append(Buffer.from('nonsense'))
    await stand.append(Buffer.from([0, 0, 0, 0, 99, 1, 2, 3]), 'current\u001b[2J\u202e')
    await published('b')
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([
      ['a', 'b'],
      ['deleted', 'unreadable', 'unreadable'],
    ])
    expect(stand.incidents.at(-1)).toMatchObject({ topic: TOPICS.policies, key: 'current??2J?' })
  })

  it('passes over what can not matter any more, before it looks at the signature', async () => {
    await reader.close()
    const { log, registry, tell: onIncident } = stand
    const options = { log, registry, topic: TOPICS.policies, keys, role: 'console', memory: null, onIncident } as const
    reader = await ControlReader.open({ ...options, skip: ({ contentHash }) => contentHash === 'old' })
    await stand.append(await stand.signed('old', {}, newKey()), 'x')
    await stand.append(await stand.signed('new', {}, newKey()), 'y')
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['foreign_key']])
  })

  it('sees a new record at once while it follows, and ends when it is closed', async () => {
    reader.follow(handle)
    const writer = await stand.writer()
    await writer.publish('current', policySet('warm'))
    await until(() => seen.length === 1, 'the first record')
    const times: number[] = []
    for (const name of ['b', 'c', 'd', 'e', 'f']) {
      const from = performance.now()
      await writer.publish('current', policySet(name))
      await until(() => seen.includes(name), name)
      times.push(performance.now() - from)
    }
    // The log's fallback looks every 250 ms, and each record comes just behind the one before: it would take all of that.
    expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(200)
    await reader.close()
    await writer.publish('current', policySet('unread'))
    expect(seen).not.toContain('unread')
    await writer.close()
  })

  it('catches up while it follows', async () => {
    reader.follow(handle)
    const writer = await stand.writer()
    for (let turn = 0; turn < 20; turn++) {
      await writer.publish('current', policySet(`${turn}`))
      await reader.catchUp(handle)
      expect(seen.at(-1)).toBe(`${turn}`)
    }
    expect(seen).toHaveLength(20)
    await writer.close()
  })

  it('hands out one record after the other', async () => {
    await published('a', 'b', 'c')
    let open = 0
    await reader.catchUp(async (record) => {
      expect(++open).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      open--
      handle(record)
    })
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('loses nothing where catching up fails in between', async () => {
    await published('a', 'b', 'c')
    const failing = reader.catchUp((record) => {
      handle(record)
      if (record.content.contentHash === 'b') throw new Error('no room')
    })
    await expect(failing).rejects.toThrow('no room')
    await reader.catchUp(handle)
    expect(seen).toEqual(['a', 'b', 'b', 'c'])
  })

  it('goes on following after a record that could not be handled, and tells it', async () => {
    reader.follow((record) => {
      if (record.content.contentHash === 'bad') throw new Error('can not act on it')
      handle(record)
    })
    await published('bad', 'good')
    await until(() => seen.includes('good'), 'the record after')
    expect(stand.incidents).toEqual([
      { code: 'unreadable', topic: TOPICS.policies, key: '', detail: 'can not act on it' },
    ])
  })

  it('reads one partition only, where it is told so', async () => {
    await reader.close()
    const { log, registry, tell: onIncident } = stand
    const options = { log, registry, topic: TOPICS.policies, keys, role: 'console', memory: null, onIncident } as const
    reader = await ControlReader.open({ ...options, partition: 3 })
    const writer = await stand.writer()
    await writer.publish('a', policySet('here'), { partition: 3 })
    await writer.publish('b', policySet('elsewhere'), { partition: 1 })
    await reader.catchUp(handle)
    expect(seen).toEqual(['here'])
    await writer.close()
  })
})

describe('after a restart', () => {
  const file = (): string => join(stand.dir, 'trust/reader.json')

  async function restarted(): Promise<void> {
    await reader.close()
    stand.incidents.length = 0
    seen.length = 0
    reader = await stand.reader(keys, VersionMemory.open(file()))
    await reader.catchUp(handle)
  }

  it('delivers the version that holds again, and none that it replaced', async () => {
    await published('a', 'b', 'c')
    await restarted()
    expect([seen, stand.codes]).toEqual([['a', 'b', 'c'], []])
    await restarted()
    expect([seen, stand.codes]).toEqual([['c'], []])
    await published('d')
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([['c', 'd'], []])
  })

  it('notices a log that was cut back, and takes nothing lower from it', async () => {
    const [first = Buffer.alloc(0)] = await published('a', 'b')
    await restarted()
    await otherLog()
    await stand.append(first)
    await restarted()
    expect([seen, stand.codes]).toEqual([[], ['rollback']])
    await stand.append(await stand.signed('again', { version: 2, previous: controlHash(first) }))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['rollback', 'fork']])
  })

  it('notices a log from which the record is gone', async () => {
    await published('a')
    await restarted()
    await otherLog()
    await restarted()
    expect([seen, stand.codes]).toEqual([[], ['deleted']])
    await stand.append(await stand.signed('new', { version: 1 }))
    await reader.catchUp(handle)
    expect([seen, stand.codes]).toEqual([[], ['deleted', 'fork']])
  })

  it('acts on nothing that it could not remember', async () => {
    await published('a')
    await reader.close()
    const memory = VersionMemory.open(file())
    memory.remember = () => {
      throw new Error('the disk is full')
    }
    reader = await stand.reader(keys, memory)
    await expect(reader.catchUp(handle)).rejects.toThrow('the disk is full')
    expect(seen).toEqual([])
    // Once it can be, the record comes.
    Reflect.deleteProperty(memory, 'remember')
    await reader.catchUp(handle)
    expect(seen).toEqual(['a'])
    expect(VersionMemory.open(file()).highest(TOPICS.policies, 'current')?.version).toBe(1)
  })

  /** The same keys and the same memory, and another log. */
  async function otherLog(): Promise<void> {
    const before = stand
    stand = new TrustStand({ dir: before.dir, root: before.root, console: before.console, incidents: before.incidents })
    await keys.close()
    await reader.close()
    await before.log.close()
    await stand.certify(stand.console, 'console')
    keys = await stand.keys()
    reader = await stand.reader(keys)
  }
})

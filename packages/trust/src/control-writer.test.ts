import { controlCodec, controlHash, nowMicros, TOPICS } from '@sluice/events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ControlWriter } from './control-writer.ts'
import { newKey, policySet, TrustStand } from './trust.fixture.ts'

let stand: TrustStand
beforeEach(async () => {
  stand = new TrustStand()
  await stand.certify(stand.console, 'console')
})
afterEach(() => stand.stop())

const decoded = async () => {
  const codec = await controlCodec(stand.registry, TOPICS.policies)
  return (await stand.values()).map((value) => codec.decode(value))
}

describe('a writer of signed records', () => {
  it('numbers the versions of each key, each naming the one before', async () => {
    const writer = await stand.writer()
    expect(await writer.publish('a', policySet('1'))).toEqual({ version: 1 })
    expect(await writer.publish('b', policySet('2'))).toEqual({ version: 1 })
    const both = await Promise.all([writer.publish('a', policySet('3')), writer.publish('a', policySet('4'))])
    expect(both).toEqual([{ version: 2 }, { version: 3 }])
    await writer.close()
    const values = await stand.values()
    const seals = (await decoded()).map(({ seal }) => seal)
    expect(seals.map(({ version }) => version)).toEqual([1, 1, 2, 3])
    const hashes = values.map(controlHash)
    expect(seals.map(({ previous }) => previous)).toEqual([null, null, hashes[0], hashes[2]])
  })

  it('goes on where it ended before, whatever others have put between', async () => {
    const first = await stand.writer()
    await first.publish('current', policySet('1'))
    await first.close()
    const forger = newKey()
    await stand.append(await stand.signed('forged', { version: 1_000_000, previous: Buffer.alloc(32) }, forger))
    const changed = await stand.signed('changed', { version: 900, previous: Buffer.alloc(32) })
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    await stand.append(changed)
    await stand.append(Buffer.alloc(0))
    await stand.append(Buffer.from('nonsense'))
    const second = await stand.writer()
    expect(await second.publish('current', policySet('2'))).toEqual({ version: 2 })
    await second.close()
    const keys = await stand.keys()
    const reader = await stand.reader(keys)
    const seen: string[] = []
    await reader.catchUp(({ content }) => void seen.push(content.contentHash))
    expect(seen).toEqual(['1', '2'])
    expect(stand.codes).toEqual(['foreign_key', 'unsigned', 'deleted', 'unreadable'])
    await reader.close()
    await keys.close()
  })

  it('goes on from an earlier key of the same role', async () => {
    const first = await stand.writer()
    await first.publish('current', policySet('1'))
    await first.close()
    const replacement = newKey()
    await stand.certify(replacement, 'console')
    const keys = await stand.keys()
    const { log, registry } = stand
    const second = await ControlWriter.open({
      log,
      registry,
      topic: TOPICS.policies,
      key: replacement,
      nowMicros,
      earlier: { keys, role: 'console' },
    })
    expect(await second.publish('current', policySet('2'))).toEqual({ version: 2 })
    await second.close()
    await keys.close()
  })

  it('goes on from no other service, where it is told who it is', async () => {
    const other = newKey()
    await stand.certify(other, 'node')
    await stand.append(await stand.signed('another', { version: 1_000_000, previous: Buffer.alloc(32) }, other))
    const keys = await stand.keys()
    const { log, registry, console: key } = stand
    const open = (name: string) =>
      ControlWriter.open({
        log,
        registry,
        topic: TOPICS.policies,
        key,
        nowMicros,
        earlier: { keys, role: 'node', name },
      })
    const own = await open('the node itself')
    expect(await own.publish('current', policySet('1'))).toEqual({ version: 1 })
    await own.close()
    await keys.close()
  })

  it('never gives a version to two contents, also where the log failed in between', async () => {
    const writer = await stand.writer()
    await writer.publish('current', policySet('1'))
    await expect(writer.publish('current', policySet('nowhere'), { partition: -1 })).rejects.toThrow('not a partition')
    expect(await writer.publish('current', policySet('2'))).toEqual({ version: 3 })
    await writer.close()
  })

  it('writes to the partition that it is told, and forgets what it is told', async () => {
    const writer = await stand.writer()
    await writer.publish('a', policySet('1'), { partition: 7 })
    await writer.publish('a', policySet('2'), { partition: 7 })
    writer.forget('a')
    expect(await writer.publish('a', policySet('3'), { partition: 7 })).toEqual({ version: 1 })
    const consumer = await stand.log.consumer({ group: null, topics: [TOPICS.policies], from: 'earliest' })
    const records = await consumer.poll({ maxRecords: 10, maxBytes: 1e6, maxWaitMs: 0 })
    await consumer.close()
    expect(records.map(({ partition }) => partition)).toEqual([7, 7, 7])
    await writer.close()
  })

  it('says in its headers what a record is, and from whom', async () => {
    const { log, registry, console: key } = stand
    const writer = await ControlWriter.open({
      log,
      registry,
      topic: TOPICS.policies,
      key,
      nowMicros: () => 1_760_000_000_000_001,
      source: '/sluice/consoles/console-1',
      type: ({ contentHash }) => `sluice.policies.${contentHash}.v1`,
    })
    await writer.publish('current', policySet('applied'))
    const consumer = await log.consumer({ group: null, topics: [TOPICS.policies], from: 'earliest' })
    const [record] = await consumer.poll({ maxRecords: 10, maxBytes: 1e6, maxWaitMs: 0 })
    await consumer.close()
    expect(record?.key.toString()).toBe('current')
    expect(JSON.parse(record?.headers ?? '')).toMatchObject({
      ce_source: '/sluice/consoles/console-1',
      ce_type: 'sluice.policies.applied.v1',
      ce_time: '2025-10-09T08:53:20.000001Z',
      ce_subject: 'current',
      ce_sequence: '1',
    })
    await writer.close()
  })

  it('writes nothing after it was closed', async () => {
    const writer = await stand.writer()
    await writer.close()
    await expect(writer.publish('current', policySet('1'))).rejects.toThrow(
      expect.objectContaining({ code: 'log_closed' }),
    )
    expect(await stand.values()).toEqual([])
  })
})

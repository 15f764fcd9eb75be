import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditCodec, type DeadLetter, LOCAL_REGISTRY_FILE, LocalSchemaRegistry, TOPICS } from '@sluice/events'
import { type Consumer, EmbeddedLog } from '@sluice/stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { audit, idOf, sessionOf } from '../audit.fixture.ts'
import { AuditTopic, startTestEngine, type TestEngine } from '../index.fixture.ts'
import { BlockLedger } from './block-ledger.ts'
import { ClickHouseIndex, type IndexStore } from './index-store.ts'
import { Indexer, type WrittenBlock } from './indexer.ts'

let test: TestEngine
beforeAll(async () => {
  test = await startTestEngine()
})
afterAll(() => test.close())

type Bench = {
  readonly topic: AuditTopic
  readonly deadLetters: DeadLetter[]
  readonly retries: string[]
  /** Runs an indexer of its own until `until` records are done, as a new process would. */
  run(until: number, index?: IndexStore): Promise<readonly WrittenBlock[]>
}

let dir: string
let log: EmbeddedLog
let bench: Bench

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-indexer-'))
  log = EmbeddedLog.open(join(dir, 'log'))
  const topic = await AuditTopic.open(log, join(dir, 'log'))
  const codec = await auditCodec(LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE)))
  const deadLetters: DeadLetter[] = []
  const retries: string[] = []
  for (const table of ['events', 'commands', 'access', 'session_parts'])
    await test.client.command({ query: `TRUNCATE TABLE ${table}` })
  bench = {
    topic,
    deadLetters,
    retries,
    async run(until, index = new ClickHouseIndex(test.client)) {
      const consumer: Consumer = await log.consumer({ group: 'indexer', topics: [TOPICS.audit], from: 'earliest' })
      const stop = new AbortController()
      const blocks: WrittenBlock[] = []
      const indexer = new Indexer({
        consumer,
        topic: TOPICS.audit,
        index,
        ledger: BlockLedger.open(join(dir, 'blocks.json')),
        codec,
        deadLetter: async (letters) => void deadLetters.push(...letters),
        events: {
          onBlock: (block) => {
            blocks.push(block)
            if (block.nextOffset >= until) stop.abort()
          },
          onRetry: (what) => {
            retries.push(what)
            if (index instanceof Crashing) stop.abort()
          },
          onRecovered: () => undefined,
        },
      })
      await indexer.run(stop.signal)
      await consumer.close()
      return blocks
    },
  }
  onTestFinished(async () => {
    await log.close()
    rmSync(dir, { recursive: true })
  })
})

/** Dies in the middle of a block, as a process would: after some of the inserts. */
class Crashing extends ClickHouseIndex {
  readonly #after: number
  constructor(after: number) {
    let inserts = 0
    super(
      new Proxy(test.client, {
        get(client, name) {
          if (name !== 'insert') return Reflect.get(client, name).bind?.(client)
          return async (...parameters: Parameters<typeof client.insert>) => {
            if (inserts++ === after) throw new Error('crashed')
            return client.insert(...parameters)
          }
        },
      }),
    )
    this.#after = after
  }
  get after(): number {
    return this.#after
  }
}

async function counts(): Promise<Record<string, number>> {
  const names = ['events', 'commands', 'access'] as const
  const found = await Promise.all(
    names.map(async (name) => {
      const [row] = await test.rows<{ n: number; u: number }>(
        `SELECT toUInt32(count()) AS n, toUInt32(uniqExact(session_id, sequence)) AS u FROM ${name}`,
      )
      expect(row?.u).toBe(row?.n)
      return [name, row?.n ?? 0] as const
    }),
  )
  return Object.fromEntries(found)
}

describe('the indexer', { timeout: 60_000 }, () => {
  it('writes each event, command and access once, and sessions with their state', async () => {
    await bench.topic.publish([...sessionOf('a', 3), ...sessionOf('b', 2).slice(0, -1)])
    await bench.run(13)
    expect(await counts()).toEqual({ events: 13, commands: 5, access: 5 })
    expect(
      await test.rows(
        'SELECT state, toUInt32(commands) AS commands, subject, application, toInt32(missing_events) AS missing FROM sessions ORDER BY commands',
      ),
    ).toEqual([
      { state: 'open', commands: 2, subject: 'agent', application: 'psql', missing: 0 },
      { state: 'closed', commands: 3, subject: 'agent', application: 'psql', missing: 0 },
    ])
  })

  it('keeps the bytes of the record', async () => {
    const event = sessionOf('a', 1)[1]
    if (event === undefined) throw new Error('no event')
    await bench.topic.publish([event])
    await bench.run(1)
    const codec = await auditCodec(LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE)))
    const [row] = await test.rows<{ hex: string }>('SELECT hex(record) AS hex FROM events')
    expect(Buffer.from(row?.hex ?? '', 'hex')).toEqual(codec.encode(event))
  })

  it.each([0, 1, 2, 3])('loses and doubles nothing when it dies before insert %i of a block', async (after) => {
    await bench.topic.publish(sessionOf('a', 3))
    expect(await bench.run(8, new Crashing(after))).toEqual([])
    // More records came meanwhile: the block that broke off keeps its bounds all the same.
    await bench.topic.publish(sessionOf('b', 2))
    const blocks = await bench.run(14)
    expect(blocks.map(({ nextOffset }) => nextOffset)).toEqual([8, 14])
    expect(await counts()).toEqual({ events: 14, commands: 5, access: 5 })
    expect(await test.rows('SELECT toUInt32(sum(commands)) AS n FROM sessions')).toEqual([{ n: 5 }])
  })

  it('goes on where it was, and writes nothing twice when started again and again', async () => {
    await bench.topic.publish(sessionOf('a', 3))
    await bench.run(8)
    await bench.run(8)
    await bench.topic.publish(sessionOf('b', 1))
    await bench.run(12)
    expect(await counts()).toEqual({ events: 12, commands: 4, access: 4 })
    expect(await test.rows('SELECT toUInt32(sum(commands)) AS n FROM sessions')).toEqual([{ n: 4 }])
  })

  it('drops events that were published again at other offsets', async () => {
    const events = sessionOf('a', 3)
    await bench.topic.publish(events.slice(0, 6))
    await bench.run(6)
    await bench.topic.publish(events.slice(3))
    const blocks = await bench.run(11)
    expect(blocks.at(-1)).toMatchObject({ duplicates: 3 })
    expect(await counts()).toEqual({ events: 8, commands: 3, access: 3 })
  })

  it('sends what it cannot decode to the dead letters, once, and goes on', async () => {
    const garbage = { key: Buffer.from('k'), value: Buffer.from('garbage'), headers: '{"a":"b"}' }
    await bench.topic.append([garbage])
    await bench.topic.publish([audit('a', 0, { kind: 'request', requestId: 'no-uuid' }), ...sessionOf('b', 1)])
    await bench.run(6, new Crashing(3))
    await bench.run(6)
    expect(await counts()).toEqual({ events: 4, commands: 1, access: 1 })
    expect(bench.deadLetters).toMatchObject([
      {
        topic: TOPICS.audit,
        partition: 0,
        offset: 0,
        key: garbage.key,
        value: garbage.value,
        headers: garbage.headers,
        error: expect.stringContaining('record_unframed'),
      },
      { offset: 1, error: expect.stringContaining('id_malformed') },
    ])
  })

  it('waits for an index that is away', async () => {
    await bench.topic.publish(sessionOf('a', 1))
    let failures = 3
    const index = new ClickHouseIndex(test.client)
    const away: IndexStore = {
      lastOffset: (...parameters) => index.lastOffset(...parameters),
      lastSequences: (...parameters) => index.lastSequences(...parameters),
      insert: (...parameters) => (failures-- > 0 ? Promise.reject(new Error('away')) : index.insert(...parameters)),
    }
    await bench.run(4, away)
    expect(bench.retries).toEqual(['write a block', 'write a block', 'write a block'])
    expect(await counts()).toEqual({ events: 4, commands: 1, access: 1 })
  })

  it('builds the index again where its tables were emptied', async () => {
    await bench.topic.publish(sessionOf('a', 3))
    await bench.run(4)
    for (const table of ['events', 'commands', 'access', 'session_parts'])
      await test.client.command({ query: `TRUNCATE TABLE ${table}` })
    await bench.run(8)
    expect((await counts())['events']).toBe(8)
  })

  it('reads a new log from its beginning, though the index has higher offsets', async () => {
    await bench.topic.publish(sessionOf('a', 30))
    await bench.run(62)
    await log.close()
    rmSync(join(dir, 'log'), { recursive: true })
    log = EmbeddedLog.open(join(dir, 'log'))
    const topic = await AuditTopic.open(log, join(dir, 'log'))
    await topic.publish(sessionOf('new', 2))
    await bench.run(6)
    expect((await counts())['events']).toBe(68)
    expect(await test.rows(`SELECT toUInt32(count()) AS n FROM events WHERE session_id = '${idOf('new')}'`)).toEqual([
      { n: 6 },
    ])
  })
})

// What only the embedded log promises: one writer and one member, wherever they run, and bounds while they run.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddedLog } from './embedded-log.ts'
import { type OtherProcess, readRecords } from './event-log.contract.ts'
import { Journal } from './journal.ts'
import { numbered, numberOf } from './numbered-record.fixture.ts'
import { PartitionAppender } from './partition-appender.ts'
import { PartitionWriter } from './partition-writer.ts'
import { spawnWriter } from './spawn-writer.fixture.ts'
import { isBusy } from './sqlite.ts'
import { partitionFile } from './topic-files.ts'

const TOPIC = 'frames.v1'
let dir: string
let log: EmbeddedLog
let writers: OtherProcess[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-faults-'))
  log = EmbeddedLog.open(dir)
  writers = []
})

afterEach(async () => {
  await log.close()
  for (const writer of writers) await writer.kill()
  rmSync(dir, { recursive: true, force: true })
})

function startWriter(to: number, from = 0): OtherProcess {
  const writer = spawnWriter('journal', dir, { topic: TOPIC, from, to, perAppend: 1, valueBytes: 100 })
  writers.push(writer)
  return writer
}

function openJournal(maxBytes = 2 ** 30): Journal {
  return Journal.open({ dir, topic: TOPIC, partition: 0, maxBytes, onFailure: () => {} })
}

describe('one writer', () => {
  it('refuses a second process while the first lives, and takes over from a killed one', async () => {
    const writer = startWriter(5)
    await writer.acknowledged(5)
    expect(() => openJournal()).toThrow(/0\.journal is being written by another process/)
    await expect(log.producer(TOPIC)).rejects.toMatchObject({ code: 'writer_taken' })
    await writer.kill()
    const journal = openJournal()
    expect(journal.nextOffset).toBe(5)
    journal.close()
  })

  it('refuses to write a partition in two forms', async () => {
    openJournal().close()
    await expect(log.producer(TOPIC)).rejects.toThrow(/0\.db can't be written beside .*0\.journal/)
    await (await log.producer('other')).close()
    const open = () => Journal.open({ dir, topic: 'other', partition: 0, maxBytes: 2 ** 30, onFailure: () => {} })
    expect(open).toThrow(expect.objectContaining({ code: 'log_unwritable' }))
  })

  it('lets producers of one process share a partition', async () => {
    const first = await log.producer(TOPIC)
    const second = await log.producer(TOPIC)
    await first.append([numbered(0)])
    expect((await second.append([numbered(1)])).firstOffset).toBe(1)
    await first.close()
    expect((await second.append([numbered(2)])).firstOffset).toBe(2)
  })
})

describe('one member of a group', () => {
  it('refuses a second one, and takes the next after the first closed', async () => {
    const options = { group: 'masker', topics: [TOPIC], from: 'earliest' } as const
    const first = await log.consumer(options)
    await expect(log.consumer(options)).rejects.toMatchObject({ code: 'group_taken' })
    await first.close()
    await (await log.consumer(options)).close()
  })
})

describe('names', () => {
  it.each(['', '..', '.hidden', 'a/b', 'a\0b', 'groups', 'x'.repeat(201)])('refuses the topic %j', async (topic) => {
    await expect(log.producer(topic)).rejects.toMatchObject({ code: 'name_invalid' })
  })

  it('refuses a group that would leave its directory, and a partition that is no number', async () => {
    await expect(log.consumer({ group: '../x', topics: [TOPIC], from: 'earliest' })).rejects.toMatchObject({
      code: 'name_invalid',
    })
    await expect(log.producer(TOPIC, { partition: 1.5 })).rejects.toMatchObject({ code: 'name_invalid' })
  })

  it('makes directories that only their owner can enter', async () => {
    await log.producer(TOPIC)
    expect(statSync(join(dir, TOPIC)).mode & 0o077).toBe(0)
  })
})

describe('waking', () => {
  it('tells an idle reader of another process at once, not at the next look', async () => {
    const consumer = await log.consumer({ group: null, topics: [TOPIC], from: 'earliest' })
    const journal = openJournal()
    const delays: number[] = []
    for (let round = 0; round < 9; round += 1) {
      const waiting = consumer.poll({ maxRecords: 10, maxBytes: 1000, maxWaitMs: 10_000 })
      await sleep(60)
      const began = performance.now()
      journal.append(numbered(round))
      journal.commit()
      expect((await waiting).map(numberOf)).toEqual([round])
      delays.push(performance.now() - began)
    }
    delays.sort((a, b) => a - b)
    expect(delays[4]).toBeLessThan(100)
    journal.close()
  })
})

describe('the -wal file', () => {
  it('stays bounded under steady writing with a reader attached', async () => {
    const bound = 8 * 2 ** 20
    const file = partitionFile(dir, TOPIC, 0, 'db')
    const writer = PartitionWriter.open(file, { walBytes: bound })
    const appender = new PartitionAppender(writer)
    const consumer = await log.consumer({ group: null, topics: [TOPIC], from: 'earliest' })
    let largest = 0
    let read = 0
    let written = 0
    let retired = 0
    // Every append writes a page at least: without a new beginning the file would have more than twice the allowed size.
    const appends = Math.ceil((5 * bound) / 8192)
    while (written < 4 * appends) {
      for (let append = 0; append < 20; append += 1) {
        await appender.append([0, 1, 2, 3].map((index) => numbered(written + index, 600)))
        written += 4
      }
      try {
        retired += writer.trim((Date.now() - 200) * 1000)
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      largest = Math.max(largest, statSync(`${file}-wal`).size)
      const records = await consumer.poll({ maxRecords: 1000, maxBytes: 2 ** 20, maxWaitMs: 0 })
      for (const record of records) expect(numberOf(record)).toBe(read++)
      await sleep(1)
    }
    expect(retired).toBeGreaterThan(0)
    expect(largest).toBeLessThan(2 * bound + 2 ** 20)
    await appender.close()
  })
})

describe('the checkpoint worker', () => {
  it('brings appends to the main file soon, and lets the process end by itself', async () => {
    const program = `
      import { statSync } from 'node:fs'
      import { EmbeddedLog } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      const producer = await EmbeddedLog.open(${JSON.stringify(dir)}).producer('${TOPIC}')
      const file = ${JSON.stringify(join(dir, TOPIC, '0.db'))}
      const empty = statSync(file).size
      await producer.append([{ key: Buffer.from('k'), value: Buffer.alloc(100000), headers: '{}' }])
      const looking = setInterval(() => { if (statSync(file).size > empty) { clearInterval(looking); console.log('synced') } }, 10)
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    expect([code, output]).toEqual([0, 'synced\n'])
    const consumer = await log.consumer({ group: null, topics: [TOPIC], from: 'earliest' })
    expect(await consumer.poll({ maxRecords: 10, maxBytes: 10, maxWaitMs: 0 })).toHaveLength(1)
  })
})

describe('a disk that takes no more', () => {
  it('stops the journal and not its process; what was acknowledged is read, and the next process goes on', async () => {
    const program = `
      import { Journal } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      import { numbered } from ${JSON.stringify(new URL('./numbered-record.fixture.ts', import.meta.url).href)}
      const failures = new Set()
      const onFailure = (error) => failures.add(error.code)
      const journal = Journal.open({ dir: ${JSON.stringify(dir)}, topic: '${TOPIC}', partition: 0, maxBytes: 2 ** 30, onFailure })
      for (let taken = 0, ill = 0; ill < 20; ) {
        try {
          while (true) {
            journal.assertWritable()
            const record = numbered(taken, 5000)
            taken += 1
            journal.append(record)
            journal.commit()
            ill = 0
          }
        } catch {
          ill += 1
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      console.log(JSON.stringify({ recorded: journal.nextOffset, failures: [...failures], healthy: journal.healthy }))
      process.exit(0)
    `
    // The limit is on the size of a file: a write beyond it fails in the middle, as on a full disk.
    const command = 'ulimit -f 4096; exec "$0" --input-type=module -e "$1"'
    const child = spawn('sh', ['-c', command, process.execPath, program], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await once(child, 'close')
    const { recorded, ...state } = JSON.parse(output) as { recorded: number; failures: string[]; healthy: boolean }
    expect(state).toEqual({ failures: ['journal_broken'], healthy: false })
    expect(recorded).toBeGreaterThan(200)
    const journal = openJournal()
    expect(journal.nextOffset).toBe(recorded)
    journal.append(numbered(recorded))
    journal.close()
    const consumer = await log.consumer({ group: null, topics: [TOPIC], from: 'earliest' })
    const records = await readRecords(consumer, recorded + 1)
    expect(records.map(numberOf)).toEqual(Array.from({ length: recorded + 1 }, (_, number) => number))
  })

  it('is named in the message where a topic cannot even be opened', async () => {
    writeFileSync(join(dir, 'taken'), '')
    await expect(log.producer('taken')).rejects.toThrow(/taken/)
    mkdirSync(join(dir, TOPIC, '0.db'), { recursive: true })
    await expect(log.producer(TOPIC)).rejects.toMatchObject({ code: 'log_unwritable' })
  })
})

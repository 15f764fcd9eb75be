// What every event log has to do. An adapter's test calls `eventLogContract` with a way to start it.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Consumer, EventLog, StoredRecord } from './event-log.ts'
import { numbered, numberOf } from './numbered-record.fixture.ts'

/** A writer in a process of its own that appends numbered records as fast as it can. */
export type OtherProcess = {
  /** Resolves once it acknowledged all records before that number. */
  acknowledged(number: number): Promise<void>
  /** Kills it with SIGKILL, in the middle of whatever it does; returns the number after the last acknowledged record. */
  kill(): Promise<number>
}

export type WriterPlan = {
  readonly topic: string
  /** It appends the records of `from`, `from` + 1, … before `to`, `perAppend` at a time, and then stays alive. */
  readonly from: number
  readonly to: number
  readonly perAppend: number
  readonly valueBytes: number
}

export type LogUnderTest = {
  /** A new handle on the same log. */
  open(): EventLog
  startWriter(plan: WriterPlan): OtherProcess
  /** Removes the log. */
  destroy(): Promise<void>
}

const LARGE_BYTES = 1024 * 1024
const PATIENCE_MS = 15_000

/** Polls until there are `count` records or nothing came for long. */
export async function readRecords(consumer: Consumer, count: number, maxBytes = 2 ** 20): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  const deadline = performance.now() + PATIENCE_MS
  while (records.length < count && performance.now() < deadline) {
    records.push(...(await consumer.poll({ maxRecords: count - records.length, maxBytes, maxWaitMs: 1000 })))
  }
  return records
}

const upTo = (end: number, start = 0): number[] => Array.from({ length: end - start }, (_, index) => start + index)
const poll = { maxRecords: 1000, maxBytes: 2 ** 20, maxWaitMs: PATIENCE_MS }

export function eventLogContract(name: string, start: () => Promise<LogUnderTest>): void {
  describe(`event log: ${name}`, () => {
    let under: LogUnderTest
    let log: EventLog
    let topic: string

    beforeEach(async () => {
      under = await start()
      log = under.open()
      topic = `contract-${randomBytes(6).toString('hex')}.v1`
    })

    afterEach(async () => {
      await log.close()
      await under.destroy()
    })

    async function append(from: number, to: number, partition = 0): Promise<void> {
      const producer = await log.producer(topic, { partition })
      await producer.append(upTo(to, from).map((number) => numbered(number)))
      await producer.close()
    }

    async function consume(group: string | null = null, from: 'earliest' | 'latest' = 'earliest'): Promise<Consumer> {
      return log.consumer({ group, topics: [topic], from })
    }

    describe('appending', () => {
      it('gives consecutive offsets and reads back key, value and headers as they were', async () => {
        const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
        const record = fc.record({
          key: bytes,
          value: bytes,
          headers: fc.dictionary(fc.string(), fc.string()).map((map) => JSON.stringify(map)),
        })
        const producer = await log.producer(topic)
        const consumer = await consume()
        let next = 0
        await fc.assert(
          fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
            expect(await producer.append(records)).toEqual({ partition: 0, firstOffset: next })
            const stored = await readRecords(consumer, records.length)
            expect(stored.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records)
            expect(stored.map(({ offset }) => offset)).toEqual(upTo(next + records.length, next))
            expect(stored.every((each) => each.topic === topic && each.partition === 0)).toBe(true)
            next += records.length
          }),
          { numRuns: 30 },
        )
      })

      it('stamps records with a time in microseconds that never goes back', async () => {
        const before = Date.now() * 1000
        await append(0, 3)
        await append(3, 6)
        const times = (await readRecords(await consume(), 6)).map(({ time }) => time)
        expect(times).toEqual([...times].sort((a, b) => a - b))
        expect(times[0]).toBeGreaterThanOrEqual(before)
        expect(times.at(-1)).toBeLessThanOrEqual(Date.now() * 1000)
      })

      it('takes nothing for an empty append', async () => {
        const producer = await log.producer(topic)
        await producer.append([])
        expect(await producer.append([numbered(0)])).toEqual({ partition: 0, firstOffset: 0 })
      })

      it('keeps a record of 1 MiB whole, and many of 64 KiB', async () => {
        const producer = await log.producer(topic)
        await producer.append([numbered(0), numbered(1, LARGE_BYTES), numbered(2)])
        await producer.append(upTo(103, 3).map((number) => numbered(number, 65_536)))
        const records = await readRecords(await consume(), 103)
        expect(records.map(numberOf)).toEqual(upTo(103))
        expect(records[1]?.value.length).toBe(LARGE_BYTES)
      })

      it('lets producers of a topic come and go while others do', async () => {
        await Promise.all(
          upTo(20).map(async (number) => {
            await Promise.all([append(2 * number, 2 * number + 1), append(2 * number + 1, 2 * number + 2)])
          }),
        )
        for (const number of upTo(44, 40)) {
          const producer = await log.producer(topic)
          await producer.append([numbered(number)])
          const closed = producer.close()
          await append(number + 4, number + 5)
          await closed
        }
        const numbers = (await readRecords(await consume(), 48)).map(numberOf)
        expect(numbers.sort((a, b) => a - b)).toEqual(upTo(48))
      })

      it('refuses to append after close', async () => {
        const producer = await log.producer(topic)
        await producer.close()
        await expect(producer.append([numbered(0)])).rejects.toMatchObject({ code: 'log_closed' })
      })
    })

    describe('polling', () => {
      it('returns at most maxRecords, in order, without gap or repeat', async () => {
        await append(0, 100)
        const consumer = await consume()
        const numbers: number[] = []
        while (numbers.length < 100) {
          const records = await consumer.poll({ ...poll, maxRecords: 7 })
          expect(records.length).toBeGreaterThan(0)
          expect(records.length).toBeLessThanOrEqual(7)
          numbers.push(...records.map(numberOf))
        }
        expect(numbers).toEqual(upTo(100))
      })

      it('keeps to maxBytes, but returns a record that is larger', async () => {
        const producer = await log.producer(topic)
        await producer.append(upTo(20).map((number) => numbered(number, number === 10 ? 50_000 : 1000)))
        const consumer = await consume()
        const numbers: number[] = []
        while (numbers.length < 20) {
          const records = await consumer.poll({ ...poll, maxBytes: 5000 })
          const bytes = records.reduce((sum, record) => sum + record.value.length, 0)
          expect(records.length === 1 || bytes <= 5000).toBe(true)
          numbers.push(...records.map(numberOf))
        }
        expect(numbers).toEqual(upTo(20))
      })

      it('returns nothing when maxWaitMs passed, not earlier', async () => {
        await append(0, 1)
        const consumer = await consume(null, 'latest')
        expect(await consumer.poll({ ...poll, maxWaitMs: 0 })).toEqual([])
        const began = performance.now()
        expect(await consumer.poll({ ...poll, maxWaitMs: 300 })).toEqual([])
        expect(performance.now() - began).toBeGreaterThan(290)
      })

      it('returns as soon as a record arrives', async () => {
        await append(0, 1)
        const consumer = await consume(null, 'latest')
        const began = performance.now()
        const waiting = consumer.poll(poll)
        await append(1, 2)
        expect((await waiting).map(numberOf)).toEqual([1])
        expect(performance.now() - began).toBeLessThan(PATIENCE_MS / 2)
      })

      it('ends when its signal is aborted, and then polls on', async () => {
        const consumer = await consume()
        const stop = new AbortController()
        const waiting = consumer.poll({ ...poll, signal: stop.signal })
        stop.abort()
        expect(await waiting).toEqual([])
        await append(0, 1)
        expect((await consumer.poll(poll)).map(numberOf)).toEqual([0])
      })

      it('reads a topic that did not exist when it began, whatever it was told to begin with', async () => {
        const consumer = await consume(null, 'latest')
        const waiting = consumer.poll(poll)
        await append(0, 5)
        expect((await waiting).map(numberOf)).toEqual(upTo(5))
      })

      it('begins at the end with latest', async () => {
        await append(0, 5)
        const consumer = await consume(null, 'latest')
        await append(5, 8)
        expect((await readRecords(consumer, 3)).map(numberOf)).toEqual([5, 6, 7])
      })

      it('reads every partition, one in each poll and in order', async () => {
        await append(0, 10, 0)
        await append(100, 110, 1)
        await append(200, 210, 2)
        const consumer = await consume()
        const seen = new Map<number, number[]>([0, 1, 2].map((partition) => [partition, []]))
        for (let count = 0; count < 30; ) {
          const records = await consumer.poll({ ...poll, maxRecords: 4 })
          expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
          for (const record of records) seen.get(record.partition)?.push(numberOf(record))
          count += records.length
        }
        expect([...seen.values()]).toEqual([upTo(10), upTo(110, 100), upTo(210, 200)])
      })
    })

    describe('positions', () => {
      it('goes on for the group where it committed', async () => {
        await append(0, 10)
        const first = await consume('group')
        expect(await first.committed(topic, 0)).toBe(0)
        expect(await readRecords(first, 10)).toHaveLength(10)
        await first.commit({ topic, partition: 0, nextOffset: 4 })
        expect(await first.committed(topic, 0)).toBe(4)
        await first.close()
        const second = await consume('group')
        expect(await second.committed(topic, 0)).toBe(4)
        expect((await readRecords(second, 6)).map(numberOf)).toEqual(upTo(10, 4))
      })

      it('keeps groups apart', async () => {
        await append(0, 4)
        const first = await consume('first')
        await first.commit({ topic, partition: 0, nextOffset: 4 })
        expect((await readRecords(await consume('second'), 4)).map(numberOf)).toEqual(upTo(4))
      })

      it('prefers the position of the group to latest', async () => {
        await append(0, 4)
        const first = await consume('group')
        await first.commit({ topic, partition: 0, nextOffset: 1 })
        await first.close()
        expect((await readRecords(await consume('group', 'latest'), 3)).map(numberOf)).toEqual([1, 2, 3])
      })

      it('commits nothing without a group', async () => {
        await append(0, 4)
        const consumer = await consume()
        const commit = consumer.commit({ topic, partition: 0, nextOffset: 1 })
        await expect(commit).rejects.toMatchObject({ code: 'group_missing' })
      })

      it('goes back and forward by seek, also before the topic exists', async () => {
        const early = await consume()
        early.seek(topic, 0, 3)
        await append(0, 10)
        expect((await readRecords(early, 7)).map(numberOf)).toEqual(upTo(10, 3))
        early.seek(topic, 0, 1)
        expect((await early.poll({ ...poll, maxRecords: 1 })).map(numberOf)).toEqual([1])
        early.seek(topic, 0, 8)
        expect((await readRecords(early, 2)).map(numberOf)).toEqual([8, 9])
      })

      it('knows the end of each partition', async () => {
        const consumer = await consume()
        expect(await consumer.endOffsets(topic)).toEqual(new Map())
        await append(0, 3, 0)
        await append(0, 5, 1)
        const ends = await consumer.endOffsets(topic)
        expect([...ends].sort(([a], [b]) => a - b)).toEqual([
          [0, 3],
          [1, 5],
        ])
      })

      it('answers only for topics that it reads', async () => {
        const consumer = await consume()
        await expect(consumer.endOffsets('other')).rejects.toMatchObject({ code: 'topic_not_consumed' })
        await expect(consumer.committed('other', 0)).rejects.toMatchObject({ code: 'topic_not_consumed' })
      })
    })

    describe('across processes', () => {
      it('keeps what a killed writer had acknowledged, and the next writer goes on without gap or repeat', async () => {
        const consumer = await consume()
        const numbers: number[] = []
        let next = 0
        for (let life = 0; life < 3; life += 1) {
          const writer = under.startWriter({ topic, from: next, to: next + 30_000, perAppend: 3, valueBytes: 200 })
          await writer.acknowledged(next + 300)
          numbers.push(...(await readRecords(consumer, 200)).map(numberOf))
          const acknowledged = await writer.kill()
          // The last append may have reached the log without its acknowledgement.
          next = (await consumer.endOffsets(topic)).get(0) ?? 0
          expect(next).toBeGreaterThanOrEqual(acknowledged)
          numbers.push(...(await readRecords(consumer, next - numbers.length)).map(numberOf))
        }
        expect(numbers).toEqual(upTo(next))
      })

      it('lets a reader follow a fast writer of large records', async () => {
        const consumer = await consume()
        const writer = under.startWriter({ topic, from: 0, to: 1000, perAppend: 4, valueBytes: 65_536 })
        const records = await readRecords(consumer, 1000, 4 * 2 ** 20)
        await writer.kill()
        expect(records.map(numberOf)).toEqual(upTo(1000))
      })
    })
  })
}

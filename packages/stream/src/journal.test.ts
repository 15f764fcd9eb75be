import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EmbeddedLog } from './embedded-log.ts'
import { JournalBroken, JournalFull } from './errors.ts'
import type { StoredRecord, StreamRecord } from './event-log.ts'
import { Journal, type JournalOptions } from './journal.ts'

const TOPIC = 'frames.v1'
let dir: string
let journals: Journal[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-journal-'))
  journals = []
})

afterEach(() => {
  for (const journal of journals) journal.close()
  rmSync(dir, { recursive: true, force: true })
})

function openJournal(options: Partial<JournalOptions> = {}, maxPages?: number): Journal {
  const journal = Journal.open(
    { dir, topic: TOPIC, partition: 0, maxBytes: 2 ** 30, onFailure: () => {}, ...options },
    maxPages === undefined ? {} : { maxPages },
  )
  journals.push(journal)
  return journal
}

function record(value: string | Buffer): StreamRecord {
  return { key: Buffer.from('session'), value: Buffer.from(value), headers: '{"ce_id":"1"}' }
}

async function readAll(): Promise<StoredRecord[]> {
  const log = EmbeddedLog.open(dir)
  const consumer = await log.consumer({ group: null, topics: [TOPIC], from: 'earliest' })
  const all: StoredRecord[] = []
  for (;;) {
    const records = await consumer.poll({ maxRecords: 1000, maxBytes: 2 ** 24, maxWaitMs: 0 })
    if (records.length === 0) break
    all.push(...records)
  }
  await log.close()
  return all
}

const values = (records: readonly StoredRecord[]): string[] => records.map(({ value }) => value.toString())

describe('Journal', () => {
  it('shows a turn to readers after its commit, whole and in order', async () => {
    const journal = openJournal()
    journal.append(record('a'))
    journal.append(record('b'))
    expect(await readAll()).toEqual([])
    journal.commit()
    journal.commit()
    const records = await readAll()
    expect(values(records)).toEqual(['a', 'b'])
    expect(records.map(({ offset }) => offset)).toEqual([0, 1])
    expect(records[0]).toMatchObject({
      topic: TOPIC,
      partition: 0,
      headers: '{"ce_id":"1"}',
      key: Buffer.from('session'),
    })
    expect(Math.abs((records[0]?.time ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
  })

  it('copies what it is given', async () => {
    const journal = openJournal()
    const value = Buffer.from('before')
    journal.append({ ...record(''), value })
    value.fill('x')
    journal.commit()
    expect(values(await readAll())).toEqual(['before'])
  })

  it('goes on with the offsets after it was closed', async () => {
    const first = openJournal()
    first.append(record('a'))
    first.close()
    const second = openJournal()
    expect(second.nextOffset).toBe(1)
    second.append(record('b'))
    second.commit()
    expect((await readAll()).map(({ offset, value }) => [offset, value.toString()])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
  })

  it('takes records from 1 MiB and writes a turn of many before it grows without bound', async () => {
    const journal = openJournal()
    const large = Buffer.alloc(1024 * 1024, 'x')
    for (let turn = 0; turn < 5; turn += 1) journal.append(record(large))
    expect(journal.nextOffset).toBeGreaterThan(0)
    journal.commit()
    const records = await readAll()
    expect(records).toHaveLength(5)
    expect(records.every(({ value }) => value.equals(large))).toBe(true)
  })

  it('refuses a second writer of the same file, and takes the next after a close', () => {
    const first = openJournal()
    expect(() => openJournal()).toThrow(expect.objectContaining({ code: 'writer_taken' }))
    first.close()
    expect(openJournal().healthy).toBe(true)
  })
})

describe('Journal at its bound', () => {
  it('refuses records, keeps what it has, and goes on when trim made room', async () => {
    const onFailure = vi.fn<(error: Error) => void>()
    const onRecovery = vi.fn<() => void>()
    const journal = openJournal({ maxBytes: 4 * 1024 * 1024, onFailure, onRecovery })
    const taken = fill(journal)
    expect(taken).toBeGreaterThan(10)
    expect(journal.healthy).toBe(false)
    expect(journal.depthBytes).toBeGreaterThanOrEqual(journal.maxBytes)
    expect(journal.depthBytes).toBeLessThan(journal.maxBytes * 1.25)
    expect(onFailure).toHaveBeenCalledTimes(1)
    expect(onFailure.mock.calls[0]?.[0]).toBeInstanceOf(JournalFull)
    expect((await readAll()).length).toBe(taken)

    let trimmed = 0
    for (let records = -1; records !== 0; trimmed += records) records = journal.trim(Number.MAX_SAFE_INTEGER)
    expect(trimmed).toBe(taken - 1)
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 10_000 })
    expect(onRecovery).toHaveBeenCalledTimes(1)
    journal.append(record('after'))
    journal.commit()
    const left = await readAll()
    expect(left.at(-1)).toMatchObject({ offset: taken, value: Buffer.from('after') })
    expect(left).toHaveLength(2)
  })
})

describe('Journal behind a reader that stands still', () => {
  it('stops at its bound, because the -wal file cannot be begun anew, and goes on when the reader does', async () => {
    const journal = openJournal({ maxBytes: 4 * 1024 * 1024 })
    journal.append(record('a'))
    journal.commit()
    const reader = new DatabaseSync(join(dir, TOPIC, '0.db'), { readOnly: true })
    const reading = reader.prepare('SELECT base_offset FROM batches UNION ALL SELECT 1').iterate()
    reading.next()
    await vi.waitFor(
      () => {
        for (let turn = 0; turn < 20; turn += 1) {
          if (!journal.healthy) return
          journal.append(record(Buffer.alloc(10_000)))
          journal.commit()
          journal.trim(Number.MAX_SAFE_INTEGER)
        }
        throw new Error('still healthy')
      },
      { timeout: 15_000, interval: 1 },
    )
    expect(() => journal.assertWritable()).toThrow(JournalFull)
    expect(journal.depthBytes).toBeLessThan(6 * 1024 * 1024)
    reading.return?.()
    reader.close()
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 15_000 })
    journal.append(record('b'))
    journal.commit()
    expect((await readAll()).at(-1)?.value.toString()).toBe('b')
  })
})

describe('Journal with a retention', () => {
  it('trims by itself', async () => {
    const journal = openJournal({ retentionMs: 0 })
    for (const value of ['a', 'b', 'c']) {
      journal.append(record(value))
      journal.commit()
    }
    await vi.waitFor(async () => expect(values(await readAll())).toEqual(['c']), { timeout: 5000 })
  })
})

describe('Journal on a full disk', () => {
  it('throws JournalBroken, keeps the turn, and writes it once when there is room', async () => {
    const onFailure = vi.fn<(error: Error) => void>()
    const onRecovery = vi.fn<() => void>()
    const journal = openJournal({ onFailure, onRecovery }, 40)
    let taken = 0
    expect(() => {
      for (;;) {
        journal.append(record(Buffer.alloc(20_000, taken)))
        taken += 1
        journal.commit()
      }
    }).toThrow(JournalBroken)
    expect(journal.healthy).toBe(false)
    expect(() => journal.append(record('refused'))).toThrow(JournalBroken)
    expect(() => journal.commit()).toThrow(JournalBroken)
    expect(onFailure).toHaveBeenCalledTimes(1)
    expect(await readAll()).toHaveLength(taken - 1)

    for (let records = -1; records !== 0; ) records = journal.trim(Number.MAX_SAFE_INTEGER)
    expect(journal.healthy).toBe(true)
    expect(onRecovery).toHaveBeenCalledTimes(1)
    journal.append(record('after'))
    journal.commit()
    const left = await readAll()
    expect(left.map(({ offset }) => offset)).toEqual([taken - 1, taken])
    expect(left[0]?.value.equals(Buffer.alloc(20_000, taken - 1))).toBe(true)
  })
})

/** Appends until the journal refuses; returns how many records it took. */
function fill(journal: Journal): number {
  for (let taken = 0; ; taken += 1) {
    try {
      journal.append(record(Buffer.alloc(50_000, taken)))
    } catch (error) {
      if (error instanceof JournalFull) return taken
      throw error
    }
    journal.commit()
  }
}

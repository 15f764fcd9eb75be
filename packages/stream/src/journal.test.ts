import { mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EmbeddedLog } from './embedded-log.ts'
import { JournalBroken, JournalFull } from './errors.ts'
import type { StoredRecord, StreamRecord } from './event-log.ts'
import { Journal, type JournalOptions } from './journal.ts'
import type { SegmentWriterOptions } from './segment-writer.ts'

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

function openJournal(options: Partial<JournalOptions> = {}, disk: SegmentWriterOptions = {}): Journal {
  const journal = Journal.open(
    { dir, topic: TOPIC, partition: 0, maxBytes: 2 ** 30, onFailure: () => {}, ...options },
    disk,
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
    await vi.waitFor(
      () => {
        trimmed += journal.trim(Number.MAX_SAFE_INTEGER)
        expect([trimmed, journal.depthBytes]).toEqual([taken, 0])
      },
      { timeout: 10_000 },
    )
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 10_000 })
    expect(onRecovery).toHaveBeenCalledTimes(1)
    journal.append(record('after'))
    journal.commit()
    await expect.poll(readAll).toMatchObject([{ offset: taken, value: Buffer.from('after') }])
  })
})

describe('Journal with a retention', () => {
  it('trims by itself', async () => {
    const journal = openJournal({ retentionMs: 0 })
    for (const value of ['a', 'b', 'c']) {
      journal.append(record(value))
      journal.commit()
    }
    await vi.waitFor(async () => expect(await readAll()).toEqual([]), { timeout: 5000 })
    journal.append(record('d'))
    journal.commit()
    expect(journal.nextOffset).toBe(4)
  })
})

describe('Journal on a full disk', () => {
  it('throws JournalBroken, keeps the turn, and writes it once when there is room', async () => {
    const onFailure = vi.fn<(error: Error) => void>()
    const onRecovery = vi.fn<() => void>()
    let room = 150_000
    const write = fullDisk(() => room)
    const journal = openJournal({ onFailure, onRecovery }, { write })
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

    room = Infinity
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 5000 })
    expect(onRecovery).toHaveBeenCalledTimes(1)
    journal.append(record('after'))
    journal.commit()
    const left = await readAll()
    expect(left.map(({ offset }) => offset)).toEqual(Array.from({ length: taken + 1 }, (_, offset) => offset))
    expect(left.at(-2)?.value.equals(Buffer.alloc(20_000, taken - 1))).toBe(true)
  })

  it('takes everything back of a write that the disk refused as a whole', async () => {
    let ill = false
    const write: SegmentWriterOptions['write'] = (fd, bytes, length, position) => {
      if (ill) throw new Error('EIO: i/o error, write')
      return writeSync(fd, bytes, 0, length, position)
    }
    const journal = openJournal({}, { write })
    journal.append(record('a'))
    journal.commit()
    ill = true
    journal.append(record('b'))
    expect(() => journal.commit()).toThrow(/EIO/)
    ill = false
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 5000 })
    expect(values(await readAll())).toEqual(['a', 'b'])
  })
})

describe('Journal on a disk that does not sync', () => {
  it('stops, writes again what is not certain, and goes on when a sync succeeds', async () => {
    const onFailure = vi.fn<(error: Error) => void>()
    let ill = true
    const sync = vi.fn<() => Promise<void>>(async () => {
      if (ill) throw new Error('EIO: i/o error, fdatasync')
    })
    const journal = openJournal({ onFailure }, { sync })
    expect(journal.syncProblem).toBe(null)
    journal.append(record('a'))
    journal.commit()
    await vi.waitFor(() => expect(journal.healthy).toBe(false), { timeout: 5000 })
    expect(journal.syncProblem).toMatch(/EIO/)
    expect(onFailure.mock.calls).toEqual([[expect.any(JournalBroken)]])
    expect(() => journal.append(record('refused'))).toThrow(JournalBroken)
    ill = false
    await vi.waitFor(() => expect(journal.healthy).toBe(true), { timeout: 5000 })
    expect(journal.syncProblem).toBe(null)
    journal.append(record('b'))
    journal.commit()
    expect(values(await readAll())).toEqual(['a', 'b'])
  })

  it('never syncs twice at once, and not without something new', async () => {
    let running = 0
    let most = 0
    const sync = vi.fn<() => Promise<void>>(async () => {
      running += 1
      most = Math.max(most, running)
      await sleep(20)
      running -= 1
    })
    const journal = openJournal({}, { sync })
    for (const end = performance.now() + 400; performance.now() < end; await sleep(1)) {
      journal.append(record('a'))
      journal.commit()
    }
    expect(most).toBe(1)
    expect(sync.mock.calls.length).toBeGreaterThan(1)
    expect(sync.mock.calls.length).toBeLessThan(10)
    await sleep(200)
    const before = sync.mock.calls.length
    await sleep(200)
    expect(sync.mock.calls.length).toBe(before)
  })
})

describe('Journal in segments', () => {
  it('begins one after the other, is read across them, and trims them from the oldest', async () => {
    const journal = openJournal({}, { segmentBytes: 10_000 })
    for (let number = 0; number < 200; number += 1) {
      journal.append(record(`${number} `.padEnd(1000, '.')))
      journal.commit()
      if (number % 10 === 0) await sleep(60)
    }
    const directory = join(dir, TOPIC, '0.journal')
    const segments = readdirSync(directory).filter((name) => name.endsWith('.seg'))
    expect(segments.length).toBeGreaterThan(3)
    expect((await readAll()).map(({ offset }) => offset)).toEqual(Array.from({ length: 200 }, (_, offset) => offset))
    const before = journal.depthBytes
    const freed = journal.trim(Number.MAX_SAFE_INTEGER)
    expect(freed).toBe(Number(segments[1]?.slice(0, 20)))
    expect(journal.depthBytes).toBeLessThan(before)
    await expect.poll(async () => (await readAll())[0]?.offset).toBe(freed)
  })
})

/** Takes what there is room for, also a part of a write. */
function fullDisk(room: () => number): NonNullable<SegmentWriterOptions['write']> {
  return (fd, bytes, length, position) => {
    const fits = Math.max(0, Math.min(length, room() - position))
    return writeSync(fd, bytes, 0, fits, position)
  }
}

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

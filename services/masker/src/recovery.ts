// Where the masker goes on after it stopped, however it stopped. What it published is read back from the topics, not
// assumed: a batch that was published and not yet checkpointed is not published again, and where a log lost its tail
// (the machine lost power) the masker goes back to the last checkpoint that all logs still agree with.

import { hash } from 'node:crypto'
import { AuditUnavailable, TOPICS } from '@sluice/events'
import type { Consumer, EventLog, StoredRecord } from '@sluice/stream'
import type { Checkpoint, MaskerState } from './masker-state.ts'

/** More than this after the last checkpoint was not published by an interrupted batch. */
export const MAX_UNCHECKPOINTED_RECORDS = 100_000
const POLL = { maxRecords: 500, maxBytes: 4_194_304, maxWaitMs: 1_000 }
/** The masker is the only writer of both topics, and writes one partition. */
export const OUTPUT_PARTITION = 0

export type Resumption = {
  /** The next frame to read, of each partition that was read before. */
  readonly positions: ReadonlyMap<number, number>
  readonly auditEnd: number
  readonly deadEnd: number
  /** Event ids and sources that were published after the checkpoint. */
  readonly published: ReadonlySet<string>
  /** Frames before these positions were processed once already, with the sessions' state that is kept. */
  readonly reprocessUntil: ReadonlyMap<number, number>
}

export type PublishedId = (record: StoredRecord) => string

export async function resume(
  log: EventLog,
  state: MaskerState,
  auditId: PublishedId,
  deadLetterId: PublishedId,
): Promise<Resumption> {
  const checkpoints = state.checkpoints()
  const kept = await firstAgreed(log, checkpoints)
  if (kept.length < checkpoints.length) state.rewind(kept.length)
  const newest = kept[0]
  const published = new Set<string>()
  const auditEnd = await readFrom(log, TOPICS.audit, newest?.auditEnd ?? 0, (record) => published.add(auditId(record)))
  const deadEnd = await readFrom(log, TOPICS.frameDeadLetters, newest?.deadEnd ?? 0, (record) =>
    published.add(deadLetterId(record)),
  )
  return {
    positions: newestPositions(kept),
    auditEnd,
    deadEnd,
    published,
    reprocessUntil: kept.length < checkpoints.length ? newestPositions(checkpoints) : new Map(),
  }
}

/** The SHA-256 by which a checkpoint knows the last frame that it covers. */
export function frameDigest(value: Buffer): Buffer {
  return hash('sha256', value, 'buffer')
}

/** For each partition the position of its newest checkpoint; the list begins with the newest. */
function newestPositions(checkpoints: readonly Checkpoint[]): Map<number, number> {
  const positions = new Map<number, number>()
  for (const { partition, position } of checkpoints) {
    if (!positions.has(partition)) positions.set(partition, position)
  }
  return positions
}

/** The checkpoints from the newest on that all logs agree with. */
async function firstAgreed(log: EventLog, checkpoints: readonly Checkpoint[]): Promise<readonly Checkpoint[]> {
  if (checkpoints.length === 0) return checkpoints
  const topics = [TOPICS.frames, TOPICS.audit, TOPICS.frameDeadLetters]
  const reader = await log.consumer({ group: null, topics, from: 'earliest' })
  try {
    const auditEnd = await endOf(reader, TOPICS.audit)
    const deadEnd = await endOf(reader, TOPICS.frameDeadLetters)
    const frames = await log.consumer({ group: null, topics: [TOPICS.frames], from: 'earliest' })
    try {
      for (let from = 0; from < checkpoints.length; from++) {
        const rest = checkpoints.slice(from)
        const [newest] = rest
        if (newest === undefined || newest.auditEnd > auditEnd || newest.deadEnd > deadEnd) continue
        if (await framesAgree(frames, rest)) return rest
      }
      return []
    } finally {
      await frames.close()
    }
  } finally {
    await reader.close()
  }
}

/** Whether the last frame of each partition's newest checkpoint is still where it was (or was trimmed since). */
async function framesAgree(frames: Consumer, checkpoints: readonly Checkpoint[]): Promise<boolean> {
  const ends = await frames.endOffsets(TOPICS.frames)
  const seen = new Set<number>()
  for (const { partition, position, lastFrame } of checkpoints) {
    if (seen.has(partition)) continue
    seen.add(partition)
    if ((ends.get(partition) ?? 0) < position) return false
    const record = await recordAt(frames, partition, position - 1)
    if (record !== null && !frameDigest(record.value).equals(lastFrame)) return false
  }
  return true
}

async function recordAt(frames: Consumer, partition: number, offset: number): Promise<StoredRecord | null> {
  for (const [known, end] of await frames.endOffsets(TOPICS.frames)) {
    // Only the partition in question has something to read.
    frames.seek(TOPICS.frames, known, known === partition ? offset : end)
  }
  const [record] = await frames.poll({ maxRecords: 1, maxBytes: 1, maxWaitMs: 0 })
  return record !== undefined && record.partition === partition && record.offset === offset ? record : null
}

async function endOf(reader: Consumer, topic: string): Promise<number> {
  return (await reader.endOffsets(topic)).get(OUTPUT_PARTITION) ?? 0
}

/** Reads a topic from an offset to its end; returns the end. Offsets may have gaps: a power cut makes one. */
async function readFrom(
  log: EventLog,
  topic: string,
  offset: number,
  onRecord: (record: StoredRecord) => void,
): Promise<number> {
  const reader = await log.consumer({ group: null, topics: [topic], from: 'earliest' })
  try {
    const end = await endOf(reader, topic)
    reader.seek(topic, OUTPUT_PARTITION, offset)
    let count = 0
    for (let next = offset; next < end; ) {
      const records = await reader.poll(POLL)
      if (records.length === 0) break
      for (const record of records) onRecord(record)
      count += records.length
      if (count > MAX_UNCHECKPOINTED_RECORDS) throw stateLost(topic)
      next = (records.at(-1)?.offset ?? end) + 1
    }
    return end
  } finally {
    await reader.close()
  }
}

function stateLost(topic: string): AuditUnavailable {
  return new AuditUnavailable(
    'masker_state_lost',
    `${topic} has more than ${MAX_UNCHECKPOINTED_RECORDS} records that the masker's state does not know of: it can't tell which frames were audited. Put the state file back, or begin with a new log`,
  )
}

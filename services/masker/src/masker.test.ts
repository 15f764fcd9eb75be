import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  closingBytes,
  contentRoot,
  firstLink,
  importSigningKey,
  importVerifyingKey,
  nextLink,
  TOPICS,
  verifyAudit,
} from '@sluice/events'
import type { Producer } from '@sluice/stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closed, type Interposed, Node, opened, query, startMasker } from './masker.fixture.ts'
import type { MaskerState } from './masker-state.ts'

let node: Node

beforeEach(async () => {
  node = await Node.start()
})

afterEach(async () => {
  await node.stop()
})

const idsOf = async (): Promise<string[]> => (await node.audits()).map((audit) => audit.header.eventId)

describe('Masker', () => {
  it('audits every event once and in order, sanitised and signed, and no raw value leaves it', async () => {
    const { recorder, sessionId } = await node.session()
    const secret = "'123-45-6789'"
    const result = { kind: 'result', label: '', bytes: Buffer.from(`D ${secret}`) } as const
    const claim = { kind: 'claim', label: 'application_name', bytes: Buffer.from('psql') } as const
    const parts = [
      { ...opened, segments: [claim] },
      query('select id from customers where ssn = \0', secret),
      { ...query('select id from customers where ssn = \0', secret), kind: 'finished', segments: [result] } as const,
      closed,
    ]
    const events = parts.map((part) => recorder.record(part))
    await node.append(events)
    await node.mask()
    const audits = await node.audits()
    expect(audits.map(({ header }) => header)).toEqual(events.map(({ header }) => header))
    expect(audits.map(({ unsanitised }) => unsanitised)).toEqual([false, false, false, false])
    expect(audits[0]?.claims).toEqual({ application_name: 'psql' })
    expect(audits[1]?.text).toBe("select id from customers where ssn = '…'")
    expect(audits[3]?.closing?.count).toBe(4)
    const records = await node.records(TOPICS.audit)
    for (const { key, value, headers } of records) {
      expect(key.toString()).toBe(sessionId)
      expect(value.includes('6789')).toBe(false)
      expect(JSON.parse(headers)).toMatchObject({ ce_subject: sessionId })
    }
    for (const file of ['log/sluice.audit.v1/0.db', 'log/sluice.frames.v1/0.db', 'masker/state.db']) {
      for (const suffix of ['', '-wal']) {
        const bytes = await readFileOrNothing(join(node.dir, file + suffix))
        expect([file + suffix, bytes.includes('6789')]).toEqual([file + suffix, false])
      }
    }
  })

  it('writes an audit stream from which chain, signatures and what is shown can be checked without any secret', async () => {
    await node.runSession(2)
    await node.mask()
    const codecs = await node.codecs()
    const nodeKey = importVerifyingKey(importSigningKey(node.keys.node).publicKey)
    const maskerKey = importVerifyingKey(importSigningKey(node.keys.signing).publicKey)
    const records = await node.records(TOPICS.audit)
    let link: Buffer | null = null
    for (const { value } of records) {
      const { audit, headerBytes } = codecs.audits.read(value)
      const { header, sensitiveSpans, context, closing } = audit
      expect(verifyAudit(codecs.audits, value, maskerKey)).toBe(true)
      link ??= firstLink(header.sessionId, nodeKey.publicKey)
      const sealing = { sealed: null, sessionKey: null, closing: null, previousLink: link, link }
      const frame = { header, sensitiveSpans, context, segments: audit.segments, ...sealing }
      const { contentBytes } = codecs.frames.read(codecs.frames.encode(frame))
      expect(audit.previousLink).toEqual(link)
      link = nextLink(link, headerBytes, contentRoot(contentBytes))
      expect(audit.link).toEqual(link)
      for (const { disclosure, nonce, bytes, commitment } of audit.segments) {
        if (disclosure !== 'shown' || nonce === null || bytes === null) continue
        expect(hash('sha256', Buffer.concat([nonce, bytes]), 'buffer')).toEqual(commitment)
      }
      if (closing === null) continue
      expect(closing.count).toBe(records.length)
      expect(nodeKey.verify(closingBytes(header.sessionId, closing.count, link), closing.signature)).toBe(true)
    }
    expect(records.length).toBe(4)
  })

  it('goes on in the middle of a session after a restart, from the kept key and link', async () => {
    const { recorder } = await node.session()
    await node.append([recorder.record(opened)])
    await node.mask()
    await node.append([recorder.record(query('select \0', '7'))])
    await node.mask()
    const audits = await node.audits()
    expect(audits.map(({ text, unsanitised }) => [text, unsanitised])).toEqual([
      [null, false],
      ['select 7', false],
    ])
  })

  it('audits what it cannot check or open with everything withheld, never not at all', async () => {
    const { recorder } = await node.session()
    const events = [opened, query('select \0', '1'), query('select \0', '2'), query('select \0', '3')].map((part) =>
      recorder.record(part),
    )
    // The second is missing: the third is a gap, the fourth follows the third.
    await node.append(events.filter((_, index) => index !== 1))
    const unknown = (await node.session()).recorder
    unknown.record(opened)
    await node.append([unknown.record(query('select \0', '5'))])
    const { registry } = await node.mask()
    const audits = await node.audits()
    expect(audits.map(({ text, unsanitised }) => [text, unsanitised])).toEqual([
      [null, false],
      [null, true],
      ['select 3', false],
      [null, true],
    ])
    expect(audits[1]?.segments.map(({ disclosure, reason }) => [disclosure, reason])).toEqual([
      ['withheld', 'unsanitised'],
      ['withheld', 'unsanitised'],
    ])
    const metrics = await registry.metrics()
    expect(metrics).toContain('sluice_masker_unsanitised_total{code="sequence_gap"} 1')
    expect(metrics).toContain('sluice_masker_unsanitised_total{code="session_unknown"} 1')
  })

  it('puts a record that it cannot read whole into the dead letters, counts it, and goes on', async () => {
    const before = await node.runSession(1)
    const garbage = { key: Buffer.from('k'), value: Buffer.from('no frame at all'), headers: '{}' }
    await node.append([garbage])
    const after = await node.runSession(1)
    const { registry } = await node.mask()
    expect(await idsOf()).toEqual([...before, ...after])
    expect(await node.deadLetters()).toMatchObject([
      { topic: TOPICS.frames, partition: 0, offset: 3, key: garbage.key, value: garbage.value, headers: '{}' },
    ])
    expect(await registry.metrics()).toContain('sluice_masker_dead_letters_total{code="record_unframed"} 1')
  })

  it('does not publish an event again that comes again, and keeps one that says something else', async () => {
    const { recorder } = await node.session()
    const [first, second] = [recorder.record(opened), recorder.record(query('select \0', '1'))]
    await node.append([first, second, second, first])
    await node.mask()
    expect(await idsOf()).toEqual([first.header.eventId, second.header.eventId])
    expect((await node.deadLetters()).map(({ offset, error }) => [offset, error.split(':')[0]])).toEqual([
      [3, 'frame_repeated'],
    ])
  })

  it('tries again where the disk is full, says that it is not ready meanwhile, and publishes once', async () => {
    const ids = await node.runSession(2)
    const readiness: boolean[] = []
    let failures = 3
    const failing = (when: 'append' | 'commit'): void => {
      if (failures === 0 || (when === 'append' && failures === 1)) return
      failures--
      throw Object.assign(new Error('disk full'), { code: 'log_unwritable' })
    }
    const { masker, registry, stop } = await startMasker(node.dir, node.keys, ({ log, state }) => ({
      log: {
        close: () => log.close(),
        consumer: (options) => log.consumer(options),
        async producer(topic, options) {
          const producer = await log.producer(topic, options)
          return {
            close: () => producer.close(),
            append(records) {
              readiness.push(masker.readiness().ready)
              failing('append')
              return producer.append(records)
            },
          }
        },
      },
      state: withCommit(state, (checkpoint, sessions) => {
        failing('commit')
        state.commit(checkpoint, sessions)
      }),
    }))
    expect(await masker.step(new AbortController().signal, 0)).toBe(ids.length)
    expect(readiness).toEqual([true, false, false])
    expect(masker.readiness()).toEqual({ ready: true })
    expect(await registry.metrics()).toContain('sluice_masker_batch_failures_total 3')
    await stop()
    expect(await idsOf()).toEqual(ids)
  })

  it('lets only one masker work', async () => {
    const { stop } = await startMasker(node.dir, node.keys)
    await expect(startMasker(node.dir, node.keys)).rejects.toThrow('another masker')
    await stop()
  })
})

/** A step at which the masker dies: what it was about to do does, or does not, happen before. */
type Step =
  | 'before dead letters'
  | 'after dead letters'
  | 'before audit'
  | 'after audit'
  | 'before state'
  | 'after state'

function withCommit(state: MaskerState, commit: MaskerState['commit']): MaskerState {
  return new Proxy(state, {
    get(target, property) {
      const value: unknown = property === 'commit' ? commit : Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function dieAt(step: Step, died: AbortController): (real: Interposed) => Interposed {
  const die = (): never => {
    died.abort()
    throw new Error('the process is gone')
  }
  const dying = (producer: Producer, before: Step, after: Step): Producer => ({
    close: () => producer.close(),
    async append(records) {
      if (step === before) die()
      const appended = await producer.append(records)
      if (step === after) die()
      return appended
    },
  })
  return ({ log, state }) => ({
    log: {
      close: () => log.close(),
      consumer: (options) => log.consumer(options),
      async producer(topic, options) {
        const producer = await log.producer(topic, options)
        return topic === TOPICS.audit
          ? dying(producer, 'before audit', 'after audit')
          : dying(producer, 'before dead letters', 'after dead letters')
      },
    },
    state: withCommit(state, (checkpoint, sessions) => {
      if (step === 'before state') die()
      state.commit(checkpoint, sessions)
      if (step === 'after state') die()
    }),
  })
}

describe('Masker, killed', () => {
  it.each<Step>([
    'before dead letters',
    'after dead letters',
    'before audit',
    'after audit',
    'before state',
    'after state',
  ])('%s: nothing is lost and nothing published twice', async (step) => {
    const garbage = (text: string) => ({ key: Buffer.alloc(0), value: Buffer.from(text), headers: '{}' })
    const ids = await node.runSession(3)
    await node.append([garbage('one')])
    await node.mask()
    ids.push(...(await node.runSession(2)))
    await node.append([garbage('two')])
    ids.push(...(await node.runSession(2)))
    const died = new AbortController()
    await node.mask(dieAt(step, died), died.signal)
    expect(died.signal.aborted).toBe(true)
    ids.push(...(await node.runSession(1)))
    await node.mask()
    await node.mask()
    expect(await idsOf()).toEqual(ids)
    expect((await node.audits()).filter(({ unsanitised }) => unsanitised)).toEqual([])
    expect((await node.deadLetters()).map(({ value }) => value.toString())).toEqual(['one', 'two'])
  })

  it('goes back where the audit topic lost its tail with the power, and audits it again', async () => {
    const ids = [...(await node.runSession(2)), ...(await node.runSession(2))]
    await node.mask()
    const { recorder } = await node.session()
    const more = [opened, query('select \0', '1')].map((part) => recorder.record(part))
    await node.append(more)
    await node.mask()
    await inLogFile(TOPICS.audit, `DELETE FROM batches WHERE base_offset >= ${ids.length}`)
    const last = recorder.record(query('select \0', '2'))
    await node.append([last])
    await node.mask()
    const all = [...ids, ...more.map(({ header }) => header.eventId), last.header.eventId]
    expect(await idsOf()).toEqual(all)
    expect((await node.audits()).filter(({ unsanitised }) => unsanitised)).toEqual([])
  })

  it('finds what it published where the offsets go on much higher, as they do after a power cut', async () => {
    const ids = await node.runSession(2)
    await node.mask()
    ids.push(...(await node.runSession(1)))
    const died = new AbortController()
    await node.mask(dieAt('after audit', died), died.signal)
    await inLogFile(TOPICS.audit, 'UPDATE batches SET base_offset = base_offset + 16777216 WHERE base_offset >= 4')
    ids.push(...(await node.runSession(1)))
    await node.mask()
    expect(await idsOf()).toEqual(ids)
  })

  it('reads a frames topic that begins anew from its beginning', async () => {
    await node.runSession(5)
    await node.mask()
    await rm(join(node.dir, 'log', TOPICS.frames), { recursive: true })
    const ids = await node.runSession(1)
    await node.mask()
    expect((await idsOf()).slice(-3)).toEqual(ids)
  })
})

async function inLogFile(topic: string, statement: string): Promise<void> {
  const database = new DatabaseSync(join(node.dir, 'log', topic, '0.db'))
  database.exec(statement)
  database.close()
}

async function readFileOrNothing(file: string): Promise<Buffer> {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}

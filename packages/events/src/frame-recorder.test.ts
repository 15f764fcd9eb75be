import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventParts } from './arbitraries.ts'
import { closingBytes, contentRoot, firstLink, nextLink } from './chain.ts'
import { type FrameCodec, frameCodec } from './codec.ts'
import { AuditUnavailable, PeerInvalid, PeerUnsupported } from './errors.ts'
import type { Frame, SegmentKind } from './frame.ts'
import { type EventPart, FrameRecorder } from './frame-recorder.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import { MAX_EVENT_PAYLOAD_BYTES } from './record-room.ts'
import { SessionSealer } from './seal.ts'
import { SealOpener } from './seal-opener.ts'
import {
  generateSealingKeyPair,
  importSealingPrivateKey,
  importSealingPublicKey,
  type SealingPrivateKey,
  type SealingPublicKey,
} from './sealing-keys.ts'
import { MAX_PART_BYTES, type RawSegment } from './segments.ts'
import { generateSigningKey, importSigningKey, importVerifyingKey } from './signing.ts'
import { uuidv7 } from './uuid.ts'

const ALL: ReadonlySet<SegmentKind> = new Set(['text', 'literal', 'comment', 'bind', 'result', 'claim'])
const nodeKey = importSigningKey(generateSigningKey())
const subject = {
  issuer: 'https://issuer.test',
  id: 'agent-1',
  kind: 'agent',
  groups: ['agents'],
  onBehalfOf: null,
} as const
const opened: EventPart = { kind: 'session_opened', direction: 'none', operation: 'Startup' }
const query: EventPart = { kind: 'request', direction: 'to_upstream', operation: 'Query' }
const text = (value: string): RawSegment => ({ kind: 'text', label: '', bytes: Buffer.from(value) })

let codec: FrameCodec
let publicKey: SealingPublicKey
let privateKey: SealingPrivateKey

beforeAll(async () => {
  codec = await frameCodec(new MemorySchemaRegistry())
  const pair = await generateSealingKeyPair()
  publicKey = await importSealingPublicKey(pair.publicKey)
  privateKey = await importSealingPrivateKey(pair.privateKey)
})

async function newSession(): Promise<{ recorder: FrameRecorder; sessionId: string }> {
  const sessionId = uuidv7()
  const sealer = await SessionSealer.create(sessionId, publicKey)
  const facts = { sessionId, nodeId: 'node-ü', protocol: 'postgres', connection: 'shop', subject }
  return { sessionId, recorder: new FrameRecorder({ ...facts, codec, nodeKey, sealer }) }
}

/** What a reader with the masker's key checks: decoding, chain, seal and closing. Throws on any difference. */
async function verify(values: readonly Buffer[], sessionId: string): Promise<RawSegment[][]> {
  let link = firstLink(sessionId, nodeKey.publicKey)
  let opener: SealOpener | null = null
  const all: RawSegment[][] = []
  for (const [index, value] of values.entries()) {
    const { frame, headerBytes, contentBytes } = codec.read(value)
    if (frame.header.sequence !== index || !frame.previousLink.equals(link))
      throw new PeerInvalid('chain', 'out of order')
    link = nextLink(link, headerBytes, contentRoot(contentBytes))
    if (!frame.link.equals(link)) throw new PeerInvalid('chain', 'broken')
    if (frame.sessionKey !== null) opener = await SealOpener.fromWrapped(sessionId, frame.sessionKey, privateKey)
    else if (index === 0) throw new PeerInvalid('key', 'missing')
    if (opener === null) throw new PeerInvalid('key', 'missing')
    all.push(opener.open(frame.segments, frame.sealed, ALL).filter((segment) => segment !== null))
    verifyClosing(frame, index, values.length)
  }
  return all
}

function verifyClosing(frame: Frame, index: number, count: number): void {
  if ((frame.closing !== null) !== (index === count - 1)) throw new PeerInvalid('closing', 'missing or early')
  if (frame.closing === null) return
  const key = importVerifyingKey(nodeKey.publicKey)
  const bytes = closingBytes(frame.header.sessionId, frame.closing.count, frame.link)
  if (
    frame.closing.keyId !== key.keyId ||
    frame.closing.count !== count ||
    !key.verify(bytes, frame.closing.signature)
  ) {
    throw new PeerInvalid('closing', 'not signed')
  }
}

const close: EventPart = { kind: 'session_closed', direction: 'none', operation: 'Terminate' }

describe('FrameRecorder', () => {
  it('records what the codec reads: header, payload, links', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(eventParts, { maxLength: 6 }), async (parts) => {
        const { recorder, sessionId } = await newSession()
        const events = [opened, ...parts, close].map((part) => {
          const event = recorder.record(part)
          return { ...event, value: Buffer.from(event.value) }
        })
        for (const event of events) {
          const frame = codec.decode(event.value)
          expect(frame.header).toEqual(event.header)
          expect(codec.encode(frame)).toEqual(Buffer.from(event.value))
          expect(event.key.toString()).toBe(sessionId)
          expect(event.headers).toBe('{}')
        }
        const segments = await verify(
          events.map((event) => event.value),
          sessionId,
        )
        expect(
          segments.slice(1, -1).map((list) => list.map(({ kind, label, bytes }) => ({ kind, label, bytes }))),
        ).toEqual(parts.map((part) => part.segments))
        const spans = events.map((event) => codec.decode(event.value).sensitiveSpans)
        expect(spans.slice(1, -1)).toEqual(parts.map((part) => part.sensitiveSpans))
      }),
      { numRuns: 40 },
    )
  })

  it('leaves no byte that can be changed unseen', async () => {
    const { recorder, sessionId } = await newSession()
    const segments = [text('select \0 -- é'), { kind: 'literal', label: '', bytes: Buffer.from("'secret'") } as const]
    const sensitiveSpans = [{ segment: 1, start: 0, end: 3, tag: 'pii' }]
    const values = [opened, { ...query, segments, sensitiveSpans, context: '{"a":1}', fingerprint: 'ab' }, close].map(
      (part) => Buffer.from(recorder.record(part).value),
    )
    await expect(verify(values, sessionId)).resolves.toBeDefined()
    for (const [index, value] of values.entries()) {
      for (let at = 0; at < value.length; at++) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const changed = Buffer.from(value)
          changed[at] = (changed[at] as number) ^ flip
          await expect(verify(values.with(index, changed), sessionId), `byte ${at} of record ${index}`).rejects.toThrow(
            PeerInvalid,
          )
        }
      }
    }
  })

  it('finds a record that is cut, missing, doubled or moved', async () => {
    const { recorder, sessionId } = await newSession()
    const parts = [opened, { ...query, segments: [text('select')] }, query, close]
    const values = parts.map((part) => Buffer.from(recorder.record(part).value))
    const [a, b, c, d] = values as [Buffer, Buffer, Buffer, Buffer]
    for (const changed of [
      [a, b, d],
      [a, c, b, d],
      [a, b, b, c, d],
      [b, c, d],
      [a, b, c],
    ]) {
      await expect(verify(changed, sessionId)).rejects.toThrow(PeerInvalid)
    }
    for (let end = 0; end < b.length; end++) expect(() => codec.decode(b.subarray(0, end))).toThrow(PeerInvalid)
  })

  it('splits a large segment into numbered parts, and nothing is cut off', async () => {
    const { recorder, sessionId } = await newSession()
    const bytes = Buffer.from(Array.from({ length: 2 * MAX_PART_BYTES + 17 }, (_, at) => at % 251))
    const events = [
      opened,
      { ...query, segments: [text('a'), { kind: 'text', label: 'x', bytes } as const] },
      close,
    ].map((part) => Buffer.from(recorder.record(part).value))
    expect(codec.decode(events[1] as Buffer).segments.map(({ part, parts }) => [part, parts])).toEqual([
      [0, 1],
      [0, 3],
      [1, 3],
      [2, 3],
    ])
    const [, segments] = await verify(events, sessionId)
    expect(Buffer.concat((segments ?? []).slice(1).map((segment) => segment.bytes))).toEqual(bytes)
  })

  it('repeats a prepared segment with the same commitment, in its own session only', async () => {
    const { recorder, sessionId } = await newSession()
    const prepared = recorder.prepare(text('select 1'))
    const part = { ...query, segments: [prepared] }
    const values = [opened, part, part, close].map((one) => Buffer.from(recorder.record(one).value))
    await verify(values, sessionId)
    const commitments = values.slice(1, 3).map((value) => codec.decode(value).segments[0]?.commitment)
    expect(commitments).toEqual([prepared.commitment, prepared.commitment])
    const other = await newSession()
    other.recorder.record(opened)
    const foreign = codec.decode(other.recorder.record(part).value)
    expect(foreign.segments[0]?.commitment).not.toEqual(prepared.commitment)
  })

  it('goes on where a dead process stopped, and closes the session', async () => {
    const { recorder, sessionId } = await newSession()
    const values = [opened, { ...query, segments: [text('select 1')] }].map((part) =>
      Buffer.from(recorder.record(part).value),
    )
    const facts = { sessionId, nodeId: 'node-ü', protocol: 'postgres', connection: 'shop', subject }
    const resume = { sequence: recorder.sequence, link: recorder.lastLink }
    const recovery = new FrameRecorder({ ...facts, codec, nodeKey, sealer: null, resume })
    expect(() => recovery.record({ ...query, segments: [text('x')] })).toThrow(AuditUnavailable)
    const outcome = { status: 'interrupted', code: null, rows: 0, bytes: 0, durationMicros: 0 } as const
    values.push(Buffer.from(recovery.record({ ...close, outcome }).value))
    await verify(values, sessionId)
  })

  it('refuses a payload that no event can hold, and the chain does not move', async () => {
    const { recorder, sessionId } = await newSession()
    const values = [Buffer.from(recorder.record(opened).value)]
    const bytes = Buffer.alloc(MAX_EVENT_PAYLOAD_BYTES)
    expect(() => recorder.record({ ...query, segments: [{ kind: 'text', label: '', bytes }] })).toThrow(PeerUnsupported)
    values.push(Buffer.from(recorder.record(close).value))
    await verify(values, sessionId)
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { rawSegments } from './arbitraries.ts'
import { type FrameCodec, frameCodec } from './codec.ts'
import { ConfigInvalid, PeerInvalid } from './errors.ts'
import type { SegmentKind } from './frame.ts'
import { FrameRecorder } from './frame-recorder.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import { SessionSealer } from './seal.ts'
import { SealOpener } from './seal-opener.ts'
import {
  generateSealingKeyPair,
  importSealingPrivateKey,
  importSealingPublicKey,
  type SealingPrivateKey,
  type SealingPublicKey,
} from './sealing-keys.ts'
import { generateSigningKey, importSigningKey } from './signing.ts'
import { uuidv7 } from './uuid.ts'

const KINDS: readonly SegmentKind[] = ['text', 'literal', 'comment', 'bind', 'result', 'claim']
const subject = { issuer: 'i', id: 'a', kind: 'agent', groups: [], onBehalfOf: null } as const
const nodeKey = importSigningKey(generateSigningKey())
let codec: FrameCodec
let recipient: SealingPublicKey
let masker: SealingPrivateKey

beforeAll(async () => {
  codec = await frameCodec(new MemorySchemaRegistry())
  const pair = await generateSealingKeyPair()
  recipient = await importSealingPublicKey(pair.publicKey)
  masker = await importSealingPrivateKey(pair.privateKey)
})

describe('sealing', () => {
  it('opens what was sealed, in any order of events, and only the kinds that are wanted', async () => {
    const sessionId = uuidv7()
    const sealer = await SessionSealer.create(sessionId, recipient)
    const recorder = new FrameRecorder({
      sessionId,
      nodeId: 'n',
      protocol: 'p',
      connection: 'c',
      subject,
      codec,
      nodeKey,
      sealer,
    })
    const opener = await SealOpener.fromWrapped(sessionId, sealer.wrapped, masker)
    const batches = fc.array(fc.array(rawSegments, { maxLength: 6 }), { maxLength: 8 })
    fc.assert(
      fc.property(batches, fc.subarray([...KINDS]), (payloads, kinds) => {
        const wanted = new Set(kinds)
        const frames = payloads.map((segments) =>
          codec.decode(
            Buffer.from(recorder.record({ kind: 'request', direction: 'none', operation: '', segments }).value),
          ),
        )
        for (const [index, frame] of [...frames.entries()].reverse()) {
          const opened = opener.open(frame.segments, frame.sealed, wanted)
          const expected = payloads[index]?.map((segment) => (wanted.has(segment.kind) ? segment : null))
          expect(opened.map((one) => one && { kind: one.kind, label: one.label, bytes: one.bytes })).toEqual(expected)
          const long = (payloads[index] ?? []).filter(({ bytes }) => bytes.length > 8)
          expect(long.some(({ bytes }) => frame.sealed?.ciphertext.includes(bytes))).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('uses no byte of the key stream twice', async () => {
    const sealer = await SessionSealer.create(uuidv7(), recipient)
    const lengths = [1, 31, 2_047, 2_048, 5_000, 3, 1_024, 1_025, 700, 700, 700, 700]
    const total = lengths.reduce((sum, length) => sum + length, 0)
    const stream = Buffer.alloc(total)
    let at = 0
    for (const length of lengths) {
      expect(sealer.offset).toBe(at)
      // Zeros come out as the key stream itself.
      sealer.encryptInto(Buffer.alloc(length), length, stream, at)
      at += length
    }
    const blocks = new Set<string>()
    for (let block = 0; block + 16 <= total; block += 16) blocks.add(stream.toString('hex', block, block + 16))
    expect(blocks.size).toBe(Math.floor(total / 16))
  })

  it("can't be opened by another masker, for another session, or with a changed key", async () => {
    const sessionId = uuidv7()
    const { wrapped } = await SessionSealer.create(sessionId, recipient)
    const other = await importSealingPrivateKey((await generateSealingKeyPair()).privateKey)
    await expect(SealOpener.fromWrapped(sessionId, wrapped, other)).rejects.toThrow(PeerInvalid)
    await expect(SealOpener.fromWrapped(sessionId, { ...wrapped, recipientKeyId: other.keyId }, other)).rejects.toThrow(
      PeerInvalid,
    )
    await expect(SealOpener.fromWrapped(uuidv7(), wrapped, masker)).rejects.toThrow(PeerInvalid)
    const changed = Buffer.from(wrapped.ciphertext)
    changed[0] = (changed[0] as number) ^ 1
    await expect(SealOpener.fromWrapped(sessionId, { ...wrapped, ciphertext: changed }, masker)).rejects.toThrow(
      PeerInvalid,
    )
    await expect(
      SealOpener.fromWrapped(sessionId, { ...wrapped, encapsulated: Buffer.alloc(3) }, masker),
    ).rejects.toThrow(PeerInvalid)
  })
})

describe('masker keys', () => {
  it('have the same id on both sides, and are read raw or as base64', async () => {
    const pair = await generateSealingKeyPair()
    const text = (raw: Buffer) => Buffer.from(`${raw.toString('base64')}\n`)
    const ids = await Promise.all([
      importSealingPublicKey(pair.publicKey),
      importSealingPublicKey(text(pair.publicKey)),
      importSealingPrivateKey(pair.privateKey),
      importSealingPrivateKey(text(pair.privateKey)),
    ])
    expect(new Set(ids.map(({ keyId }) => keyId)).size).toBe(1)
    await expect(importSealingPublicKey(Buffer.from('-----BEGIN'))).rejects.toThrow(ConfigInvalid)
  })
})

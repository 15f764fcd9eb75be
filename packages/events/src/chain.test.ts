import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { type FrameCodec, frameCodec } from './codec.ts'
import type { Frame } from './frame.ts'
import { goldenNodeKey, goldenNonce, goldenSession } from './golden-session.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'

/** Version 1 of the chain. A change of any of these makes every recorded session unverifiable: it needs version 2. */
const GOLDEN = {
  'node key id': 'ed25519-21fe31dfa154a261',
  'first link': 'd4d95daed81d21df599c62c2f56999c84912426a9707eeb4719e8d0702ccba40',
  'header 0':
    '4830313961613366342d356330302d373030302d383030302d3030303030303030303130304830313961613366342d356330302d373030302d383030302d303030303030303030303031000c6e6f64652d3180808feaef83a206000010706f7374677265730873686f702c68747470733a2f2f6973737565722e6578616d706c650e6167656e742d3702020c6167656e74730000086f70656e000000000000000002123132372e302e302e3100',
  'link 0': 'd516251a1b9642d5b75168d816a131f6f0c4ce7ec8766a8de2ca3a81797edabb',
  'commitment 0': '2df41e937bdaf9fdac9374dbe95c88060e88d85028b4c839970b0a9c77bc3b2f',
  'content 1':
    '000004000673716c4e2df41e937bdaf9fdac9374dbe95c88060e88d85028b4c839970b0a9c77bc3b2f0002020c6e756d626572049e28e4284f9b2f02ea8027c7788aa999d680b3a4454c1dd91e006631df6b1278000200',
  'link 1': '6f62d29bd4af3b1fa65710b14df1064490bd80f90b5b2daf55b9eeb052ba36c0',
  'link 2': '170bf4055abcbebb8325c361c3865b302b5c458f2b22dc7c66aa18266b30966a',
  'closing signature':
    '0340c30a2aab8ca6f281a85eb023faaecf82980557980959e7443d4296cd1aa92bec67d0189269ca910760651fd7e3cf046a0e92336d263a99f5c315052c8405',
}

let codec: FrameCodec
let frames: Frame[]

beforeAll(async () => {
  codec = await frameCodec(new MemorySchemaRegistry())
  frames = goldenSession(codec)
})

const sha256 = (...parts: (Buffer | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

const frame = (index: number): Frame => frames[index] as Frame
const read = (index: number) => codec.read(codec.encode(frame(index)))

describe('the session chain, version 1', () => {
  it('has the golden bytes and links', () => {
    expect({
      'node key id': goldenNodeKey().keyId,
      'first link': frame(0).previousLink.toString('hex'),
      'header 0': read(0).headerBytes.toString('hex'),
      'link 0': frame(0).link.toString('hex'),
      'commitment 0': frame(1).segments[0]?.commitment.toString('hex'),
      'content 1': read(1).contentBytes.toString('hex'),
      'link 1': frame(1).link.toString('hex'),
      'link 2': frame(2).link.toString('hex'),
      'closing signature': frame(2).closing?.signature.toString('hex'),
    }).toEqual(GOLDEN)
  })

  it('can be computed from the documentation alone', () => {
    const hex = (text: string) => Buffer.from(text, 'hex')
    const session = hex(frame(0).header.sessionId.replaceAll('-', ''))
    const first = sha256('sluice-chain-v1', session, goldenNodeKey().publicKey)
    expect(frame(0).previousLink.toString('hex')).toBe(first)
    expect(frame(0).link.toString('hex')).toBe(sha256(hex(first), read(0).headerBytes, Buffer.alloc(32)))
    const root = hex(sha256(read(1).contentBytes))
    expect(frame(1).link.toString('hex')).toBe(sha256(frame(0).link, read(1).headerBytes, root))
    const text = Buffer.from('select name from customers where id = \0')
    expect(frame(1).segments[0]?.commitment.toString('hex')).toBe(sha256(goldenNonce(0), text))
  })

  it('is shown in the documentation as it is', async () => {
    const page = await readFile(new URL('../../../docs/events.md', import.meta.url), 'utf8')
    for (const value of Object.values(GOLDEN)) expect(page).toContain(value)
  })
})

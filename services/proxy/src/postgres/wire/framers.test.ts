import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClientFramer, type ClientMessage } from './client-framer.ts'
import * as encode from './encode.ts'
import { CLIENT, SERVER } from './message-types.ts'
import { ServerFramer } from './server-framer.ts'

const BOUNDS = { statementBytes: 1000, bindBytes: 2000 }

/** Cuts `bytes` at the given places, given as fractions. */
function cut(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const places = [0, ...fractions.map((fraction) => Math.floor(fraction * bytes.length)), bytes.length]
  const sorted = places.sort((a, b) => a - b)
  return sorted.slice(1).map((end, index) => Buffer.from(bytes.subarray(sorted[index], end)))
}

function readClient(chunks: readonly Buffer[]): string[] {
  const framer = new ClientFramer(BOUNDS)
  const seen: string[] = []
  const take = (): void => {
    for (let next = framer.next(); next !== null; next = framer.next()) {
      seen.push(describeMessage(next))
      if (next.kind === 'violation') return
    }
  }
  for (const chunk of chunks) {
    if (seen.at(-1)?.startsWith('violation')) break
    framer.push(chunk)
    take()
  }
  return seen
}

function describeMessage(message: ClientMessage): string {
  if (message.kind === 'message') return `${String.fromCharCode(message.type)}:${message.bytes.toString('hex')}`
  return message.kind === 'oversized' ? `oversized ${message.length}` : `violation ${message.reason}`
}

function readServer(chunks: readonly Buffer[]): {
  rows: number
  bytes: string
  controls: string[]
  violations: number
} {
  const seen = { rows: 0, bytes: '', controls: [] as string[], violations: 0 }
  const framer = new ServerFramer({
    row: () => seen.rows++,
    pass: (bytes) => {
      seen.bytes += bytes.toString('hex')
    },
    control: (type, bytes) => {
      seen.controls.push(`${type}@${seen.bytes.length / 2}`)
      seen.bytes += bytes.toString('hex')
    },
    violation: () => seen.violations++,
  })
  for (const chunk of chunks) if (seen.violations === 0) framer.push(chunk)
  return seen
}

const clientStream = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 60 }).map((text) => encode.query(text.replaceAll('\0', ''))),
      fc.string({ maxLength: 60 }).map((text) => encode.parse('s', text.replaceAll('\0', ''))),
      fc.constant(encode.message(CLIENT.sync)),
      fc.constant(encode.message(CLIENT.query, Buffer.alloc(5000, 'x'))),
      fc.constant(encode.message(CLIENT.copyDone)),
    ),
    { maxLength: 12 },
  )
  .map((messages) => Buffer.concat(messages))

const serverStream = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => encode.message(SERVER.dataRow, Buffer.from(bytes))),
      fc.constantFrom(70_000, 65_531, 65_532).map((size) => encode.message(SERVER.dataRow, Buffer.alloc(size, 7))),
      fc.string({ maxLength: 40 }).map((text) => encode.message(SERVER.commandComplete, Buffer.from(text))),
      fc.constant(encode.readyForQuery('I')),
    ),
    { maxLength: 12 },
  )
  .map((messages) => Buffer.concat(messages))

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })

describe('ClientFramer', () => {
  it('sees the same messages however the bytes are cut', () => {
    fc.assert(
      fc.property(clientStream, cuts, (bytes, places) => {
        expect(readClient(cut(bytes, places))).toEqual(readClient([bytes]))
      }),
    )
  })

  it('sees the same messages byte by byte', () => {
    const bytes = Buffer.concat([encode.query('select 1'), encode.parse('a', 'select 2'), encode.message(CLIENT.sync)])
    const single = [...bytes].map((byte) => Buffer.from([byte]))
    expect(readClient(single)).toEqual(readClient([bytes]))
    expect(readClient(single)).toHaveLength(3)
  })

  it('skips an oversized message and goes on behind it', () => {
    const bytes = Buffer.concat([encode.query('x'.repeat(4000)), encode.query('select 1')])
    expect(readClient([bytes])).toEqual(['oversized 4006', expect.stringMatching(/^Q:/)])
  })

  it('holds no more than the bound of a message that never ends', () => {
    const framer = new ClientFramer(BOUNDS)
    framer.push(encode.message(CLIENT.query, Buffer.alloc(4_000_000)).subarray(0, 100))
    expect(framer.next()).toMatchObject({ kind: 'oversized' })
    for (let round = 0; round < 50; round++) {
      framer.push(Buffer.alloc(64 * 1024))
      framer.next()
    }
    expect(framer.bufferedBytes).toBe(0)
  })

  it.each([
    ['an unknown type', Buffer.from('!\0\0\0\x04')],
    ['a length below four', Buffer.from('Q\0\0\0\x03')],
  ])('reports %s', (_name, bytes) => {
    expect(readClient([bytes])[0]).toMatch(/^violation/)
  })
})

describe('ServerFramer', () => {
  it('hands on every byte in order and finds the same controls and rows however they are cut', () => {
    fc.assert(
      fc.property(serverStream, cuts, (bytes, places) => {
        const whole = readServer([bytes])
        expect(whole.bytes).toBe(bytes.toString('hex'))
        expect(readServer(cut(bytes, places))).toEqual(whole)
      }),
      { numRuns: 60 },
    )
  })

  it('hands a usual row on whole, so that an error can follow it', () => {
    const row = encode.message(SERVER.dataRow, Buffer.alloc(1000))
    expect(readServer([row.subarray(0, 600)]).bytes).toBe('')
  })

  it.each([
    ['a control message without an end', Buffer.concat([Buffer.from('T'), Buffer.from([0x7f, 0xff, 0xff, 0xff])])],
    ['a length below four', Buffer.from('C\0\0\0\x03')],
  ])('reports %s', (_name, bytes) => {
    expect(readServer([bytes]).violations).toBe(1)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as encode from './encode.ts'
import { SERVER } from './message-types.ts'
import { ServerFramer } from './server-framer.ts'

const BOUND = 200_000

type Seen = { rows: number; controls: number; runs: Buffer[]; tooLong: number[]; violations: string[] }

/** Chunks are wiped when they were read, as they are when what was handed on of them is delivered. */
function read(chunks: readonly Buffer[], bound: number): Seen {
  const seen: Seen = { rows: 0, controls: 0, runs: [], tooLong: [], violations: [] }
  const framer = new ServerFramer({
    row: () => seen.rows++,
    pass: (run) => seen.runs.push(Buffer.from(run)),
    wantsWholeRows: () => bound,
    rowTooLong: (bytes) => seen.tooLong.push(bytes),
    control: () => seen.controls++,
    violation: (reason) => seen.violations.push(reason),
  })
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk)
    framer.push(copy)
    copy.fill(0xee)
  }
  return seen
}

const row = (bytes: number, type: number = SERVER.dataRow): Buffer => encode.message(type, Buffer.alloc(bytes, 7))

function slices(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

/** Whether a run ends where a message does. */
function isWhole(run: Buffer): boolean {
  let at = 0
  while (at + 5 <= run.length) at += 1 + run.readUInt32BE(at + 1)
  return at === run.length
}

describe('ServerFramer', () => {
  it('hands every row on whole where that is wanted, rows of a COPY like others', () => {
    const size = fc.constantFrom(0, 3, 900, 65_530, 65_531, 65_532, 70_000, BOUND - 5)
    const type = fc.constantFrom(SERVER.dataRow, SERVER.copyData)
    const rows = fc.array(fc.tuple(size, type), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(rows, fc.constantFrom(1_000, 4_321, 65_536, 100_001), (all, chunk) => {
        const stream = Buffer.concat(all.map(([bytes, of]) => row(bytes, of)))
        const seen = read(slices(stream, chunk), BOUND)
        expect({ ...seen, runs: seen.runs.map(isWhole) }).toEqual({
          rows: all.length,
          controls: 0,
          runs: seen.runs.map(() => true),
          tooLong: [],
          violations: [],
        })
        expect(Buffer.concat(seen.runs).equals(stream)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('hands long rows on in pieces where whole ones are not wanted', () => {
    const stream = Buffer.concat([row(10, SERVER.copyData), row(BOUND * 2, SERVER.copyData), row(10)])
    const seen = read(slices(stream, 10_000), 0)
    expect(seen.rows).toBe(3)
    expect(seen.runs.length).toBeGreaterThan(30)
    expect(Buffer.concat(seen.runs).equals(stream)).toBe(true)
  })

  it.each([1, 7, 65_536, 1_000_000])('ends at a row above the bound, in chunks of %i bytes', (chunk) => {
    const good = [row(10), row(20)]
    const stream = Buffer.concat([...good, row(BOUND - 4), row(10), encode.readyForQuery('I')])
    // Byte by byte only up to where its length is known: the rest is the same.
    const seen = read(slices(stream.subarray(0, chunk < 100 ? 100 : stream.length), chunk), BOUND)
    expect(seen.tooLong).toEqual([BOUND + 1])
    expect(Buffer.concat(seen.runs).equals(Buffer.concat(good))).toBe(true)
    expect({ ...seen, runs: [] }).toEqual({ rows: 2, controls: 0, runs: [], tooLong: [BOUND + 1], violations: [] })
  })

  it('reads nothing behind a violation, in the same chunk or later', () => {
    const broken = Buffer.from('C\0\0\0\x03')
    const behind = Buffer.concat([encode.readyForQuery('I'), row(5)])
    for (const chunks of [
      [Buffer.concat([broken, behind]), behind],
      [broken.subarray(0, 2), Buffer.concat([broken.subarray(2), behind]), behind],
    ]) {
      expect(read(chunks, BOUND)).toEqual({
        rows: 0,
        controls: 0,
        runs: [],
        tooLong: [],
        violations: [expect.any(String)],
      })
    }
  })

  it('takes a row above the bound for a violation where nobody asks to be told', () => {
    const violations: string[] = []
    const framer = new ServerFramer({
      row: () => undefined,
      pass: () => undefined,
      control: () => undefined,
      wantsWholeRows: () => BOUND,
      violation: (reason) => violations.push(reason),
    })
    framer.push(row(BOUND))
    expect(violations).toHaveLength(1)
  })
})

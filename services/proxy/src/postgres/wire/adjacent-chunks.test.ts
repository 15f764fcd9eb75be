import { describe, expect, it } from 'vitest'
import { AdjacentChunks } from './adjacent-chunks.ts'

const memory = Buffer.from(Buffer.from('abcdefghij'))

describe('AdjacentChunks', () => {
  it('puts neighbours together, in order', () => {
    const chunks = new AdjacentChunks()
    for (const [start, end] of [
      [1, 3],
      [3, 4],
      [4, 8],
    ] as const) {
      expect(chunks.add(memory.subarray(start, end))).toBeNull()
    }
    expect(String(chunks.take())).toBe('bcdefgh')
    expect(chunks.take()).toBeNull()
  })

  it.each([
    ['with a gap between', memory.subarray(5, 7)],
    ['that overlap', memory.subarray(2, 7)],
    ['in the wrong order', memory.subarray(0, 1)],
    ['of other memory', Buffer.from('de')],
  ])('keeps chunks %s apart', (_, second) => {
    const chunks = new AdjacentChunks()
    chunks.add(memory.subarray(1, 3))
    expect(String(chunks.add(second))).toBe('bc')
    expect(chunks.take()).toBe(second)
  })
})

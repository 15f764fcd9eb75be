import type { OpenRequest, Session } from '@sluice/session'
import { describe, expect, it } from 'vitest'
import { Delivery, RESULT_BATCH_BYTES } from './delivery.ts'

const REQUEST = {} as OpenRequest
const CHUNK_BYTES = RESULT_BATCH_BYTES / 2

function delivery(): Delivery {
  return new Delivery({ response: () => undefined, finish: () => undefined } as unknown as Session)
}

/** As a socket reads it: with memory of its own. */
function chunk(): Buffer {
  return Buffer.from(new ArrayBuffer(CHUNK_BYTES))
}

function arrive(to: Delivery, bytes: Buffer): void {
  to.pushResult(REQUEST, bytes)
  to.spent(bytes)
}

describe('the memory of what was delivered', () => {
  it('is free when all of it is written, and not before', () => {
    const tested = delivery()
    const [first, second, third] = [chunk(), chunk(), chunk()]
    arrive(tested, first)
    expect(tested.take()).toEqual([])
    tested.written?.()
    expect(first).toHaveLength(CHUNK_BYTES)

    arrive(tested, second)
    const taken = tested.take()
    const written = tested.written
    arrive(tested, third)
    expect(taken.map(({ length }) => length)).toEqual([CHUNK_BYTES, CHUNK_BYTES])
    written?.()
    expect([first.length, second.length, third.length]).toEqual([0, 0, CHUNK_BYTES])
  })

  it('is kept while a part of it waits behind what is recorded', () => {
    const tested = delivery()
    const bytes = chunk()
    tested.push(bytes.subarray(0, 100))
    tested.pushResult(REQUEST, bytes.subarray(100))
    tested.spent(bytes)
    tested.take()
    tested.written?.()
    expect(bytes).toHaveLength(CHUNK_BYTES)
  })

  it('is free when its last part is written, where it came in parts', () => {
    const tested = delivery()
    const memory = chunk()
    for (const part of [memory.subarray(0, CHUNK_BYTES / 2), memory.subarray(CHUNK_BYTES / 2)]) {
      expect(memory).toHaveLength(CHUNK_BYTES)
      tested.push(part)
      tested.spent(part)
      tested.take()
      tested.written?.()
    }
    expect(memory).toHaveLength(0)
  })

  it('is left alone where others have a part in it', () => {
    const tested = delivery()
    const shared = new ArrayBuffer(2 * CHUNK_BYTES)
    const [ours, theirs] = [Buffer.from(shared, 0, CHUNK_BYTES), Buffer.from(shared, CHUNK_BYTES)]
    tested.push(ours)
    tested.spent(ours)
    tested.take()
    tested.written?.()
    expect([ours.length, theirs.length]).toEqual([CHUNK_BYTES, CHUNK_BYTES])
  })

  it('costs nothing where chunks are small', () => {
    const tested = delivery()
    const bytes = Buffer.from(new ArrayBuffer(100))
    tested.push(bytes)
    tested.spent(bytes)
    tested.take()
    expect(tested.written).toBeNull()
  })
})

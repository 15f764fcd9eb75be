import { describe, expect, it } from 'vitest'
import { HeaderWalker } from './bare-relay.ts'

const message = (type: string, body: string): Buffer => {
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(type)
  bytes.writeUInt32BE(4 + body.length, 1)
  bytes.write(body, 5)
  return bytes
}

describe('HeaderWalker', () => {
  const startup = message('-', 'user').subarray(1)
  const stream = Buffer.concat([startup, message('Q', 'select 1'), message('S', ''), message('X', '')])

  it('counts the same messages however the stream is cut', () => {
    for (let size = 1; size <= stream.length; size++) {
      const walker = new HeaderWalker(true)
      for (let at = 0; at < stream.length; at += size) walker.push(stream.subarray(at, at + size))
      expect(walker.messages).toBe(4)
    }
  })
})

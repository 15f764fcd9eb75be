import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_CACHED_CHARACTERS, TextCache } from './text-cache.ts'

describe('TextCache', () => {
  it('keeps what is asked for, drops what is not, and stays within its bytes', () => {
    const cache = new TextCache<number>(() => 100, 10_000)
    cache.set('wanted', 1)
    for (let n = 0; n < 1000; n++) {
      cache.set(`other ${n}`, n)
      expect(cache.get('wanted')).toBe(1)
      expect(cache.bytes).toBeLessThanOrEqual(10_000)
    }
    expect(cache.get('other 0')).toBeUndefined()
    expect(cache.get('other 999')).toBe(999)
  })

  it('takes no text that would push out everything else', () => {
    const cache = new TextCache<number>(() => 1)
    const long = 'x'.repeat(MAX_CACHED_CHARACTERS + 1)
    cache.set(long, 1)
    expect(cache.get(long)).toBeUndefined()
  })

  it('never answers with the value of another text', () => {
    const finds = fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 }), (texts) => {
      const cache = new TextCache<string>(() => 20, 400)
      return texts.every((text) => {
        const found = cache.get(text)
        cache.set(text, text)
        return found === undefined || found === text
      })
    })
    expect(() => fc.assert(finds)).not.toThrow()
  })
})

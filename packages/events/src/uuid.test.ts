import { validate, version } from 'uuid'
import { describe, expect, it } from 'vitest'
import { isUuid, uuidBytes, uuidv7 } from './uuid.ts'

describe('uuidv7', () => {
  it('makes different, valid, increasing UUIDs of version 7 with the time in front', () => {
    const before = Date.now()
    const ids = Array.from({ length: 20_000 }, uuidv7)
    expect(ids.every((id) => validate(id) && version(id) === 7 && isUuid(id))).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(ids.toSorted())
    const time = Number.parseInt((ids[0] as string).replaceAll('-', '').slice(0, 12), 16)
    expect(time).toBeGreaterThanOrEqual(before - 1_000)
    expect(time).toBeLessThanOrEqual(Date.now() + 1_000)
  })

  it('has sixteen bytes', () => {
    expect(uuidBytes('00112233-4455-6677-8899-aabbccddeeff').toString('hex')).toBe('00112233445566778899aabbccddeeff')
    expect(isUuid('00112233-4455-6677-8899-aabbccddeefg')).toBe(false)
  })
})

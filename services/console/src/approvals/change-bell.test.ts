import { describe, expect, it } from 'vitest'
import { ChangeBell, MAX_WAITING, MAX_WAITING_EACH } from './change-bell.ts'

const wait = (bell: ChangeBell, key: string, signals: readonly AbortSignal[] = []) =>
  bell.wait({ key, maxMs: 60_000, signals })

describe('who waits for news', () => {
  it('waits so many times and no more, and keeps nobody else from it', async () => {
    const bell = new ChangeBell()
    const waits = Array.from({ length: MAX_WAITING_EACH - 1 }, () => wait(bell, 'olga'))
    expect(bell.isFullFor('olga')).toBe(false)
    waits.push(wait(bell, 'olga'))
    expect(bell.isFullFor('olga')).toBe(true)
    expect(bell.isFullFor('pete')).toBe(false)
    bell.ring()
    await Promise.all(waits)
    expect(bell.waiting).toBe(0)
    expect(bell.isFullFor('olga')).toBe(false)
  })

  it('leaves when nobody waits for the answer, however early that is', async () => {
    const bell = new ChangeBell()
    const later = new AbortController()
    await wait(bell, 'olga', [AbortSignal.abort()])
    const left = Array.from({ length: MAX_WAITING_EACH }, () => wait(bell, 'olga', [later.signal]))
    expect(bell.isFullFor('olga')).toBe(true)
    later.abort()
    await Promise.all(left)
    expect(bell.isFullFor('olga')).toBe(false)
  })

  it('finds no room where all together are too many', async () => {
    const bell = new ChangeBell()
    const waits = Array.from({ length: MAX_WAITING }, (_, index) => wait(bell, `person ${index}`))
    expect(bell.isFullFor('olga')).toBe(true)
    bell.ring()
    await Promise.all(waits)
  })
})

import { describe, expect, it } from 'vitest'
import { LookTurns } from './look-turns.ts'

describe('turns to look', () => {
  it('are two at a time, in the order in which they were asked for', async () => {
    const turns = new LookTurns()
    const begun: number[] = []
    const looks = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
    const taken = looks.map(({ promise }, index) =>
      turns.take(() => {
        begun.push(index)
        return promise.then(() => index)
      }),
    )
    await expect.poll(() => begun).toEqual([0, 1])
    looks[1]?.resolve()
    await expect.poll(() => begun).toEqual([0, 1, 2])
    for (const look of looks) look.resolve()
    expect(await Promise.all(taken)).toEqual([0, 1, 2, 3, 4])
  })

  it('end without an answer: who waits for a lock, or is gone, keeps nobody waiting', async () => {
    const turns = new LookTurns()
    for (let gone = 0; gone < 2; gone++) void turns.take(() => new Promise(() => undefined))
    expect(await turns.take(async () => 'seen')).toBe('seen')
  })

  it('are given back by a look that fails', async () => {
    const turns = new LookTurns()
    const failing = Array.from({ length: 3 }, () => turns.take(() => Promise.reject(new Error('broken'))))
    for (const failed of failing) await expect(failed).rejects.toThrow('broken')
    expect(await turns.take(async () => 'seen')).toBe('seen')
  })
})

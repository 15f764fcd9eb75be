import { describe, expect, it } from 'vitest'
import { ProblemError } from './problem.ts'
import { RequestLimit } from './request-limit.ts'

const limit = () =>
  new RequestLimit({
    burst: 1,
    perSecond: 0.5,
    maxKeys: 10,
    code: 'votes_too_fast',
    detail: (waitSeconds) => `wait ${waitSeconds} s`,
  })

describe('a limit of requests', () => {
  it('refuses who is too fast, with how long to wait in words and as a header', () => {
    const votes = limit()
    votes.count('a', 0)
    expect(() => votes.count('a', 0)).toThrow(ProblemError)
    expect(votes.refusal('a', 0)?.problem).toMatchObject({
      status: 429,
      code: 'votes_too_fast',
      detail: 'wait 2 s',
      headers: { 'retry-after': '2' },
    })
    expect(votes.refusal('b', 0)).toBeNull()
    expect(votes.refusal('a', 2_000)).toBeNull()
  })

  it('takes nothing by a look, nor by what it refuses', () => {
    const votes = limit()
    expect([votes.refusal('a', 0), votes.refusal('a', 0)]).toEqual([null, null])
    votes.take('a', 0)
    expect(() => votes.count('a', 1_000)).toThrow('wait 1 s')
    expect(votes.refusal('a', 2_000)).toBeNull()
  })
})

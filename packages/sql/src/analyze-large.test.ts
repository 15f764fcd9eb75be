import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { loadParser, MAX_INLINE_CHARACTERS } from './analyze.ts'
import { LargeAnalyzer, MAX_LARGE_CHARACTERS, MAX_WAITING } from './analyze-large.ts'

beforeAll(loadParser)

const options = { serverMajor: 18 }
const long = (tail: string): string =>
  `select * from t where a in (${'4711,'.repeat(MAX_INLINE_CHARACTERS / 4)}1) ${tail}`

describe('LargeAnalyzer', { timeout: 20_000 }, () => {
  it('answers in order, and refuses what is beyond its bounds', async () => {
    const analyzer = new LargeAnalyzer()
    onTestFinished(() => analyzer.close())
    const answers = await Promise.all([
      analyzer.analyze(long(''), options),
      analyzer.analyze(long("limit '"), options),
      analyzer.analyze(`select ${'('.repeat(20_000)}`, options),
      analyzer.analyze('x'.repeat(MAX_LARGE_CHARACTERS + 1), options),
    ])
    expect(answers).toEqual([
      { kind: 'parsed', statements: [expect.objectContaining({ kind: 'command', verbs: ['SELECT'] })], parts: [] },
      { kind: 'unparsable', message: 'a quoted string does not end' },
      { kind: 'too_large', limit: 'nesting' },
      { kind: 'too_large', limit: 'bytes' },
    ])
  })

  it('gives up at its deadline, and goes on with the next', async () => {
    const analyzer = new LargeAnalyzer({ deadlineMs: 1 })
    onTestFinished(() => analyzer.close())
    const slow = `select ${'a + b, '.repeat(50_000)} 1 from t`
    const waiting = [analyzer.analyze(slow, options), analyzer.analyze(slow, options)]
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ kind: 'too_large', limit: 'time' })))
  })

  it('lets only so many wait', async () => {
    const analyzer = new LargeAnalyzer()
    const waiting = Array.from({ length: MAX_WAITING + 1 }, () => analyzer.analyze(long(''), options))
    expect(await analyzer.analyze(long(''), options)).toEqual({ kind: 'too_large', limit: 'time' })
    await analyzer.close()
    await Promise.all(waiting)
  })

  it('answers what waits when it is closed', async () => {
    const analyzer = new LargeAnalyzer()
    const waiting = [analyzer.analyze(long(''), options), analyzer.analyze(long(''), options)]
    await analyzer.close()
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ kind: 'too_large', limit: 'time' })))
    expect(await analyzer.analyze('select 1', options)).toEqual({ kind: 'too_large', limit: 'time' })
  })
})

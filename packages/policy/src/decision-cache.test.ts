import { afterEach, describe, expect, it, vi } from 'vitest'
import { DecisionCache } from './decision-cache.ts'
import { ask, MAX_PREPARSED_SETS, type Question } from './interpreter.ts'
import { accessOf, engineOf, READ_AGENTS, sessionOf } from './policies.fixture.ts'

const { statefulIsAuthorized, preparsePolicySet } = vi.hoisted(() => ({
  statefulIsAuthorized: vi.fn<(call: unknown) => unknown>(),
  preparsePolicySet: vi.fn<(name: string, set: unknown) => unknown>(),
}))

vi.mock('@cedar-policy/cedar-wasm/nodejs', async (original) => {
  const cedar = await original<typeof import('@cedar-policy/cedar-wasm/nodejs')>()
  statefulIsAuthorized.mockImplementation(cedar.statefulIsAuthorized as (call: unknown) => unknown)
  preparsePolicySet.mockImplementation(cedar.preparsePolicySet as (name: string, set: unknown) => unknown)
  return { ...cedar, statefulIsAuthorized, preparsePolicySet }
})

afterEach(() => {
  statefulIsAuthorized.mockClear()
  preparsePolicySet.mockClear()
})

const MINUTE_MS = 60_000
const OFFICE_HOURS =
  '@id("hours") permit (principal, action in Action::"sql", resource) when { context.time < datetime("2026-01-14T12:01:00Z") };'

describe('decisions', () => {
  it('are evaluated once for one access, and once for equal facts', () => {
    const engine = engineOf(READ_AGENTS)
    const access = accessOf()
    const session = sessionOf(engine)
    const first = session.decide(access)
    expect(session.decide(access)).toBe(first)
    expect(sessionOf(engine).decide(accessOf({ resources: ['shop/orders'] }))).toBe(first)
    expect(statefulIsAuthorized).toHaveBeenCalledTimes(1)
    sessionOf(engine, { subject: { id: 'other' } }).decide(access)
    expect(statefulIsAuthorized).toHaveBeenCalledTimes(2)
  })

  it('hold for a minute where a policy looks at the time', () => {
    let nowMs = Date.UTC(2026, 0, 14, 12, 0, 30)
    const session = sessionOf(engineOf(OFFICE_HOURS), { nowMs: () => nowMs })
    const access = accessOf()
    expect(session.decide(access).kind).toBe('permit')
    nowMs += 20_000
    expect(session.decide(access).kind).toBe('permit')
    expect(statefulIsAuthorized).toHaveBeenCalledTimes(1)
    nowMs += MINUTE_MS
    expect(session.decide(access).kind).toBe('deny')
    nowMs -= MINUTE_MS
    expect(session.decide(access).kind).toBe('permit')
  })

  it('hold for good where none does', () => {
    let nowMs = 0
    const session = sessionOf(engineOf(READ_AGENTS), { nowMs: () => nowMs })
    session.decide(accessOf())
    nowMs += 1000 * MINUTE_MS
    session.decide(accessOf())
    expect(statefulIsAuthorized).toHaveBeenCalledTimes(1)
  })

  it('are remembered up to a bound, the latest used longest', () => {
    const cache = new DecisionCache<number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    cache.get('a')
    cache.set('c', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([1, undefined, 3, 2])
  })
})

const CONNECT: Question = {
  principal: { type: 'Subject', id: 'test|agent' },
  action: { type: 'Action', id: 'connect' },
  resource: { type: 'Connection', id: 'shop' },
  context: { time: { __extn: { fn: 'datetime', arg: '2026-01-14' } } },
  entities: [],
}

describe('the interpreter', () => {
  it('keeps few sets, however many are applied', () => {
    for (let index = 0; index < 1000; index++) {
      const texts = { [`set-${index}`]: 'permit (principal, action, resource);' }
      expect(ask(texts, CONNECT)).toEqual({ allowed: true, satisfied: [`set-${index}`], errors: [] })
    }
    const names = new Set(preparsePolicySet.mock.calls.map(([name]) => name))
    expect(preparsePolicySet).toHaveBeenCalledTimes(1000)
    expect(names.size).toBe(MAX_PREPARSED_SETS)
  })

  it('answers for a set that gave its name up', () => {
    const engines = Array.from({ length: 9 }, (_, index) => engineOf(READ_AGENTS.replace('"read"', `"again-${index}"`)))
    for (const round of [1, 2]) {
      for (const [index, engine] of engines.entries()) {
        const table = `public.t${round}`
        const decision = sessionOf(engine).decide(accessOf({ targets: [{ action: 'sql:read', table }] }))
        expect(decision.policyIds).toEqual([`again-${index}`])
      }
    }
  })

  it('gives no set the name of another one after a set that it can not read', () => {
    const kept = Array.from({ length: MAX_PREPARSED_SETS }, (_, index) => ({
      [`kept-${index}`]: 'permit (principal, action, resource);',
    }))
    for (const texts of kept) ask(texts, CONNECT)
    expect(ask({ broken: 'permit (' }, CONNECT)).toMatchObject({ allowed: false, errors: [{ id: null }] })
    ask({ latest: 'forbid (principal, action, resource);' }, CONNECT)
    for (const texts of kept.toReversed()) {
      expect(ask(texts, CONNECT)).toEqual({ allowed: true, satisfied: Object.keys(texts), errors: [] })
    }
  })

  it('denies when it breaks down', () => {
    statefulIsAuthorized.mockImplementationOnce(() => {
      throw new Error('unreachable')
    })
    expect(sessionOf(engineOf(READ_AGENTS)).decide(accessOf())).toMatchObject({
      kind: 'deny',
      reasonCode: 'policy_error',
      policyIds: [],
    })
  })
})

// What holds whatever the policies and statements are.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, engineOf, FAILING, sessionOf } from './policies.fixture.ts'
import { type AccessTarget, SQL_ACTIONS, type StatementAccess } from './statement-access.ts'

const TABLES = ['public.orders', 'public.customers', 'app.log'] as const

type Written = {
  readonly effect: 'permit' | 'forbid'
  readonly group: string
  readonly action: string
  readonly table: string | null
  readonly approval: string | null
  readonly unfiltered: boolean
}

const written = fc.record<Written>({
  effect: fc.constantFrom('permit', 'permit', 'forbid'),
  group: fc.constantFrom('agents', 'agents', 'others'),
  action: fc.constantFrom('sql', ...SQL_ACTIONS),
  table: fc.option(fc.constantFrom(...TABLES)),
  approval: fc.option(fc.constantFrom('data-owner', 'security')),
  unfiltered: fc.boolean(),
})

const policyText = (policy: Written, index: number): string => {
  const approval = policy.effect === 'permit' && policy.approval !== null ? `@approval("${policy.approval}")` : ''
  const resource = policy.table === null ? 'resource' : `resource == Table::"shop/${policy.table}"`
  const condition = policy.unfiltered ? 'when { context.unfiltered }' : ''
  return `@id("p${index}") ${approval} ${policy.effect} (principal in Group::"${policy.group}", action in Action::"${policy.action}", ${resource}) ${condition};`
}
const applies = (policy: Written, target: AccessTarget, access: StatementAccess): boolean =>
  policy.group === 'agents' &&
  (policy.action === 'sql' || policy.action === target.action) &&
  (policy.table === null || policy.table === target.table) &&
  (!policy.unfiltered || access.unfiltered)

const target = fc.record({ action: fc.constantFrom(...SQL_ACTIONS), table: fc.option(fc.constantFrom(...TABLES)) })
const access = fc
  .record({
    targets: fc.uniqueArray(target, { minLength: 1, maxLength: 6, selector: (each) => JSON.stringify(each) }),
    kinds: fc.subarray(['SELECT', 'UPDATE', 'DROP TABLE']),
    unfiltered: fc.boolean(),
  })
  .map((given) => accessOf(given))
const policies = fc.array(written, { maxLength: 8 })

const RUNS = { numRuns: 80 }
/** Each run compiles sets anew, and the machine may be busy. */
const DEADLINE_MS = 90_000
const texts = (all: readonly Written[]) => all.map(policyText)

describe('whatever the policies', { timeout: DEADLINE_MS }, () => {
  it('decide as a few lines of plain code would', () => {
    fc.assert(
      fc.property(policies, access, (all, asked) => {
        const kinds = asked.targets.map((each) => {
          const satisfied = all.filter((policy) => applies(policy, each, asked))
          const permits = satisfied.filter(({ effect }) => effect === 'permit')
          if (permits.length === 0 || permits.length < satisfied.length) return 'deny'
          return permits.every(({ approval }) => approval !== null) ? 'pending' : 'permit'
        })
        const strictest = ['deny', 'pending', 'permit'].find((kind) => kinds.some((each) => each === kind))
        expect(sessionOf(engineOf(texts(all).join('\n'))).decide(asked).kind).toBe(strictest)
      }),
      RUNS,
    )
  })

  it('a forbid always wins', () => {
    fc.assert(
      fc.property(policies, access, fc.nat(), (all, asked, chosen) => {
        const { action, table } = asked.targets[chosen % asked.targets.length] as AccessTarget
        const resource = table === null ? 'Connection::"shop"' : `Table::"shop/${table}"`
        const forbid = `@id("no") forbid (principal, action == Action::"${action}", resource == ${resource});`
        const decision = sessionOf(engineOf([...texts(all), forbid].join('\n'))).decide(asked)
        expect(decision.kind).toBe('deny')
        expect(decision.policyIds).toContain('no')
      }),
      RUNS,
    )
  })

  it('a policy that fails never permits', () => {
    fc.assert(
      fc.property(policies, access, (all, asked) => {
        expect(sessionOf(engineOf([...texts(all), FAILING].join('\n'))).decide(asked).kind).toBe('deny')
      }),
      RUNS,
    )
  })

  it('their order, and the order of targets, does not matter', () => {
    const shuffled = fc
      .tuple(policies, access)
      .chain(([all, asked]) =>
        fc.tuple(
          fc.constant(texts(all)),
          fc.constant(asked),
          fc.shuffledSubarray(texts(all), { minLength: all.length }),
          fc.shuffledSubarray([...asked.targets], { minLength: asked.targets.length }),
        ),
      )
    fc.assert(
      fc.property(shuffled, ([all, asked, otherOrder, targets]) => {
        const { policyVersion: _one, ...decision } = sessionOf(engineOf(all.join('\n'))).decide(asked)
        const { policyVersion: _other, ...other } = sessionOf(engineOf(otherOrder.join('\n'))).decide({
          ...asked,
          targets,
        })
        expect(other).toEqual(decision)
      }),
      RUNS,
    )
  })

  it('the cache never answers for other facts', () => {
    const asked = fc.record({
      access: fc.array(access, { minLength: 2, maxLength: 4 }),
      groups: fc.subarray(['agents', 'others']),
      env: fc.constantFrom('prod', 'test'),
      purpose: fc.option(fc.constantFrom('a', 'b')),
      holdable: fc.option(fc.constant('it is random')),
    })
    fc.assert(
      fc.property(policies, fc.array(asked, { minLength: 2, maxLength: 4 }), (all, sessions) => {
        const text = [
          ...texts(all),
          '@id("env") forbid (principal, action == Action::"sql:write", resource) when { resource.labels.contains("env=prod") };',
          '@id("purpose") forbid (principal, action == Action::"sql:read", resource) when { context has purpose && context.purpose == "a" };',
        ].join('\n')
        const shared = engineOf(text)
        for (const { access: all, groups, env, purpose, holdable } of sessions) {
          const asking = { subject: { groups }, connection: { labels: { env } }, context: { purpose } }
          const session = sessionOf(shared, asking)
          for (const each of all.map((given) => ({ ...given, holdable }))) {
            const fresh = sessionOf(engineOf(text), asking).decide(each)
            expect(session.decide(each)).toEqual(fresh)
            expect(session.decide(each)).toEqual(fresh)
            expect(session.decide({ ...each })).toEqual(fresh)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})

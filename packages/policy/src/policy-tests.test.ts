import { describe, expect, it } from 'vitest'
import { accessOf, engineOf, READ_AGENTS, SHOP, WRITE_APPROVED } from './policies.fixture.ts'
import { type PolicyCase, policyTestsSchema, runCase } from './policy-tests.ts'

const AS = { id: 'agent', kind: 'agent', groups: ['agents'] }
const HOURS =
  '@id("night") @reason("nobody writes at night") forbid (principal, action == Action::"sql:write", resource) when { context.time.toTime() < duration("6h") };'
const engine = engineOf(`${READ_AGENTS} ${WRITE_APPROVED} ${HOURS}`)
const WRITE = accessOf({ targets: [{ action: 'sql:write', table: 'public.orders' }], kinds: ['UPDATE'] })

const caseOf = (given: object): PolicyCase =>
  policyTestsSchema.parse({ cases: [{ name: 'it', as: AS, connection: 'shop', ...given }] }).cases[0] as PolicyCase
const run = (given: object, access = accessOf()) => runCase(caseOf(given), engine, SHOP, access)

describe('runCase', () => {
  it('passes where everything is as written', () => {
    expect(run({ expect: 'permit', policy: 'read' })).toMatchObject({ passed: true, name: 'it' })
    expect(run({ expect: 'pending', policy: 'write', approval: 'data-owner' }, WRITE).passed).toBe(true)
    const night = { time: '2026-01-14T03:00:00Z', expect: 'deny', policy: 'night', reason: 'nobody writes at night' }
    expect(run(night, WRITE).passed).toBe(true)
  })

  it('asks whether the session may open where there is no command', () => {
    expect(runCase(caseOf({ expect: 'deny', reason: 'You may not open' }), engine, SHOP, null).passed).toBe(true)
  })

  it('says which tags are masked, and which are not', () => {
    const reveals =
      '@id("emails") permit (principal, action == Action::"reveal", resource) when { context.tag == "pii.email" };'
    const any = '@id("any") permit (principal, action, resource);'
    const seeing = engineOf(`${READ_AGENTS} ${reveals}`)
    const asked = (given: object, by = seeing) => runCase(caseOf({ expect: 'permit', ...given }), by, SHOP, accessOf())
    expect(asked({ masks: ['pii.ssn'], reveals: ['pii.email'] }).passed).toBe(true)
    expect(asked({ masks: ['pii.email'], reveals: ['pii.ssn'] })).toMatchObject({
      differences: [
        'expected pii.email to be masked, is seen in clear',
        'expected pii.ssn to be seen in clear, is masked',
      ],
    })
    // Who permits any action did not think of this one.
    expect(asked({ masks: ['pii.ssn'] }, engineOf(any)).passed).toBe(true)
  })

  it('says each difference in words', () => {
    expect(run({ expect: 'permit', policy: 'write-all', reason: 'no' }, WRITE)).toMatchObject({
      passed: false,
      differences: [
        'expected permit, is pending by write under data-owner',
        'expected policy write-all to decide, decided write',
        'expected a reason with "no", told is ""',
      ],
    })
    expect(run({ expect: 'pending', approval: 'security' })).toMatchObject({
      differences: ['expected pending, is permit by read', 'expected approval rule security, asked for none'],
    })
    expect(run({ expect: 'permit' }, accessOf({ targets: [{ action: 'sql:ddl', table: null }] }))).toMatchObject({
      differences: ['expected permit, is deny (not_permitted): SELECT is not allowed on connection shop'],
    })
  })
})

describe('policyTestsSchema', () => {
  it.each([
    ['an unknown key', { expects: 'permit' }],
    ['another answer', { expect: 'allow' }],
    ['another kind', { as: { ...AS, kind: 'robot' } }],
    ['a time that is none', { time: 'noon' }],
  ])('refuses %s', (_what, given) => {
    const each = { name: 'it', as: AS, connection: 'shop', expect: 'permit', ...given }
    expect(policyTestsSchema.safeParse({ cases: [each] }).success).toBe(false)
    expect(policyTestsSchema.safeParse({ cases: [] }).success).toBe(false)
  })
})

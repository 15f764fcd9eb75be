import { PolicyUnavailable } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { NO_OBLIGATIONS } from './decision.ts'
import { accessOf, engineOf, FAILING, file, READ_AGENTS, RULES, sessionOf, WRITE_APPROVED } from './policies.fixture.ts'
import { PolicyEngine } from './policy-engine.ts'
import { contentHashOf } from './policy-source.ts'
import type { StatementAccess } from './statement-access.ts'

const WRITE = accessOf({ targets: [{ action: 'sql:write', table: 'public.orders' }], kinds: ['UPDATE'] })
const DROP = accessOf({ targets: [{ action: 'sql:ddl', table: 'public.customers' }], kinds: ['DROP TABLE'] })
const UNKNOWN = accessOf({
  targets: [{ action: 'sql:unknown', table: null }],
  unknown: [{ code: 'function', what: 'SELECT with the function pg_sleep', hint: 'Leave it out.' }],
})

const decide = (text: string, access: StatementAccess, asking = {}) => sessionOf(engineOf(text), asking).decide(access)

describe('a decision', () => {
  it('permits what a policy permits, and names it with the version', () => {
    const engine = engineOf(READ_AGENTS)
    expect(engine.version).toMatch(/^[0-9a-f]{12}$/)
    const decision = sessionOf(engine).decide(accessOf())
    expect(decision).toEqual({
      kind: 'permit',
      policyIds: ['read'],
      policyVersion: engine.version,
      obligations: { notify: [], record: 'full' },
    })
    expect(decision.obligations).toBe(NO_OBLIGATIONS)
  })

  it('denies what no policy permits, and names the table', () => {
    expect(decide(READ_AGENTS, WRITE)).toMatchObject({
      kind: 'deny',
      policyIds: [],
      reasonCode: 'not_permitted',
      reason: 'UPDATE on public.orders is not allowed on connection shop',
      hint: expect.stringContaining('No policy permits it'),
    })
    expect(decide(READ_AGENTS, accessOf(), { subject: { groups: ['others'] } }).kind).toBe('deny')
    expect(decide('', accessOf()).kind).toBe('deny')
    expect(decide(READ_AGENTS, accessOf({ targets: [] })).kind).toBe('deny')
  })

  it('shows no table whose name may be a value', () => {
    const access = accessOf({ targets: [{ action: 'sql:read', table: 'public."819-12-3456"' }] })
    expect(decide('', access)).toMatchObject({ reason: 'SELECT on ‹withheld› is not allowed on connection shop' })
  })

  it('is pending where every satisfied permit asks for an approval, under all rules', () => {
    const two = `${WRITE_APPROVED} @id("also") @approval("security") @record("metadata") @notify("slack:security")
      permit (principal, action in Action::"sql", resource);`
    expect(decide(two, WRITE)).toMatchObject({
      kind: 'pending',
      policyIds: ['also', 'write'],
      approvalRules: ['data-owner', 'security'],
      obligations: { notify: ['slack:security'], record: 'metadata' },
    })
    const free = `${two} @id("free") permit (principal, action == Action::"sql:write", resource);`
    expect(decide(free, WRITE)).toMatchObject({ kind: 'permit', policyIds: ['free'], obligations: { notify: [] } })
  })

  it('is the strictest of all targets', () => {
    const both = accessOf({
      targets: [
        { action: 'sql:read', table: 'public.customers' },
        { action: 'sql:write', table: 'public.orders' },
      ],
      kinds: ['UPDATE'],
    })
    expect(decide(READ_AGENTS, both).kind).toBe('deny')
    expect(decide(`${READ_AGENTS} ${WRITE_APPROVED}`, both)).toMatchObject({ kind: 'pending', policyIds: ['write'] })
    const forbid = '@id("no") forbid (principal, action, resource == Table::"shop/public.customers");'
    expect(decide(`${READ_AGENTS} ${WRITE_APPROVED} ${forbid}`, both)).toMatchObject({
      kind: 'deny',
      policyIds: ['no'],
    })
  })

  it('tells the reason of the forbid that decides', () => {
    const forbid = `@id("prod-never-drop") @reason("it does not come back") @notify("pager")
      forbid (principal, action in Action::"sql", resource)
      when { resource.labels.contains("env=prod") && context.kinds.contains("DROP") };`
    expect(decide(forbid, DROP)).toMatchObject({
      kind: 'deny',
      policyIds: ['prod-never-drop'],
      reasonCode: 'forbidden',
      reason: 'DROP TABLE is not allowed on connection shop: it does not come back',
      hint: 'Policy prod-never-drop forbids it; whoever keeps the policies can change that.',
      obligations: { notify: ['pager'] },
    })
  })

  it('speaks of the statement that is denied, not of those beside it', () => {
    const access = accessOf({
      targets: [{ action: 'sql:read', table: null }, ...DROP.targets],
      kinds: ['SELECT', 'DROP TABLE'],
    })
    expect(decide(READ_AGENTS, access)).toMatchObject({
      reason: 'DROP TABLE on public.customers is not allowed on connection shop',
    })
    expect(decide(READ_AGENTS, { ...WRITE, kinds: ['DELETE', 'UPDATE'] })).toMatchObject({
      reason: 'DELETE and UPDATE on public.orders are not allowed on connection shop',
    })
  })

  it('tells what stays unknown', () => {
    const forbid = '@id("never") forbid (principal, action == Action::"sql:unknown", resource);'
    expect(decide(forbid, UNKNOWN)).toMatchObject({
      policyIds: ['never'],
      reason: 'SELECT with the function pg_sleep is not allowed on connection shop',
      hint: 'Leave it out.',
    })
    const only = '@id("may") permit (principal, action, resource) when { context.unknown == ["function"] };'
    const sql = only.replace('principal, action,', 'principal, action in Action::"sql",')
    expect(decide(sql, UNKNOWN).kind).toBe('permit')
    expect(decide(sql, { ...UNKNOWN, unknown: [{ code: 'type', what: 'x', hint: null }] }).kind).toBe('deny')
  })

  it('answers refusals before any policy', () => {
    const all = '@id("all") permit (principal, action, resource);'
    const refusal = { code: 'unparsable', what: "A statement that can't be read", hint: 'Check the spelling.' }
    expect(decide(all, accessOf({ refusal }))).toMatchObject({
      kind: 'deny',
      reasonCode: 'unparsable',
      reason: "A statement that can't be read is not allowed on connection shop",
      hint: 'Check the spelling.',
      policyIds: [],
    })
  })

  it('asks for at most 16 targets', () => {
    const all = '@id("all") permit (principal, action, resource);'
    const targets = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ action: 'sql:read', table: `public.t${index}` }) as const)
    expect(decide(all, accessOf({ targets: targets(16) })).kind).toBe('permit')
    expect(decide(all, accessOf({ targets: targets(17) }))).toMatchObject({
      kind: 'deny',
      reasonCode: 'too_many_targets',
    })
  })

  it('denies where a policy fails, though another permits', () => {
    expect(decide(`${READ_AGENTS} ${FAILING}`, accessOf())).toMatchObject({
      kind: 'deny',
      reasonCode: 'policy_error',
      policyIds: ['failing'],
    })
  })

  it('denies where the question itself can not be asked', () => {
    expect(decide(READ_AGENTS, accessOf(), { context: { clientAddress: 'nowhere' } })).toMatchObject({
      kind: 'deny',
      reasonCode: 'policy_error',
    })
  })

  it('denies what can not be held, and what no rule is for', () => {
    expect(decide(WRITE_APPROVED, { ...WRITE, holdable: 'it calls random()' })).toMatchObject({
      kind: 'deny',
      reasonCode: 'not_holdable',
      policyIds: ['write'],
      reason: "UPDATE needs an approval on connection shop, and can't be held for one: it calls random()",
    })
    expect(sessionOf(engineOf(WRITE_APPROVED, {})).decide(WRITE)).toMatchObject({
      kind: 'deny',
      reasonCode: 'approval_rule_unknown',
      policyIds: ['write'],
      reason: expect.stringContaining('data-owner'),
    })
    expect(sessionOf(engineOf(WRITE_APPROVED.replace('data-owner', 'constructor'), {})).decide(WRITE).kind).toBe('deny')
  })
})

describe('what policies see', () => {
  const when = (condition: string) =>
    `@id("it") permit (principal, action in Action::"sql", resource) when { ${condition} };`

  it.each<[string, Partial<StatementAccess>, Parameters<typeof sessionOf>[1]]>([
    ['principal.kind == "agent" && principal.id == "agent" && principal.issuer == "test"', {}, {}],
    ['principal == Subject::"test|agent" && !(principal has onBehalfOf)', {}, {}],
    ['principal has onBehalfOf && principal.onBehalfOf == "amy"', {}, { subject: { onBehalfOf: 'amy' } }],
    ['resource in Connection::"shop" && resource.name == "shop" && resource.protocol == "postgres"', {}, {}],
    ['resource.labels == ["env=prod"] && resource.demo', {}, {}],
    ['resource.labels == ["pci", "env=eu"]', {}, { connection: { labels: { pci: '', env: 'eu' } } }],
    ['resource == Table::"shop/public.orders" && resource is Table && resource.schema == "public"', {}, {}],
    ['resource is Table && resource.table == "orders" && resource.connection == Connection::"shop"', {}, {}],
    ['resource is Connection', { targets: [{ action: 'sql:read', table: null }] }, {}],
    [
      'resource is Table && resource.schema == "\\"a.b\\"" && resource.table == "c"',
      { targets: [{ action: 'sql:read', table: '"a.b".c' }] },
      {},
    ],
    ['context.kinds.containsAll(["DROP", "DROP TABLE"])', { kinds: ['DROP TABLE'] }, {}],
    ['context.kinds.containsAll(["GRANT", "REVOKE"])', { kinds: ['GRANT or REVOKE'] }, {}],
    ['context.tables == ["public.orders"] && context.functions == ["lower"]', { functions: ['lower'] }, {}],
    ['context.unfiltered', { unfiltered: true }, {}],
    ['context has purpose && context.purpose == "ticket 1"', {}, { context: { purpose: 'ticket 1' } }],
    ['!(context has purpose)', {}, {}],
    [
      'context has clientAddress && context.clientAddress.isInRange(ip("10.0.0.0/8"))',
      {},
      { context: { clientAddress: '::ffff:10.1.2.3' } },
    ],
    [
      'context has clientAddress && context.clientAddress.isInRange(ip("fe80::/10"))',
      {},
      { context: { clientAddress: 'fe80::1%eth0' } },
    ],
    ['context.time == datetime("2026-01-14T12:34:00Z")', {}, { nowMs: () => Date.UTC(2026, 0, 14, 12, 34, 56, 789) }],
  ])('%s', (condition, access, asking) => {
    expect(decide(when(condition), accessOf(access), asking)).toMatchObject({ kind: 'permit' })
    expect(decide(when(`!(${condition})`), accessOf(access), asking)).toMatchObject({ reasonCode: 'not_permitted' })
  })
})

describe('connect', () => {
  const connect = (text: string, asking = {}) => sessionOf(engineOf(text), asking).connect()
  const MAY = '@id("may") permit (principal in Group::"agents", action == Action::"connect", resource);'

  it('is a question of its own', () => {
    expect(connect(MAY)).toMatchObject({ kind: 'permit', policyIds: ['may'] })
    expect(connect(READ_AGENTS)).toMatchObject({
      kind: 'deny',
      reasonCode: 'not_permitted',
      reason: 'You may not open connection shop',
    })
    expect(connect(MAY, { subject: { groups: [] } }).kind).toBe('deny')
  })

  it('tells the reason of a forbid, and never waits', () => {
    const forbid =
      '@id("no") @reason("maintenance until noon") forbid (principal, action == Action::"connect", resource);'
    expect(connect(`${MAY} ${forbid}`)).toMatchObject({
      reasonCode: 'forbidden',
      reason: 'You may not open connection shop: maintenance until noon',
      policyIds: ['no'],
    })
    const approval = '@id("wait") @approval("data-owner") permit (principal, action, resource);'
    expect(connect(approval)).toMatchObject({ kind: 'deny', reasonCode: 'not_holdable' })
    expect(connect(`${MAY} ${FAILING}`)).toMatchObject({ kind: 'deny', reasonCode: 'policy_error' })
  })
})

describe('explain', () => {
  it('shows each question with the policies that decided it', () => {
    const text = `${READ_AGENTS}\n${WRITE_APPROVED}`
    const access = accessOf({
      targets: [
        { action: 'sql:read', table: 'public.customers' },
        { action: 'sql:write', table: 'public.orders' },
      ],
      kinds: ['UPDATE'],
    })
    const explanation = sessionOf(engineOf(text), { context: { clientAddress: '10.0.0.1' } }).explain(access)
    expect(explanation).toMatchObject({
      decision: { kind: 'pending' },
      principal: 'Subject::"test|agent"',
      groups: ['agents'],
      context: { time: '1970-01-01T00:00:00Z', clientAddress: '10.0.0.1', kinds: ['UPDATE'], unfiltered: false },
      targets: [
        { action: 'sql:write', resource: 'Table::"shop/public.orders"', decision: 'pending' },
        { action: 'sql:read', resource: 'Table::"shop/public.customers"', decision: 'permit', errors: [] },
      ],
    })
    expect(explanation.targets[0]?.policies).toEqual([
      { id: 'write', file: 'a.cedar', line: 2, effect: 'permit', annotations: { id: 'write', approval: 'data-owner' } },
    ])
  })

  it('shows what failed, and asks nothing where nothing is asked', () => {
    const session = sessionOf(engineOf(`${READ_AGENTS} ${FAILING}`))
    expect(session.explain(accessOf()).targets).toMatchObject([
      { decision: 'deny', errors: [{ id: 'failing', message: expect.stringContaining('overflow') }] },
    ])
    const refusal = { code: 'too_large', what: 'A statement this long', hint: null }
    expect(session.explain(accessOf({ refusal })).targets).toEqual([])
  })
})

describe('compile', () => {
  it.each(['\n', '\r', '\r\n'])('takes up what follows a comment that ends with %j', (end) => {
    const forbid = '@id("no") forbid (principal, action in Action::"sql", resource);'
    expect(decide(`${READ_AGENTS} // why${end}${forbid}`, accessOf())).toMatchObject({
      kind: 'deny',
      policyIds: ['no'],
    })
  })

  it('throws with every mistake, and takes no set in part', () => {
    const text = 'permit (principal, action, resource);\n@id("b") permit (principal in Grup::"a", action, resource);'
    const source = { files: [file(text)], approvalRules: RULES }
    const compile = () => PolicyEngine.compile(source, contentHashOf(source))
    expect(compile).toThrow(PolicyUnavailable)
    expect(compile).toThrow(/a\.cedar:1:1: the policy has no @id[\s\S]*a\.cedar:2:\d+: there is no entity type Grup/)
  })
})

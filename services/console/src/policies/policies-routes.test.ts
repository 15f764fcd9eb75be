import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContentOf, controlCodec, generateSigningKey, nowMicros, type Signed, TOPICS } from '@sluice/events'
import { approvalRulesJson, contentHashOf, readStarterPolicies } from '@sluice/policy'
import { ControlWriter } from '@sluice/trust'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, problem, startTestConsole, type TestConsole } from '../console.fixture.ts'
import { createTestWorld, DATA_OWNERS, type TestWorld, until } from '../control-world.fixture.ts'
import { MAX_POLICY_BODY_BYTES } from './policies-routes.ts'
import { SETS_AT_ONCE } from './policy-office.ts'

let world: TestWorld
let server: TestConsole

beforeAll(async () => {
  world = await createTestWorld()
  server = await startTestConsole({ world })
})
afterAll(async () => {
  await server.stop()
  await world.stop()
})

const token = (groups: readonly string[], kind = 'human', sub = 'ada'): string =>
  server.issuer.token({ sub, sluice_kind: kind, groups })
const ADMIN = ['admins']
const policy = (id: string): string =>
  `@id("${id}")\npermit (principal in Group::"agents", action == Action::"connect", resource);\n`
const set = (id: string, approvalRules: object = DATA_OWNERS) => ({
  files: [{ name: `${id}.cedar`, text: policy(id) }],
  approvalRules,
})

type Current = {
  version: number
  contentHash: string
  files: { name: string }[]
  approvalRules: object
  appliedBy: object
}
const current = async (): Promise<Current> =>
  (await server.ask('/v1/policies/current', { token: token(ADMIN) })).json as Current
const apply = (body: unknown, as = token(ADMIN)): Promise<Answer> =>
  server.ask('/v1/policies', { token: as, body: JSON.stringify(body) })

async function published(of: TestWorld = world): Promise<Signed<ContentOf<typeof TOPICS.policies>>[]> {
  const codec = await controlCodec(of.registry, TOPICS.policies)
  const consumer = await of.log.consumer({ group: null, topics: [TOPICS.policies], from: 'earliest' })
  const records = await consumer.poll({ maxRecords: 100, maxBytes: 10_000_000, maxWaitMs: 0 })
  await consumer.close()
  return records.filter(({ value }) => value.length > 0).map(({ value }) => codec.decode(value))
}

describe('the first start', () => {
  it('publishes the starter set with the rules of the configuration', async () => {
    const files = await readStarterPolicies()
    const source = { files, approvalRules: world.approvalRules }
    expect(await published()).toMatchObject([
      {
        seal: { version: 1 },
        contentHash: contentHashOf(source),
        files,
        appliedBy: { id: 'console', kind: 'service' },
      },
    ])
    expect(await current()).toMatchObject({
      version: 1,
      contentHash: contentHashOf(source),
      files,
      approvalRules: { 'data-owner': { reviewers: ['group:data-owners'] } },
      time: expect.stringMatching(/Z$/),
    })
    expect((await server.ask('/metrics')).text).toContain('sluice_console_policy_set_version 1')
  })
})

describe('a console whose key has no certificate', () => {
  it('does not say that policies are in force which nobody takes up', async () => {
    const own = await createTestWorld()
    const file = join(own.dir, 'uncertified.pem')
    await writeFile(file, generateSigningKey())
    const started = startTestConsole({ world: own, config: { keys: { ...own.config.keys, console: file } } })
    await expect(started).rejects.toMatchObject({ code: 'policies_unconfirmed' })
    await own.stop()
  })
})

describe('applying policies', () => {
  it('publishes the next version, signed, with who applied it and nothing else of the token', async () => {
    const answer = await apply(set('second'))
    const contentHash = contentHashOf({ files: set('second').files, approvalRules: world.approvalRules })
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ version: 2, contentHash })
    const last = (await published()).at(-1)
    expect(last?.appliedBy).toEqual({
      issuer: server.issuer.origin,
      id: 'ada',
      kind: 'human',
      groups: ADMIN,
      onBehalfOf: null,
    })
    expect(last).toMatchObject({ seal: { version: 2, keyId: world.signing.console.keyId }, contentHash })
    expect(await current()).toMatchObject({ version: 2, files: [{ name: 'second.cedar' }] })
  })

  it('that are in force already publishes nothing', async () => {
    const { version, contentHash } = await current()
    const before = (await published()).length
    expect((await apply(set('second'))).json).toEqual({ version, contentHash })
    expect(await published()).toHaveLength(before)
  })

  it('of several at once gives each a version of its own', async () => {
    const { version } = await current()
    const answers = await Promise.all(['a', 'b', 'c'].map((id) => apply(set(id))))
    // Which of them comes first is the network's choice.
    const versions = answers.map(({ json }) => (json as Current).version).sort((a, b) => a - b)
    expect(versions).toEqual([version + 1, version + 2, version + 3])
    const same = await Promise.all(['same', 'same', 'same'].map((id) => apply(set(id))))
    expect(same.map(({ json }) => (json as Current).version)).toEqual([version + 4, version + 4, version + 4])
    expect((await current()).version).toBe(version + 4)
  })

  it('with mistakes tells every one and applies nothing', async () => {
    const before = await current()
    const text = 'permit (principal, action, resource);\n@id("x")\npermit (principal, acton, resource);\n'
    const answer = await apply({ files: [{ name: 'bad.cedar', text }], approvalRules: {} })
    expect(problem(answer)).toEqual([422, 'policies_invalid'])
    const { mistakes, detail } = answer.json as { mistakes: object[]; detail: string }
    expect(mistakes[0]).toEqual({
      code: expect.any(String),
      file: 'bad.cedar',
      line: expect.any(Number),
      column: expect.any(Number),
      message: expect.any(String),
      fix: expect.any(String),
    })
    expect(detail).toContain('bad.cedar:')
    expect(await current()).toEqual(before)
  })

  it.each<[string, unknown]>([
    ['unknown members', { ...set('x'), force: true }],
    ['rules that are none', { ...set('x'), approvalRules: { a: { reviewers: [] } } }],
    ['a rule that lets who asks review', set('x', { a: { reviewers: ['group:x'], requesterMayReview: true } })],
    ['files without text', { files: [{ name: 'a.cedar' }], approvalRules: {} }],
  ])('with %s is refused', async (_, body) => {
    expect(problem(await apply(body))).toEqual([400, 'body_invalid'])
  })

  it('may be larger than other bodies, up to a bound', async () => {
    const comment = `// ${'x'.repeat(MAX_POLICY_BODY_BYTES / 8)}\n`
    const large = { files: [{ name: 'large.cedar', text: comment + policy('large') }], approvalRules: DATA_OWNERS }
    expect((await apply(large)).status).toBe(200)
    const tooLarge = { ...large, files: [{ name: 'large.cedar', text: comment.repeat(9) }] }
    expect(problem(await apply(tooLarge))).toEqual([413, 'body_too_large'])
  })

  it('is for people of the admins, and those of the demo only where all is demo', async () => {
    expect(problem(await apply(set('x'), token(ADMIN, 'agent')))).toEqual([403, 'people_only'])
    expect(problem(await apply(set('x'), token(ADMIN, 'service')))).toEqual([403, 'people_only'])
    expect(problem(await apply(set('x'), token(['analysts', 'data-owners'])))).toEqual([403, 'group_required'])
    const guest = server.demoIssuer.token({ sub: 'ada', sluice_kind: 'human', groups: ADMIN })
    expect(problem(await apply(set('x'), guest))).toEqual([403, 'connection_not_demo'])
    const { shop } = world.config.connections
    const demo = await startTestConsole({ config: { connections: shop === undefined ? {} : { shop } } })
    // Where every connection is one of the demo, its admins steer it.
    const admin = demo.demoIssuer.token({ sub: 'ada', sluice_kind: 'human', groups: ADMIN })
    expect((await demo.ask('/v1/policies', { token: admin, body: JSON.stringify(set('x')) })).status).toBe(200)
    await demo.stop()
  })

  it('again and again is slowed down', async () => {
    const as = token(ADMIN, 'human', 'busy')
    const statuses: number[] = []
    for (let i = 0; i <= SETS_AT_ONCE; i++) {
      statuses.push((await apply({ files: [{ name: 'bad.cedar', text: 'nonsense' }], approvalRules: {} }, as)).status)
    }
    expect([...new Set(statuses)]).toEqual([422, 429])
  })

  it('is seen by those who ask questions', async () => {
    const ask = async (as: string): Promise<Answer> => server.ask('/v1/policies/current', { token: as })
    expect((await ask(token(['analysts']))).status).toBe(200)
    expect(problem(await ask(token(['interns'])))).toEqual([403, 'group_required'])
    expect(problem(await ask(token(ADMIN, 'agent')))).toEqual([403, 'agents_may_not_ask'])
  })
})

describe('the set in force', () => {
  it('stays what it was at the next start', async () => {
    await apply(set('before-restart'))
    const before = await current()
    await server.stop()
    server = await startTestConsole({ world, config: { approvals: {} } })
    expect(await current()).toEqual(before)
    expect((await apply(set('after-restart'))).json).toMatchObject({ version: before.version + 1 })
  })

  it('is not replaced by what the console has not signed, nor by a version that was there', async () => {
    const before = await current()
    const incidents = async (code: string): Promise<number> => {
      const { text } = await server.ask('/metrics')
      return Number(new RegExp(`incidents_total\\{code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
    }
    const forge = (key: TestWorld['signing']['console']) =>
      ControlWriter.open({ ...world, topic: TOPICS.policies, key, nowMicros, partition: 1 })
    const source = { files: [{ name: 'evil.cedar', text: policy('evil') }], approvalRules: {} }
    const content = {
      ...source,
      contentHash: contentHashOf(source),
      approvalRules: approvalRulesJson({}),
      masking: '{}',
      appliedBy: { issuer: 'x', id: 'x', kind: 'human', groups: [], onBehalfOf: null },
    } as const
    const approver = await forge(world.signing.approver)
    await approver.publish('current', content)
    await until(
      () => incidents('wrong_role'),
      (count) => count === 1,
    )
    await approver.close()
    // Partition 1 has no version of the console's yet: the set would be the first one again.
    const itself = await forge(world.signing.console)
    await itself.publish('current', content)
    await until(
      async () => (await incidents('rollback')) + (await incidents('fork')),
      (count) => count === 1,
    )
    await itself.close()
    expect(await current()).toEqual(before)
  })

  it('stays where it is deleted in the log', async () => {
    const before = await current()
    const deleted = async (): Promise<boolean> =>
      (await server.ask('/metrics')).text.includes('sluice_console_incidents_total{code="deleted"} 1')
    expect(await deleted()).toBe(false)
    const producer = await world.log.producer(TOPICS.policies, { partition: 1 })
    await producer.append([{ key: Buffer.from('current'), value: Buffer.alloc(0), headers: '{}' }])
    await producer.close()
    await until(deleted, (is) => is)
    expect(await current()).toEqual(before)
  })

  it('is not begun anew where the log lost it', async () => {
    const empty = await createTestWorld()
    // The memory of the other console: what it trusted is not in this log.
    const config = { trust: world.config.trust }
    const forgetful = await startTestConsole({ world: empty, config })
    const admin = forgetful.issuer.token({ sub: 'ada', sluice_kind: 'human', groups: ADMIN })
    expect(problem(await forgetful.ask('/v1/policies/current', { token: admin }))).toEqual([503, 'policies_unknown'])
    const body = JSON.stringify(set('anew'))
    expect(problem(await forgetful.ask('/v1/policies', { token: admin, body }))).toEqual([503, 'policies_lost'])
    expect(await published(empty)).toEqual([])
    await forgetful.stop()
    await empty.stop()
  })
})

describe('keys', () => {
  it('are listed with role, name, validity and fingerprints, for admins and analysts', async () => {
    const answer = await server.ask('/v1/keys', { token: token(['analysts']) })
    const { root, keys } = answer.json as { root: object; keys: { role: string }[] }
    expect(root).toEqual({ fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(keys.map(({ role }) => role).sort()).toEqual(['approver', 'console', 'node'])
    expect(keys.find(({ role }) => role === 'console')).toEqual({
      keyId: world.signing.console.keyId,
      role: 'console',
      name: 'console',
      validFrom: expect.stringMatching(/Z$/),
      validUntil: null,
      version: 1,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      accepted: true,
      reason: null,
    })
    expect(problem(await server.ask('/v1/keys', { token: token(['data-owners']) }))).toEqual([403, 'group_required'])
    expect(problem(await server.ask('/v1/keys', { token: token(ADMIN, 'agent') }))).toEqual([403, 'people_only'])
  })
})

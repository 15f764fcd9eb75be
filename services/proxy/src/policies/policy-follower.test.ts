import { join } from 'node:path'
import { controlHash, type PolicySet, TOPICS } from '@sluice/events'
import { maskingRulesJson, maskingRulesSchema } from '@sluice/mask'
import { approvalRulesJson, CURRENT_POLICIES, contentHashOf } from '@sluice/policy'
import { ControlReader, VersionMemory } from '@sluice/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AGENT, type AppendOptions, type ControlPlane, startControlPlane, until } from '../control-plane.fixture.ts'
import { PolicyFollower } from './policy-follower.ts'

const MAX_AGE_MS = 60_000
const NEVER = new AbortController().signal

let plane: ControlPlane
let follower: PolicyFollower
let nowMs: number

/** A set that differs from others by its comment. */
function setOf(
  comment: string,
  text = '@id("reads")\npermit (principal, action == Action::"sql:read", resource);\n',
): PolicySet {
  const files = [{ name: 'a.cedar', text: `// ${comment}\n${text}` }]
  const approvalRules = {}
  return {
    contentHash: contentHashOf({ files, approvalRules }),
    files,
    approvalRules: approvalRulesJson(approvalRules),
    masking: '{}',
    appliedBy: AGENT,
  }
}

const versionOf = ({ contentHash }: PolicySet): string => contentHash.slice(0, 12)

const append = (set: PolicySet, options: AppendOptions = {}): Promise<Buffer> =>
  plane.append(TOPICS.policies, CURRENT_POLICIES, set, options)

async function startFollower(): Promise<PolicyFollower> {
  const { log, registry, trusted, dir } = plane
  const started = new PolicyFollower({
    maxAgeMs: MAX_AGE_MS,
    nowMs: () => nowMs,
    onIncident: (incident) => plane.incidents.push(incident),
  })
  const reader = await ControlReader.open({
    log,
    registry,
    topic: TOPICS.policies,
    keys: trusted,
    role: 'console',
    memory: VersionMemory.open(join(dir, 'trust', 'policies.json')),
    onIncident: (incident) => started.notice(incident),
  })
  await started.follow(reader)
  return started
}

const codes = () => plane.incidents.map(({ code }) => code)
const firstIncident = () => until(codes, (seen) => seen.length > 0)

beforeEach(async () => {
  nowMs = 1_000_000
  plane = await startControlPlane()
})
afterEach(async () => {
  await follower.close()
  await plane.stop()
})

describe('the policies in force', () => {
  it('are those that were published before', async () => {
    await append(setOf('one'))
    follower = await startFollower()
    expect(follower.current().version).toBe(versionOf(setOf('one')))
    expect(follower.problem()).toBeNull()
  })

  it('are unknown before the first, which is waited for', async () => {
    follower = await startFollower()
    expect(() => follower.current()).toThrow(expect.objectContaining({ code: 'policy_missing' }))
    const first = follower.first(5_000, NEVER)
    await append(setOf('one'))
    await first
    expect(follower.version).toBe(versionOf(setOf('one')))
  })

  it('are not waited for for ever', async () => {
    follower = await startFollower()
    await expect(follower.first(10, NEVER)).rejects.toMatchObject({ name: 'PolicyUnavailable', code: 'policy_missing' })
    const stopping = new AbortController()
    const first = follower.first(60_000, stopping.signal)
    stopping.abort()
    await expect(first).rejects.toMatchObject({ code: 'policy_missing' })
  })

  it('are a newer set within a second', async () => {
    const one = await append(setOf('one'))
    follower = await startFollower()
    const told: string[] = []
    follower.onChange(({ version }) => told.push(version))
    await append(setOf('two'), { version: 2, previous: controlHash(one) })
    await until(
      () => follower.version,
      (version) => version === versionOf(setOf('two')),
      1_000,
    )
    expect(told).toEqual([versionOf(setOf('two'))])
  })
})

describe('the detectors', () => {
  const PATTERN = { detectors: [{ tag: 'internal.ticket', pattern: 'TCK-[0-9]{6}' }] }

  it('have the patterns of the set in force', async () => {
    const masking = maskingRulesSchema.parse(PATTERN)
    const { files } = setOf('one')
    const source = { files, approvalRules: {}, masking }
    await append({ ...setOf('one'), contentHash: contentHashOf(source), masking: maskingRulesJson(masking) })
    follower = await startFollower()
    expect(follower.detectors.scan('see TCK-123456').map(({ tag }) => tag)).toEqual(['internal.ticket'])
  })

  it('are only the built-in ones where there are no others', async () => {
    follower = await startFollower()
    expect(follower.detectors.scan('TCK-123456')).toEqual([])
    expect(follower.detectors.scan('ann@example.com')).toHaveLength(1)
  })
})

describe('what can not be trusted', () => {
  let one: Buffer

  beforeEach(async () => {
    one = await append(setOf('one'))
    follower = await startFollower()
  })

  const second = (set: PolicySet, options: AppendOptions = {}) =>
    append(set, { version: 2, previous: controlHash(one), ...options })
  const tampered: PolicySet = {
    ...setOf('two'),
    files: [{ name: 'a.cedar', text: 'permit (principal, action, resource);' }],
  }

  it.each<[string, () => Promise<unknown>]>([
    ['foreign_key', () => second(setOf('two'), { key: plane.keys.stranger })],
    ['wrong_role', () => second(setOf('two'), { key: plane.keys.node })],
    ['fork', () => append(setOf('two'))],
    ['fork', () => second(setOf('two'), { previous: Buffer.alloc(32) })],
    ['deleted', () => plane.appendRaw(TOPICS.policies, CURRENT_POLICIES, Buffer.alloc(0))],
    ['unreadable', () => plane.appendRaw(TOPICS.policies, CURRENT_POLICIES, Buffer.from('garbage'))],
    ['policy_content', () => second(tampered)],
    ['policy_invalid', () => second(setOf('two', '@id("broken") permit (principal,'))],
    ['policy_invalid', () => second({ ...setOf('two'), approvalRules: '{"data-owner":{}}' })],
  ])('is an incident, and the last good set holds: %s', async (code, publish) => {
    await publish()
    await firstIncident()
    expect(codes()).toEqual([code])
    expect(follower.current().version).toBe(versionOf(setOf('one')))
    nowMs += MAX_AGE_MS
    expect(follower.problem()).toBeNull()
    nowMs += 1
    expect(() => follower.current()).toThrow(expect.objectContaining({ code: 'policy_stale' }))
    expect(follower.problem()).toContain('policy apply')
  })

  it('is a lower version, after a restart too', async () => {
    await second(setOf('two'))
    await until(
      () => follower.version,
      (version) => version === versionOf(setOf('two')),
    )
    await append(setOf('one'))
    await firstIncident()
    expect(codes()).toEqual(['rollback'])
    await follower.close()
    plane.incidents.length = 0
    follower = await startFollower()
    expect(codes()).toEqual(['rollback'])
    expect(follower.version).toBe(versionOf(setOf('two')))
  })

  it('counts from the first incident, and is over with a newer good set', async () => {
    await second(setOf('two'), { key: plane.keys.stranger })
    await firstIncident()
    nowMs += MAX_AGE_MS
    await second(setOf('three'), { key: plane.keys.stranger })
    await until(codes, (seen) => seen.length === 2)
    nowMs += 1
    expect(follower.problem()).not.toBeNull()
    await second(setOf('two'))
    await until(
      () => follower.version,
      (version) => version === versionOf(setOf('two')),
    )
    nowMs += 2 * MAX_AGE_MS
    expect(follower.problem()).toBeNull()
  })

  it('is of no concern under another key', async () => {
    const told: string[] = []
    follower.onChange(({ version }) => told.push(version))
    await plane.appendRaw(TOPICS.policies, 'another', Buffer.alloc(0))
    await plane.append(TOPICS.policies, 'another', setOf('two'))
    await firstIncident()
    await second(setOf('three'))
    await until(
      () => follower.version,
      (version) => version === versionOf(setOf('three')),
    )
    expect(told).toEqual([versionOf(setOf('three'))])
    await plane.appendRaw(TOPICS.policies, 'another', Buffer.alloc(0))
    await until(codes, (seen) => seen.length === 2)
    nowMs += 2 * MAX_AGE_MS
    expect(follower.problem()).toBeNull()
  })
})

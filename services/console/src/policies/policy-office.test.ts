import type { PolicySet, Signed } from '@sluice/events'
import { approvalRulesJson, contentHashOf } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import { PolicyOffice, type PolicyOfficeOptions } from './policy-office.ts'

const source = (name: string) => ({ files: [{ name, text: '' }], approvalRules: {} })

function signed(name: string, version: number, changes: Partial<PolicySet> = {}): Signed<PolicySet> {
  return {
    contentHash: contentHashOf(source(name)),
    files: source(name).files,
    approvalRules: approvalRulesJson({}),
    masking: '{}',
    appliedBy: { issuer: 'i', id: 'ada', kind: 'human', groups: [], onBehalfOf: null },
    seal: { version, previous: null, time: version, keyId: 'k', signature: Buffer.alloc(64) },
    ...changes,
  }
}

async function officeReading(sets: readonly Signed<PolicySet>[], keys: readonly string[] = []) {
  const incidents: string[] = []
  const unused = async (): Promise<never> => Promise.reject(new Error('nothing is published here'))
  const reader: PolicyOfficeOptions['reader'] = {
    async catchUp(handle) {
      for (const [index, content] of sets.entries()) {
        const key = keys[index] ?? 'current'
        await handle({ key, content, value: Buffer.alloc(0), partition: 0, time: 0, signer: 'console' })
      }
    },
    follow: () => {},
    close: async () => {},
  }
  const office = await PolicyOffice.open(
    {
      reader,
      writer: { publish: unused, close: async () => {} },
      memory: { highest: () => ({ version: 1, hash: Buffer.alloc(32) }) },
      onIncident: ({ code }) => incidents.push(code),
      isDistrusted: () => false,
      onInForce: () => {},
      nowMs: () => 0,
    },
    unused,
  )
  return { office, incidents }
}

describe('a published set', () => {
  it.each<[string, Partial<PolicySet>]>([
    ['its hash is of something else', { contentHash: contentHashOf(source('other.cedar')) }],
    ['its files were changed', { files: [{ name: 'b.cedar', text: 'permit' }] }],
    ['its rules are none', { approvalRules: '{' }],
  ])('is an incident where %s, and the one before holds', async (_, changes) => {
    const { office, incidents } = await officeReading([signed('a.cedar', 1), signed('b.cedar', 2, changes)])
    expect(office.inForce).toMatchObject({ version: 1, set: { files: [{ name: 'a.cedar' }] } })
    expect(incidents).toEqual(['policy_content'])
  })

  it('is followed by the next, and its rules stay known', async () => {
    const { office, incidents } = await officeReading([signed('a.cedar', 1), signed('b.cedar', 2)])
    expect(office.inForce?.version).toBe(2)
    expect(office.rulesOf(contentHashOf(source('a.cedar')).slice(0, 12))).toEqual({})
    expect(office.rulesOf('ffffffffffff')).toBeNull()
    expect(incidents).toEqual([])
  })
})

/** Publishes into a list, and reads it back from there. */
async function officePublishing(isDistrusted: () => boolean) {
  const log: Signed<PolicySet>[] = []
  const reader: PolicyOfficeOptions['reader'] = {
    async catchUp(handle) {
      for (const content of log) {
        await handle({ key: 'current', content, value: Buffer.alloc(0), partition: 0, time: 0, signer: 'console' })
      }
    },
    follow: () => {},
    close: async () => {},
  }
  const writer: PolicyOfficeOptions['writer'] = {
    async publish(_key, set) {
      const version = log.length + 1
      log.push({ ...set, seal: { ...signed('', version).seal } })
      return { version }
    },
    close: async () => {},
  }
  const rest = { onIncident: () => {}, onInForce: () => {}, nowMs: () => 0, memory: { highest: () => null } }
  const office = await PolicyOffice.open({ reader, writer, isDistrusted, ...rest }, async () => source('first.cedar'))
  return { office, log }
}

describe('applying the same', () => {
  const text = '@id("a")\npermit (principal in Group::"agents", action == Action::"connect", resource);\n'
  const wanted = { files: [{ name: 'a.cedar', text }], approvalRules: {} }
  const { appliedBy } = signed('', 1)

  it('at once publishes it once: one after the other is looked at', async () => {
    const { office, log } = await officePublishing(() => false)
    const answers = await Promise.all([1, 2, 3].map(() => office.apply(wanted, appliedBy)))
    expect(answers.map(({ version }) => version)).toEqual([2, 2, 2])
    expect(log).toHaveLength(2)
  })

  it('publishes it anew where proxies may have stopped to trust the set in force', async () => {
    let distrusted = false
    const { office } = await officePublishing(() => distrusted)
    expect(await office.apply(wanted, appliedBy)).toMatchObject({ version: 2 })
    distrusted = true
    expect(await office.apply(wanted, appliedBy)).toMatchObject({ version: 3 })
    expect(office.inForce?.version).toBe(3)
  })
})

describe('a record under another key', () => {
  it('is no set in force, whatever its version', async () => {
    const { office } = await officeReading([signed('a.cedar', 1), signed('b.cedar', 9)], ['current', 'other'])
    expect(office.inForce?.version).toBe(1)
  })
})

// The starter set answers its own cases, with statements read as the gateway reads them.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  approvalRulesSchema,
  checkPolicies,
  contentHashOf,
  type PolicyConnection,
  PolicyEngine,
  policyTestsSchema,
  readStarterPolicies,
  runCase,
  STARTER,
} from '@sluice/policy'
import { accessOf, analyzeStatement, loadParser } from '@sluice/sql'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const approvalRules = approvalRulesSchema.parse({ 'data-owner': { reviewers: ['group:data-owners'] } })
const TESTS = join(STARTER, 'tests')
const cases = readdirSync(TESTS).flatMap(
  (name) => policyTestsSchema.parse(parse(readFileSync(join(TESTS, name), 'utf8'))).cases,
)
const files = await readStarterPolicies()
const engine = PolicyEngine.compile({ files, approvalRules }, contentHashOf({ files, approvalRules }))

const shop = (labels: Readonly<Record<string, string>>): PolicyConnection => {
  return { name: 'shop', protocol: 'postgres', labels, demo: true }
}
const accessTo = (command: string) =>
  accessOf(analyzeStatement(command, { serverMajor: 18 }), { connection: 'shop', schemas: ['public'] })

beforeAll(loadParser)

describe('the starter policies', () => {
  it('hold no mistake', () => {
    expect(checkPolicies(files, approvalRules)).toEqual([])
  })

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => {
    const access = each.command === undefined ? null : accessTo(each.command)
    expect(runCase(each, engine, shop({ env: 'prod' }), access)).toMatchObject({ passed: true })
  })

  it('forbid in production what they let wait for approval elsewhere', () => {
    const agent = { issuer: 'test', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null } as const
    const circumstances = { clientAddress: null, purpose: null, grants: [] }
    for (const [labels, kind] of [[{ env: 'prod' }, 'deny'] as const, [{ env: 'test' }, 'pending'] as const]) {
      const session = engine.session(agent, shop(labels), circumstances, Date.now)
      for (const command of ['truncate orders', 'delete from orders']) {
        expect(session.decide(accessTo(command)), `${command} ${kind}`).toMatchObject({ kind })
      }
    }
  })
})

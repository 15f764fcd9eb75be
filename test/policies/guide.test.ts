// The guide's policies, rules and cases are what they say.

import {
  approvalRulesSchema,
  checkPolicies,
  contentHashOf,
  PolicyEngine,
  policyTestsSchema,
  runCase,
  SQL_ACTIONS,
} from '@sluice/policy'
import { accessOf, analyzeStatement, loadParser } from '@sluice/sql'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { read } from '../tidy/sources.ts'

const guide = read('docs/guides/write-a-policy.md')
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  )
const documents = blocks('yaml').map((text): unknown => parse(text))
const holds = (document: unknown, key: string) => typeof document === 'object' && document !== null && key in document

const files = [{ name: 'guide.cedar', text: blocks('cedar').join('\n') }]
const [rules] = documents.filter((document) => holds(document, 'approvals'))
const approvalRules = approvalRulesSchema.parse((rules as { readonly approvals: unknown }).approvals)
const cases = documents
  .filter((document) => holds(document, 'cases'))
  .flatMap((document) => policyTestsSchema.parse(document).cases)
const shop = { name: 'shop', protocol: 'postgres', labels: {}, demo: false } as const

beforeAll(loadParser)

describe('the guide to policies', () => {
  it('shows policies without a mistake', () => {
    expect(blocks('cedar').length).toBeGreaterThanOrEqual(4)
    expect(checkPolicies(files, approvalRules)).toEqual([])
  })

  it('names every action', () => {
    for (const action of ['connect', ...SQL_ACTIONS]) expect(guide).toContain(`\`${action}\``)
  })

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => {
    const engine = PolicyEngine.compile({ files, approvalRules }, contentHashOf({ files, approvalRules }))
    const analysis = analyzeStatement(each.command ?? '', { serverMajor: 18 })
    const access = accessOf(analysis, { connection: 'shop', schemas: ['public'] })
    expect(runCase(each, engine, shop, access)).toMatchObject({ passed: true })
  })
})

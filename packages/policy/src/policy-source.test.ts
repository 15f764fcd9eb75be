import { PolicyUnavailable } from '@sluice/events'
import { maskingRulesSchema, NO_MASKING_RULES } from '@sluice/mask'
import { describe, expect, it } from 'vitest'
import { type ApprovalRulesInput, approvalRulesSchema } from './approval-rule.ts'
import { file, RULES } from './policies.fixture.ts'
import {
  approvalRulesJson,
  contentHashOf,
  parseApprovalRules,
  publishedMasking,
  publishedSource,
} from './policy-source.ts'

const EVERYTHING: ApprovalRulesInput = {
  careful: {
    reviewers: ['group:a', { group: 'group:b', count: 2 }],
    count: 3,
    expires: '1h',
    reason: 'required',
    denials: 2,
    inTransaction: 'deny',
  },
  a: { reviewers: ['group:a'], expires: '90s', inTransaction: { hold: '5s' } },
}

describe('contentHashOf', () => {
  const files = [file('x', 'a.cedar'), file('y', 'b.cedar')]
  const hash = contentHashOf({ files, approvalRules: RULES })

  it('is the same for the same set', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    const published = parseApprovalRules(approvalRulesJson(RULES))
    expect(contentHashOf({ files: files.toReversed(), approvalRules: published })).toBe(hash)
  })

  it.each([
    ['a text', [file('x', 'a.cedar'), file('z', 'b.cedar')]],
    ['a name', [file('x', 'a.cedar'), file('y', 'c.cedar')]],
    ['where a file ends', [file('xb.cedar', 'a.cedar'), file('y', '')]],
    ['the number of files', [file('x', 'a.cedar')]],
  ])('differs by %s', (_what, others) => {
    expect(contentHashOf({ files: others, approvalRules: RULES })).not.toBe(hash)
  })

  it('differs by every field of a rule', () => {
    const rules = (changed: object) => approvalRulesSchema.parse({ r: { reviewers: ['group:a'], ...changed } })
    const changes = [
      {},
      { reviewers: ['group:b'] },
      { reviewers: [{ group: 'group:a' }] },
      { count: 2 },
      { expires: '11m' },
      { reason: 'required' },
      { denials: 2 },
      { inTransaction: 'deny' },
      { inTransaction: { hold: '31s' } },
    ]
    const hashes = changes.map((changed) => contentHashOf({ files, approvalRules: rules(changed) }))
    expect(new Set(hashes).size).toBe(changes.length)
  })
})

describe('masking rules in a set', () => {
  const files = [file('x', 'a.cedar')]
  const masking = maskingRulesSchema.parse({ columns: [{ match: '*/*.*.ssn', tag: 'pii.ssn' }] })
  const appliedBy = { issuer: 'i', id: 'ada', kind: 'human', groups: [], onBehalfOf: null } as const
  const published = (source: Parameters<typeof contentHashOf>[0], contentHash = contentHashOf(source)) => ({
    contentHash,
    files,
    approvalRules: approvalRulesJson(source.approvalRules),
    masking: publishedMasking(source),
    appliedBy,
  })

  it('change its hash, and a set without them keeps the one it had before there were any', () => {
    const hash = contentHashOf({ files, approvalRules: RULES })
    expect(hash).toBe('b21d34ad6b89c076b64c65fa287d85cb5534d3bc5569029ec4e4d18970ed85f9')
    expect(contentHashOf({ files, approvalRules: RULES, masking: NO_MASKING_RULES })).toBe(hash)
    expect(contentHashOf({ files, approvalRules: RULES, masking })).not.toBe(hash)
  })

  it('are read as they were published, and not where the hash does not cover them', () => {
    const source = { files, approvalRules: RULES, masking }
    expect(publishedSource(published(source))?.masking).toEqual(masking)
    expect(publishedSource(published(source, contentHashOf({ files, approvalRules: RULES })))).toBeNull()
  })

  it.each(['', 'null', '{"columns":[{"match":"ssn","tag":"a"}]}', '{"key":"file:secret"}'])(
    'are refused as %s',
    (text) => {
      const set = { ...published({ files, approvalRules: RULES }), masking: text }
      expect(() => publishedSource(set)).toThrow(expect.objectContaining({ code: 'masking_rules_invalid' }))
    },
  )
})

describe('approval rules as published', () => {
  it('are read as they were', () => {
    const rules = approvalRulesSchema.parse(EVERYTHING)
    expect(parseApprovalRules(approvalRulesJson(rules))).toEqual(rules)
    expect(approvalRulesJson(parseApprovalRules(approvalRulesJson(rules)))).toBe(approvalRulesJson(rules))
  })

  it.each([
    '',
    'null',
    '{"r":{}}',
    '{"r":{"reviewers":["group:a"],"requesterMayReview":true}}',
    '{"r":{"reviewers":["group:a"],"more":1}}',
    // Who writes so wants two people, and would get one.
    '{"r":{"reviewers":[{"group":"group:a"}],"count":2}}',
    '{"r":{"reviewers":["group:a\\u001b[2J"]}}',
    '{"r":{"reviewers":["group:a\\u202e"]}}',
  ])('are refused as %s', (json) => {
    expect(() => parseApprovalRules(json)).toThrow(PolicyUnavailable)
  })
})

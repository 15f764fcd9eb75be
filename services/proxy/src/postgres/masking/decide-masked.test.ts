import { type PolicyDecision, type StatementAccess, unreadableAccess } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import { decideMasked } from './decide-masked.ts'

const PERMIT: PolicyDecision = {
  kind: 'permit',
  policyIds: ['all'],
  policyVersion: 'v',
  obligations: { notify: [], record: 'full' },
}
const accessOf = (given: Partial<StatementAccess>): StatementAccess => ({ ...unreadableAccess('shop'), ...given })
const decided = (given: Partial<StatementAccess>, mustWait = false) =>
  decideMasked(accessOf(given), { decide: () => PERMIT }, () => mustWait)

describe('decideMasked', () => {
  it('permits no code that nobody knows, whatever the policies permit', () => {
    const unknown = [{ code: 'function', what: 'SELECT with the function f', hint: null }]
    expect(decided({ unknown })).toMatchObject({ kind: 'deny', reasonCode: 'masked_session' })
    expect(decided({ unknown: [] })).toBe(PERMIT)
  })

  it.each([
    'CREATE INDEX',
    'ALTER TABLE',
    'CREATE VIEW',
    'CREATE FUNCTION',
    'CREATE TRIGGER',
    'CREATE RULE',
    'CLUSTER',
  ])('permits no %s: it carries what could ask for values', (kind) => {
    expect(decided({ actions: ['sql:ddl'], kinds: [kind] })).toMatchObject({ reasonCode: 'masked_session' })
  })

  it.each(['CREATE SEQUENCE', 'DROP TABLE', 'TRUNCATE', 'COMMENT'])('leaves %s to the policies', (kind) => {
    expect(decided({ actions: ['sql:ddl'], kinds: [kind] })).toBe(PERMIT)
  })

  it('wants a person where the tag does', () => {
    expect(decided({}, true)).toMatchObject({ kind: 'deny', reasonCode: 'tag_approval' })
  })
})

import { describe, expect, it } from 'vitest'
import { decideStatement } from './decide.ts'
import type { SqlAction, StatementAccess } from './statement-access.ts'

const access = (actions: readonly SqlAction[], what?: string): StatementAccess => ({
  connection: 'shop',
  actions,
  resources: [],
  objections: what === undefined ? [] : [{ code: 'statement_kind', what, hint: null }],
})

describe('the fixed rule', () => {
  it.each<[SqlAction]>([['sql:read'], ['sql:transaction'], ['sql:session']])('permits %s', (action) => {
    expect(decideStatement(access([action])).kind).toBe('permit')
  })

  it.each<[SqlAction]>([['sql:write'], ['sql:ddl'], ['sql:admin'], ['sql:unknown']])(
    'denies %s, beside a read too',
    (action) => {
      expect(decideStatement(access(['sql:read', action])).kind).toBe('deny')
    },
  )

  it('denies whatever there is an objection to, and says what', () => {
    expect(decideStatement(access(['sql:read'], 'DROP TABLE'))).toMatchObject({
      kind: 'deny',
      reasonCode: 'statement_kind',
      reason: 'DROP TABLE is not allowed on connection shop',
    })
  })
})

import type { Requested } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { type Shown, shownDigest } from './shown-digest.ts'

const APPROVAL = '0198a000-0000-7000-8000-000000000001'

const shown: Shown = {
  code: '7K3MQ9XA',
  sessionId: '0198a000-0000-7000-8000-000000000002',
  execution: 1,
  eventId: '0198a000-0000-7000-8000-000000000003',
  subject: { issuer: 'https://issuer.test', id: 'agent-1', kind: 'agent', groups: ['agents'], onBehalfOf: 'ada' },
  connection: 'shop',
  protocol: 'postgres',
  application: 'psql',
  clientAddress: '127.0.0.1',
  purpose: 'ticket 7',
  trace: null,
  summary: 'UPDATE orders',
  command: "update orders set status = 'shipped' where id = 7",
  parameters: ['7'],
  commentsRemoved: 0,
  touches: [{ kind: 'trigger', name: 'orders_audit' }],
  estimatedRows: 1,
  inTransaction: false,
  policyIds: ['agents-write-with-approval'],
  policyVersion: 'v1',
  approvalRules: ['data-owner'],
  expiresAt: 1_700_000_000_000_000,
}

const digest = (change: Partial<Shown> = {}, approvalId = APPROVAL) =>
  shownDigest(approvalId, { ...shown, ...change }).toString('hex')

describe('shownDigest', () => {
  it('is a golden value', () => {
    expect(digest()).toBe('11fcdf4f16e300c6c2a577cd5fa8b7fb2036ff9e353efc456fd9d809e769066f')
  })

  const others: { readonly [Field in keyof Shown]: Shown[Field] } = {
    code: '7K3MQ9XB',
    sessionId: APPROVAL,
    execution: 2,
    eventId: APPROVAL,
    subject: { ...shown.subject, groups: ['agents', 'admins'] },
    connection: 'shop2',
    protocol: 'http',
    application: null,
    clientAddress: null,
    purpose: null,
    trace: '00-1',
    summary: 'DELETE orders',
    command: 'delete from orders',
    parameters: ['8'],
    commentsRemoved: 1,
    touches: [],
    estimatedRows: null,
    inTransaction: true,
    policyIds: [],
    policyVersion: 'v2',
    approvalRules: ['data-owner', 'second'],
    expiresAt: shown.expiresAt + 1,
  }
  it.each(Object.entries(others))('changes with %s', (field, value) => {
    expect(digest({ [field]: value })).not.toBe(digest())
  })

  it.each(['issuer', 'id', 'kind', 'groups', 'onBehalfOf'] as const)("changes with the subject's %s", (field) => {
    expect(digest({ subject: { ...shown.subject, [field]: null } })).not.toBe(digest())
  })

  it('changes with the approval', () => {
    expect(digest({}, shown.eventId)).not.toBe(digest())
  })

  it('tells neighbouring values apart', () => {
    expect(digest({ parameters: ['a', 'b'] })).not.toBe(digest({ parameters: ['a","b'] }))
    expect(digest({ touches: [{ kind: 'table', name: 'x' }] })).not.toBe(
      digest({ touches: [{ kind: 'view', name: 'x' }] }),
    )
  })

  it('depends neither on the order of fields nor on what else is there', () => {
    const turned = Object.fromEntries(Object.entries(shown).reverse()) as Shown
    const record: Requested & { seal: null } = { ...turned, commandDigest: Buffer.alloc(32, 1), seal: null }
    expect(shownDigest(APPROVAL, record).toString('hex')).toBe(digest())
  })
})

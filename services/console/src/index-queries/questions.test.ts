import type { Audit, AuditSegment } from '@sluice/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, idOf, SESSION_START_MICROS, sessionOf } from '../../../indexer/src/audit.fixture.ts'
import { foldBlock } from '../../../indexer/src/fold/fold-block.ts'
import { startTestEngine, type TestEngine } from '../../../indexer/src/index.fixture.ts'
import { ClickHouseIndex } from '../../../indexer/src/ingest/index-store.ts'
import { accessTo } from './access-to.ts'
import { listSessions } from './list-sessions.ts'
import { sessionEvents } from './session-events.ts'

const PERMIT = {
  effect: 'permit',
  policyIds: ['p1', 'p2'],
  policyVersion: 'v',
  reasonCode: null,
  approvalId: null,
  grantId: null,
} as const
const OK = { status: 'ok', code: null, rows: 5, bytes: 9_007_199_254_740_000, durationMicros: 10 } as const
const HOUR_MICROS = 3_600_000_000

/** One finished command of its own session that touched something. */
function touching(name: string, resources: readonly string[], columns: readonly string[] = [], connection = 'shop') {
  return audit(name, 0, {
    kind: 'finished',
    connection,
    time: SESSION_START_MICROS + HOUR_MICROS,
    requestId: idOf('request', name),
    actions: ['sql:read'],
    resources,
    touches: columns.map((column) => ({ object: resources[0] ?? '', column, tag: 'pii', how: 'output' as const })),
    decision: PERMIT,
    outcome: OK,
    obligations: [{ kind: 'mask', tag: 'pii', count: 3 }],
    text: `text of ${name}`,
  })
}

/** The records of this test are one byte each. */
const withheld = { kind: 'result', bytes: null, tag: null, reason: 'binary' } as AuditSegment
const readAudit = (record: Buffer) => ({ segments: record.toString() === 'x' ? [withheld] : [] })

let test: TestEngine
beforeAll(async () => {
  test = await startTestEngine()
  const audits = [
    ...sessionOf('closed', 2),
    ...sessionOf('open', 1).slice(0, -1),
    touching('schema', ['shop/public.items'], ['ssn', 'name']),
    touching('bare', ['shop/items']),
    touching('other-schema', ['shop/audit.items']),
    touching('other-connection', ['hr/public.items'], ['ssn'], 'hr'),
    touching('other-table', ['shop/public.item']),
    {
      ...sessionOf('died', 1)[1],
      header: { ...sessionOf('died', 1)[1]?.header, sequence: 0, resources: ['shop/public.cut', 'shop/off'] },
    } as Audit,
  ]
  const records = audits.map((event, offset) => ({
    topic: 't',
    partition: 0,
    time: SESSION_START_MICROS,
    offset,
    value: Buffer.from('x'),
    headers: '{}',
    audit: event,
  }))
  const block = { topic: 't', partition: 0, first: 0, last: audits.length - 1, digest: '' }
  await new ClickHouseIndex(test.client).insert(block, foldBlock(records, new Map()).rows)
})
afterAll(() => test.close())

describe('sessions', () => {
  it('are listed with their state and sums, the newest first', async () => {
    const sessions = await listSessions(test.client, { limit: 100 })
    expect(sessions.find(({ sessionId }) => sessionId === idOf('closed'))).toEqual({
      sessionId: idOf('closed'),
      state: 'closed',
      openedAt: '2090-01-01T00:00:00.000000Z',
      closedAt: '2090-01-01T00:00:00.005000Z',
      lastAt: '2090-01-01T00:00:00.005000Z',
      subject: 'agent',
      subjectKind: 'agent',
      issuer: 'https://issuer',
      groups: ['agents'],
      onBehalfOf: null,
      connection: 'shop',
      protocol: 'postgres',
      application: 'psql',
      databaseUser: 'app',
      clientAddress: '127.0.0.1',
      nodeId: 'node-1',
      commands: 2,
      denied: 0,
      failed: 0,
      rows: 2,
      bytes: 20,
      events: 6,
      missingEvents: 0,
      unsanitisedEvents: 0,
      outcome: 'ok',
    })
    expect(sessions.find(({ sessionId }) => sessionId === idOf('open'))).toMatchObject({
      state: 'open',
      closedAt: null,
      outcome: null,
    })
    expect(sessions.map(({ openedAt }) => openedAt)).toEqual(
      sessions
        .map(({ openedAt }) => openedAt)
        .sort()
        .reverse(),
    )
  })

  it('can be asked for by time and number', async () => {
    const later = await listSessions(test.client, { limit: 100, since: SESSION_START_MICROS + HOUR_MICROS })
    expect(later).toHaveLength(5)
    expect(await listSessions(test.client, { limit: 100, before: SESSION_START_MICROS + HOUR_MICROS })).toHaveLength(3)
    expect(await listSessions(test.client, { limit: 3 })).toHaveLength(3)
  })

  it('have their events in order, from any place', async () => {
    const events = await sessionEvents(test.client, idOf('closed'), { limit: 100 }, readAudit)
    expect(events.map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [0, 'session_opened'],
      [1, 'request'],
      [2, 'finished'],
      [3, 'request'],
      [4, 'finished'],
      [5, 'session_closed'],
    ])
    expect(events[0]).toMatchObject({
      claims: { application_name: 'psql' },
      text: null,
      decision: null,
      requestId: null,
    })
    expect(events[2]).toMatchObject({
      requestId: idOf('closed', 1),
      text: 'select 0 from customers',
      decision: 'permit',
      status: 'ok',
      rows: 1,
      durationMicros: 500,
    })
    expect(
      (await sessionEvents(test.client, idOf('closed'), { limit: 2, after: 2 }, readAudit)).map(
        ({ sequence }) => sequence,
      ),
    ).toEqual([3, 4])
  })

  it('have what was delivered with them, if that is asked for', async () => {
    const of = async (results?: boolean) =>
      (await sessionEvents(test.client, idOf('closed'), { limit: 3, ...(results && { results }) }, readAudit)).map(
        ({ result }) => result,
      )
    expect(await of()).toEqual([null, null, null])
    expect(await of(true)).toEqual([null, null, { kind: 'withheld', reason: 'binary' }])
  })

  it('are found by the beginning of their id, if it is one only', async () => {
    expect(await sessionEvents(test.client, idOf('closed').slice(0, 8), { limit: 1 }, readAudit)).toHaveLength(1)
    await expect(sessionEvents(test.client, '00000000', { limit: 1 }, readAudit)).rejects.toMatchObject({
      code: 'session_unknown',
    })
    await expect(sessionEvents(test.client, "' or 1=1", { limit: 1 }, readAudit)).rejects.toMatchObject({
      code: 'session_unknown',
    })
    await expect(sessionEvents(test.client, '%___', { limit: 1 }, readAudit)).rejects.toMatchObject({
      code: 'session_unknown',
    })
  })
})

describe('who touched', () => {
  const who = async (object: string, sinceMicros?: number) =>
    (await accessTo(test.client, { object, limit: 100, ...(sinceMicros === undefined ? {} : { sinceMicros }) }))
      .map(({ text, column }) => `${text.slice(8)} ${column ?? '-'}`)
      .sort()

  it.each([
    ['items', ['bare -', 'other-connection ssn', 'other-schema -', 'schema name', 'schema ssn']],
    ['ITEMS', ['bare -', 'other-connection ssn', 'other-schema -', 'schema name', 'schema ssn']],
    ['shop/items', ['bare -', 'other-schema -', 'schema name', 'schema ssn']],
    ['hr/items', ['other-connection ssn']],
    ['public.items', ['bare -', 'other-connection ssn', 'schema name', 'schema ssn']],
    ['shop/public.items', ['bare -', 'schema name', 'schema ssn']],
    ['items.ssn', ['bare -', 'other-connection ssn', 'other-schema -', 'schema ssn']],
    ['shop/public.items.name', ['bare -', 'schema name']],
    ['nothing', []],
    ["items' OR '1'='1", []],
    ['items%', []],
  ])('%s', async (object, expected) => {
    expect(await who(object)).toEqual(expected)
  })

  it('since a time', async () => {
    expect(await who('items', SESSION_START_MICROS + HOUR_MICROS + 1)).toEqual([])
    expect(await who('customers', SESSION_START_MICROS)).toHaveLength(3)
  })

  it.each(['', '.', '/', 'a..b', 'a.b.c.d', '/a', 'a/', 'a/b/c'])('%j is no object', async (object) => {
    await expect(who(object)).rejects.toMatchObject({ code: 'object_malformed' })
  })

  it('also where the end of a command was never recorded', async () => {
    for (const object of ['cut', 'shop/cut', 'public.cut', 'cut.column', 'shop/off', 'public.off']) {
      expect(await accessTo(test.client, { object, limit: 9 })).toMatchObject([
        {
          status: 'unfinished',
          how: '',
          column: null,
          rows: 0,
          decision: 'permit',
          commandId: idOf('died', 1),
          text: 'select 0 from customers',
        },
      ])
    }
    expect(await accessTo(test.client, { object: 'public.cu', limit: 9 })).toEqual([])
  })

  it('with everything that a reader needs', async () => {
    const [row] = await accessTo(test.client, { object: 'shop/public.items.ssn', limit: 1 })
    expect(row).toMatchObject({
      subject: 'agent',
      connection: 'shop',
      how: 'output',
      tag: 'pii',
      rows: 5,
      masked: 3,
      policy: 'p1,p2',
      decision: 'permit',
      status: 'ok',
      error: null,
    })
  })
})

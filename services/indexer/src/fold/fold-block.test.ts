import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audit, idOf, SESSION_START_MICROS, sessionOf } from '../audit.fixture.ts'
import type { IndexedRecord } from './event-row.ts'
import { foldBlock } from './fold-block.ts'

function records(audits: readonly IndexedRecord['audit'][], from = 0): IndexedRecord[] {
  return audits.map((event, index) => ({
    topic: 't',
    partition: 0,
    time: SESSION_START_MICROS,
    offset: from + index,
    value: Buffer.from([index]),
    headers: '{}',
    audit: event,
  }))
}

const DENIED = {
  effect: 'deny',
  policyIds: ['never-drop', 'other'],
  policyVersion: 'v7',
  reasonCode: 'not_allowed',
  approvalId: null,
  grantId: null,
} as const

describe('a folded block', () => {
  it('has an event for each record, a command for each finished statement, an access for each object', () => {
    const { rows } = foldBlock(records(sessionOf('a', 3)), new Map())
    expect(rows.events).toHaveLength(8)
    expect(rows.commands.map(({ text }) => text)).toEqual([
      'select 0 from customers',
      'select 1 from customers',
      'select 2 from customers',
    ])
    expect(rows.access.map(({ relation, schema, how }) => [relation, schema, how])).toEqual(
      Array(3).fill(['customers', 'public', 'read']),
    )
    expect(rows.session_parts).toMatchObject([
      { events: 8, commands: 3, denied: 0, rows: 3, bytes: 30, last_sequence: 7, application: 'psql', outcome: 'ok' },
    ])
  })

  it('has the whole of a command in one row', () => {
    const finished = audit('a', 5, {
      kind: 'finished',
      requestId: idOf('request'),
      operation: 'Query',
      actions: ['sql:ddl', 'sql:read'],
      resources: ['shop/public.customers'],
      decision: DENIED,
      obligations: [
        { kind: 'mask', tag: 'pii.ssn', count: 2 },
        { kind: 'notify', tag: '', count: 1 },
      ],
      outcome: { status: 'refused', code: '42501', rows: 0, bytes: 0, durationMicros: 250 },
      trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      text: 'drop table customers',
    })
    const [command] = foldBlock(records([finished]), new Map()).rows.commands
    expect(command).toMatchObject({
      command_id: idOf('request'),
      event_id: idOf('a', 5),
      time: '2090-01-01 00:00:00.004750',
      finished_at: '2090-01-01 00:00:00.005000',
      subject: 'agent',
      action: 'sql:ddl',
      text: 'drop table customers',
      decision: 'deny',
      policy: 'never-drop,other',
      reason: 'not_allowed',
      status: 'refused',
      error: '42501',
      masked: 2,
      masked_tags: [{ tag: 'pii.ssn', count: 2 }],
      duration_us: 250,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    })
  })

  it('has an access for each column and use where they were recorded, else for the object alone', () => {
    const touches = [
      { object: 'public.customers', column: 'ssn', tag: 'pii.ssn', how: 'output' },
      { object: 'shop/public.customers', column: 'ssn', tag: 'pii.ssn', how: 'output' },
      { object: 'public.customers', column: 'ssn', tag: 'pii.ssn', how: 'compare' },
    ] as const
    const finished = audit('a', 0, {
      kind: 'finished',
      actions: ['sql:write'],
      resources: ['shop/public.customers', 'shop/public.orders'],
      touches,
    })
    const { access } = foldBlock(records([finished]), new Map()).rows
    expect(access.map(({ object, column, how }) => [object, column, how])).toEqual([
      ['shop/public.customers', 'ssn', 'output'],
      ['shop/public.customers', 'ssn', 'compare'],
      ['shop/public.orders', '', 'write'],
    ])
  })

  it('drops what was published twice, in this block or before it', () => {
    const events = sessionOf('a', 2)
    const { rows, duplicates } = foldBlock(records([...events.slice(0, 3), ...events.slice(1)]), new Map())
    expect([rows.events.map(({ sequence }) => sequence), duplicates]).toEqual([[0, 1, 2, 3, 4, 5], 2])
    const later = foldBlock(records(events), new Map([[idOf('a'), 3]]))
    expect(later.rows.events.map(({ sequence }) => sequence)).toEqual([4, 5])
    expect(later.lastSequences).toEqual(new Map([[idOf('a'), 5]]))
  })

  it('is the same however the stream is cut into blocks', () => {
    const stream = records([...sessionOf('a', 4), ...sessionOf('b', 2), ...sessionOf('a', 4)])
    const whole = foldBlock(stream, new Map()).rows
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 5 }), (cuts) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const seen = new Map<string, number>()
        const events: unknown[] = []
        const commands: unknown[] = []
        for (const [index, end] of bounds.entries()) {
          const folded = foldBlock(stream.slice(bounds[index - 1] ?? 0, end), seen)
          for (const [session, last] of folded.lastSequences) seen.set(session, last)
          events.push(...folded.rows.events)
          commands.push(...folded.rows.commands)
        }
        expect(events).toEqual(whole.events)
        expect(commands).toEqual(whole.commands)
      }),
    )
  })
})

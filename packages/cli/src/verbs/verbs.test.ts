import { describe, expect, it } from 'vitest'
import { outputInto } from '../terminal/output.ts'
import { printTable } from '../terminal/table.ts'
import { allEvents, replay } from './replay.ts'
import { cell, oneLine, rowsOf, shortId, timeOf, when } from './rows.ts'
import { sessionColumns } from './sessions.ts'
import { printAnswer } from './sql.ts'
import { accessColumns } from './who.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const AGENT = { subject: 'agent', groups: ['agents'], connection: 'shop' }
const ID = '0199c2f0-1234-7abc-8def-0123456789ab'

const printed = (print: (output: ReturnType<typeof outputInto>) => void): string[] => {
  const lines: string[] = []
  print(outputInto(lines))
  return lines
}

describe('rows of the index', () => {
  it('are read from under their name, or it is said that they are not there', () => {
    expect(rowsOf({ sessions: [{ a: 1 }, null] }, 'sessions')).toEqual([{ a: 1 }])
    for (const answer of [null, [], { sessions: 3 }, 'x']) expect(() => rowsOf(answer, 'sessions')).toThrow('sessions')
  })

  it('are shown as people read them', () => {
    expect([cell(null), cell(''), cell([]), cell(['a', 1]), cell({ a: 1 }), cell(true)]).toEqual([
      '–',
      '–',
      '–',
      'a, 1',
      '{"a":1}',
      'true',
    ])
    expect(oneLine(' select\n\t1 ')).toBe('select 1')
    expect([shortId(ID), shortId('short')]).toEqual(['0199c2f0-1234', 'short'])
    expect([timeOf('2026-03-02T11:00:00.123456Z'), timeOf('never'), timeOf(7)]).toEqual([NOW - 3_599_877, null, null])
    expect(when('2026-03-02T11:00:00Z', NOW)).toMatch(/^\d\d:00:00$/)
    expect(when('2026-02-01T11:00:00Z', NOW)).toMatch(/^2026-02-01 \d\d:00:00$/)
  })
})

describe('the lists', () => {
  it('of sessions', () => {
    const row = {
      ...AGENT,
      sessionId: ID,
      state: 'closed',
      commands: 3,
      denied: 1,
      rows: 12,
      application: 'psql\x1b[2J',
    }
    const lines = printed((output) => printTable(output, sessionColumns(NOW), [row]))
    expect(lines[1]).toMatch(/^0199c2f0-1234 +– +closed +agent \(agents\) +shop +3 +1 +12 +psql\\x1b\[2J$/)
  })

  it('of access', () => {
    const row = {
      ...AGENT,
      object: 'shop/public.customers',
      column: 'ssn',
      how: 'output',
      rows: 2,
      masked: 2,
      tag: 'pii.ssn',
      text: 'select\n*',
      decision: 'permit',
    }
    const refused = { ...row, masked: 0, decision: 'deny', policy: 'plain-select-only', column: null }
    const approved = { ...row, approvalId: '0199c2f0' }
    const expired = { ...refused, approvalId: '0199c2f0', reason: 'approval_expired' }
    const lines = printed((output) => printTable(output, accessColumns(NOW), [row, refused, approved, expired]))
    expect(lines[1]).toMatch(/ shop\/public\.customers\.ssn +output +2 +2 × pii\.ssn +select \* +permit$/)
    expect(lines[2]).toMatch(/ shop\/public\.customers +output +– +– +select \* +deny plain-select-only$/)
    expect(lines[3]).toMatch(/approved$/)
    expect(lines[4]).toMatch(/deny plain-select-only \(approval_expired\)$/)
  })

  it('of an own question, with columns from data escaped and what was cut said', () => {
    const columns = [
      { name: 'who\x1b', type: 'String' },
      { name: 'n', type: 'Nullable(UInt64)' },
    ]
    const answer = {
      columns,
      rows: [
        ['agent', '12'],
        ['x', null],
      ],
      truncated: true,
    }
    expect(printed((output) => printAnswer(output, answer))).toEqual([
      'who\\x1b   n',
      'agent    12',
      'x         –',
      '2 rows, and there are more: ask for less, or add LIMIT and OFFSET',
    ])
  })
})

describe('a replay', () => {
  it('fetches all pages, and does not go round in circles', async () => {
    const events = Array.from({ length: 500 }, (_, sequence) => ({ sequence }))
    const asked: number[] = []
    const rows = await allEvents(async (limit, after) => {
      asked.push(after)
      return { events: events.slice(after + 1, after + 1 + limit) }
    })
    expect([rows.length, asked]).toEqual([500, [-1, 199, 399]])
    expect(await allEvents(async () => ({ events: events.slice(0, 200) }))).toHaveLength(400)
  })

  it('shows that a statement waited, and what people made of it', () => {
    const asked = { ...AGENT, time: new Date(NOW).toISOString(), policies: ['p'], approvalId: '0199c2f0' }
    const lines = printed((output) =>
      replay(
        output,
        [
          { ...asked, kind: 'request', text: 'update a', decision: 'pending' },
          { ...asked, kind: 'approval_used', operation: 'Query', decision: 'permit' },
          { ...asked, kind: 'finished', status: 'ok', rows: 1, decision: 'permit' },
          { ...asked, kind: 'request', text: 'update b', decision: 'pending' },
          { ...asked, kind: 'finished', status: 'refused', decision: 'deny', reason: 'approval_expired' },
        ],
        NOW,
      ),
    )
    expect(lines.map((line) => line.replace(/^ *(0:00\.000)? */, ''))).toEqual([
      '> update a',
      'held until people decide',
      'approved',
      'ok, 1 row in 0.0 ms',
      '> update b',
      'held until people decide',
      'deny p (approval_expired)',
      'refused, 0 rows in 0.0 ms',
    ])
  })

  it('shows what the analysis told: more of the text, why it was refused, what was masked', () => {
    const asked = { ...AGENT, time: new Date(NOW).toISOString(), policies: ['p'] }
    const mask = (tag: string, count: string) => ({ kind: 'mask', tag, count })
    const lines = printed((output) =>
      replay(
        output,
        [
          { ...asked, eventId: 'a', kind: 'request', text: "select ssn, '…'", decision: 'permit' },
          {
            ...asked,
            kind: 'finished',
            requestId: 'a',
            text: "select ssn, 'x'",
            decision: 'permit',
            status: 'ok',
            rows: 2,
            obligations: [{ kind: 'analysed', tag: '', count: '0' }, mask('pii.ssn', '2'), mask('pii.email', '0')],
            result: {
              kind: 'rows',
              columns: ['ssn', '?column?'],
              rows: [
                ['[pii.ssn]', 'x'],
                [null, '\x1b[2J'],
              ],
              more: 3,
            },
          },
          { ...asked, eventId: 'b', kind: 'request', text: 'update orders', decision: 'pending' },
          {
            ...asked,
            kind: 'finished',
            requestId: 'b',
            decision: 'deny',
            policies: ['tag-sink'],
            reason: 'tag_sink',
            status: 'refused',
          },
          { ...asked, kind: 'response', rows: 1, bytes: 9, result: { kind: 'withheld', reason: 'revealed' } },
        ],
        NOW,
      ),
    )
    expect(lines.map((line) => line.replace(/^ *(0:00\.000)? */, ''))).toEqual([
      "> select ssn, 'x'",
      'permit',
      'ok, 2 rows in 0.0 ms; masked 2 × pii.ssn',
      'ssn        ?column?',
      '[pii.ssn]  x',
      '–          \\x1b[2J',
      '… and 3 more',
      '> update orders',
      'deny tag-sink',
      'refused, 0 rows in 0.0 ms',
      'response: 1 rows, 9 bytes',
      'its result is not shown (revealed)',
    ])
  })

  it('shows statements, decisions and outcomes in their order, with the time since the start', () => {
    const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString()
    const lines = printed((output) =>
      replay(
        output,
        [
          { ...AGENT, kind: 'session_opened', time: at(0) },
          {
            ...AGENT,
            kind: 'request',
            time: at(1.5),
            text: 'select *\nfrom customers',
            decision: 'permit',
            policies: ['p'],
          },
          { ...AGENT, kind: 'response', time: at(1.6), rows: 2, bytes: 99 },
          { ...AGENT, kind: 'finished', time: at(1.7), status: 'ok', rows: 2, durationMicros: 2_345 },
          {
            ...AGENT,
            kind: 'request',
            time: at(75),
            text: 'drop\x1b[2J',
            decision: 'deny',
            policies: ['p'],
            reason: 'not_select',
          },
          { ...AGENT, kind: 'session_closed', time: at(80), status: null },
        ],
        NOW,
      ),
    )
    expect(lines.map((line) => line.trimEnd())).toEqual([
      expect.stringMatching(/^ {2}0:00\.000 {2}session opened by agent \(agents\) on shop, \d\d:\d\d:\d\d$/),
      '  0:01.500  > select *',
      '              from customers',
      '              permit',
      '  0:01.600    response: 2 rows, 99 bytes',
      '  0:01.700    ok, 2 rows in 2.3 ms',
      '  1:15.000  > drop\\x1b[2J',
      '              deny p (not_select)',
      '  1:20.000  session closed: ok',
    ])
  })
})

import { shownDigest } from '@sluice/policy'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { outputInto } from '../terminal/output.ts'
import { widthOf } from '../terminal/width.ts'
import { ASKED_MS, approvalAnswer, EXECUTED } from './approval.fixture.ts'
import { type Approval, digestOf, readApproval, readApprovals } from './approval.ts'
import { changesSince } from './approval-changes.ts'
import { printApproval } from './approval-details.ts'
import { printApprovals } from './approval-table.ts'
import { stateOf, timeLeft } from './approval-words.ts'
import { watchApprovals } from './watch-approvals.ts'

const NOW = ASKED_MS + 19_000
/** What no terminal may be sent from data. */
const OBEYED = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u

const approval = (changes = {}, requested = {}): Approval => readApproval(approvalAnswer(changes, requested))

function table(approvals: readonly Approval[], columns: number | null = null): string[] {
  const lines: string[] = []
  printApprovals(outputInto(lines, columns), approvals, NOW)
  return lines
}

function details(one: Approval, columns: number | null = null): string[] {
  const lines: string[] = []
  printApproval(outputInto(lines, columns), one, NOW)
  return lines
}

describe('an answer of the console', () => {
  it('gives the digest that the approver computes from the record, to the microsecond', () => {
    const { approvalId, requested } = approvalAnswer()
    const { subject, touches, ...others } = requested
    const expected = shownDigest(approvalId, {
      ...others,
      subject: { ...subject, kind: 'agent' },
      touches: touches.map(({ name }) => ({ kind: 'table', name })),
      expiresAt: (ASKED_MS + 600_000) * 1_000 + 123_456,
    })
    expect(digestOf(approval())).toEqual(expected)
    expect(digestOf(approval({}, { expiresAt: '2026-03-02T12:10:00.123457Z' }))).not.toEqual(expected)
  })

  it.each([
    ['without a part that is to be shown', approvalAnswer({}, { parameters: undefined })],
    ['with a time of another form', approvalAnswer({}, { expiresAt: 'soon' })],
    ['with a code that a terminal obeys', approvalAnswer({ code: '\u001b[2JK7Q' })],
    ['of another kind', []],
  ])('%s is refused', (_what, answer) => {
    expect(() => readApproval(answer)).toThrow('same version')
    expect(() => readApprovals({ revision: 1, approvals: [answer] })).toThrow('same version')
  })
})

describe('the list of held commands', () => {
  it('says who, what, what it touches, why and for how long, whole in a pipe', () => {
    const [titles, row] = table([approval()]).map((line) => line.split(/ {2,}/))
    expect(titles).toEqual(['CODE', 'WHO', 'WHAT', 'TOUCHES', 'WHY ASKED', 'LEFT'])
    expect(row).toEqual([
      'K7QM-2XPD',
      'agent (agents) via psql',
      "update orders set status = 'shipped' where id = 7",
      'public.orders, ~1 row',
      'agents-write-with-approval',
      '9:42',
    ])
  })

  it.each([40, 80, 100, 120, 200])('keeps code and time on a terminal of %i columns', (columns) => {
    const long = approval({}, { application: 'x'.repeat(300), command: `select ${'y'.repeat(3_000)}` })
    const lines = table([approval(), long], columns)
    for (const line of lines.slice(1)) expect(line).toMatch(/^K7QM-2XPD .* 9:42$/)
    // Below that the narrowest statement column is still shown, and the terminal wraps.
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(columns, 80))
  })

  it('says what became of those that ended', () => {
    const ended = approval({ state: 'denied', endedReason: 'owner: not today' })
    const lines = table([approval(), ended, approval({ state: 'executed', executed: EXECUTED })])
    expect(lines[1]).toMatch(/open, 9:42 left$/)
    expect(lines[2]).toMatch(/denied: owner: not today$/)
    expect(lines[3]).toMatch(/executed: 1 row$/)
  })

  it('counts down to nothing and not further', () => {
    const { requested } = approval()
    const at = (seconds: number) => timeLeft(requested, ASKED_MS + 600_123 - seconds * 1_000)
    expect([at(0), at(-60), at(59), at(60), at(3_723)]).toEqual(['0:00', '0:00', '0:59', '1:00', '1:02:03'])
  })

  it('tells a failed execution from one that ran', () => {
    const failed = approval({ state: 'executed', executed: { ...EXECUTED, status: 'error', code: '23505', rows: 0 } })
    expect(stateOf(failed, NOW)).toBe('executed: error 23505')
  })
})

describe('one held command in full', () => {
  it('has the act first, and everything that a reviewer needs', () => {
    const lines = details(
      approval(
        { votes: [{ person: 'https://id.test|owner', id: 'owner', reason: 'looks fine' }] },
        {
          subject: { issuer: 'https://id.test', id: 'agent', kind: 'agent', groups: [], onBehalfOf: 'alice' },
          purpose: 'ticket 4711',
          parameters: ['7', "'shipped'"],
          commentsRemoved: 2,
          touches: [
            { kind: 'table', name: 'public.orders' },
            { kind: 'trigger', name: 'orders_audit' },
            { kind: 'cascade', name: 'public.items' },
          ],
          inTransaction: true,
        },
      ),
    ).map((line) => line.trim())
    expect(lines[0]).toBe('K7QM-2XPD  open, 9:42 left')
    expect(lines[1]).toMatch(/^what +UPDATE orders$/)
    expect(lines[2]).toMatch(/^command +update orders set/)
    const text = lines.join('\n')
    for (const part of [
      '(2 comments removed)',
      '$1 = 7',
      "$2 = 'shipped'",
      'trigger orders_audit',
      'by cascade public.items',
      'about 1 row',
      'on behalf of alice',
      'psql, as the client says; from 127.0.0.1',
      'ticket 4711',
      'inside a transaction',
      'policy agents-write-with-approval of version e94665323085',
      'approval rule data-owner',
      'https://id.test|owner: looks fine',
      '1 of group data-owners',
      'sluice approve K7QM-2XPD --reason',
    ]) {
      expect(text).toContain(part)
    }
  })

  it('offers no vote to who may not vote, nor once it has ended', () => {
    expect(details(approval({ mayReview: false })).join('\n')).not.toContain('sluice approve')
    expect(details(approval({ state: 'expired', endedReason: 'nobody decided in time' })).join('\n')).not.toContain(
      'sluice approve',
    )
  })

  it('sends a terminal nothing that it obeys, and no line wider than it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 40, max: 120 }), (text, columns) => {
        const hostile = approval(
          { votes: [{ person: text, id: text, reason: text }], waitingFor: text, endedReason: text },
          { application: text, command: text, summary: text, purpose: text, parameters: [text], trace: text },
        )
        const lines = details(hostile, columns).slice(1, -3)
        expect(lines.filter((line) => OBEYED.test(line))).toEqual([])
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
        expect(table([hostile], columns).filter((line) => OBEYED.test(line))).toEqual([])
      }),
    )
  })
})

describe('what is new in the list', () => {
  const other = approval({ approvalId: 'b', askedAt: '2026-03-02T12:05:00.000000Z' })

  it('is at first what is open, and then each change once', () => {
    const first = changesSince(null, [approval(), approval({ approvalId: 'old', state: 'denied' })])
    expect(first.changed.map(({ approvalId }) => approvalId)).toEqual([approval().approvalId])
    expect(changesSince(first.seen, [approval()]).changed).toEqual([])
    const denied = approval({ state: 'denied' })
    const second = changesSince(first.seen, [other, denied])
    expect(second.changed).toEqual([denied, other])
    expect(changesSince(second.seen, [denied, other]).changed).toEqual([])
    const voted = approval({ ...other, votes: [{ person: 'p', id: 'p', reason: null }] })
    expect(changesSince(second.seen, [denied, voted]).changed).toEqual([voted])
  })

  it('is not what ended before and was not listed', () => {
    const { seen } = changesSince(null, [other])
    expect(changesSince(seen, [other, approval({ state: 'denied' })]).changed).toEqual([])
    const later = approval({ approvalId: 'c', askedAt: '2026-03-02T12:06:00.000000Z', state: 'denied' })
    expect(changesSince(seen, [other, later]).changed).toEqual([later])
  })
})

describe('watching', () => {
  type Step = { revision: number; approvals: readonly Approval[] } | CliFailure

  async function watched(steps: readonly Step[], columns: number | null, json = false) {
    const lines: string[] = []
    const asked: (number | null)[] = []
    const stop = new AbortController()
    const rest = [...steps]
    await watchApprovals({
      output: outputInto(lines, columns),
      json,
      stop: stop.signal,
      nowMs: () => NOW,
      fetch: async (since) => {
        asked.push(since)
        const step = rest.shift()
        if (step instanceof CliFailure) throw step
        if (step !== undefined) return step
        stop.abort()
        throw new CliFailure('aborted', EXIT_CODES.unreachable)
      },
    })
    return { lines, asked }
  }
  const denied = approval({ state: 'denied', endedReason: 'no' })

  it('writes a line for each change in a pipe, and asks for what is newer', async () => {
    const steps = [
      { revision: 1, approvals: [approval()] },
      { revision: 1, approvals: [approval()] },
      { revision: 2, approvals: [denied] },
    ]
    const { lines, asked } = await watched(steps, null)
    expect(lines).toEqual([
      expect.stringContaining('K7QM-2XPD  open, 9:42 left  agent (agents) via psql  update orders'),
      expect.stringContaining('K7QM-2XPD  denied: no  '),
    ])
    expect(asked).toEqual([null, 1, 1, 2])
    const json = await watched(steps, null, true)
    expect(json.lines.map((line) => JSON.parse(line).state)).toEqual(['open', 'denied'])
  })

  it('draws what is open on a terminal, and below it what ended', async () => {
    const { lines } = await watched(
      [
        { revision: 1, approvals: [approval()] },
        { revision: 2, approvals: [denied] },
      ],
      120,
    )
    expect(lines[0]).toBe('nothing waits for approval')
    expect(lines.join('\n')).toContain('K7QM-2XPD  denied: no')
  })

  it('goes on when the console was away, says so once, and begins anew', async () => {
    const away = new CliFailure('nothing listens there', EXIT_CODES.unreachable)
    const { lines, asked } = await watched(
      [{ revision: 9, approvals: [] }, away, away, { revision: 1, approvals: [approval()] }],
      null,
    )
    expect(lines.filter((line) => line.includes('trying again'))).toHaveLength(1)
    expect(lines.at(-1)).toContain('K7QM-2XPD')
    expect(asked).toEqual([null, 9, null, null, 1])
  })

  it('ends where trying again would not help', async () => {
    const forbidden = new CliFailure('agents may not', EXIT_CODES.forbidden)
    await expect(watched([forbidden], null)).rejects.toBe(forbidden)
  })
})

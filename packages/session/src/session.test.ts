import type { EventPart, RawSegment } from '@sluice/events'
import { PreparedSegment } from '@sluice/events'
import { NO_OBLIGATIONS, type PolicyDecision, type StatementAccess } from '@sluice/policy'
import type { StreamRecord } from '@sluice/stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GovernedUpstream } from './governed-upstream.ts'
import { GroupCommit, type TurnMember } from './group-commit.ts'
import { mintPermit, Permit, PermitMisused } from './permit.ts'
import { type Recorder, Session } from './session.ts'

const NOW = 1_000_000
const SESSION = '0199c2f2-0000-7000-8000-000000000000'
const ACCESS = { actions: ['sql:read'], resources: ['shop/customers'] } as unknown as StatementAccess
const PERMIT = {
  kind: 'permit',
  policyIds: ['p'],
  policyVersion: 'v',
  obligations: NO_OBLIGATIONS,
} as unknown as PolicyDecision
const DENY = {
  kind: 'deny',
  policyIds: ['p'],
  policyVersion: 'v',
  reasonCode: 'r',
  reason: 'no',
  hint: null,
  obligations: NO_OBLIGATIONS,
} as unknown as PolicyDecision

class Outgoing {
  items: Buffer[] = []
  push(bytes: Buffer): void {
    this.items.push(bytes)
  }
  take(): readonly Buffer[] {
    return this.items.splice(0)
  }
}

function pipeline(decide: (access: StatementAccess) => PolicyDecision) {
  const journal = { appended: [] as StreamRecord[], committed: 0, full: false, broken: false }
  const log = {
    assertWritable() {
      if (journal.full) throw Object.assign(new Error('full'), { code: 'journal_full' })
    },
    append: (record: StreamRecord) => void journal.appended.push(record),
    commit() {
      if (journal.broken) throw Object.assign(new Error('broken'), { code: 'journal_broken' })
      journal.committed = journal.appended.length
    },
  }
  const events: EventPart[] = []
  let minted = 0
  const recorder = {
    prepare: (raw: RawSegment) => new PreparedSegment(SESSION, raw, Buffer.alloc(32), Buffer.alloc(32)),
    record(part: EventPart) {
      events.push(part)
      return { header: { eventId: `event-${minted++}` }, key: Buffer.alloc(0), value: Buffer.alloc(0), headers: '{}' }
    },
  } as unknown as Recorder
  const bugs: unknown[] = []
  const commit = new GroupCommit(log, (error) => bugs.push(error))
  const session = new Session({
    sessionId: SESSION,
    recorder,
    commit,
    decide,
    monotonicMicros: () => 0,
    nowMicros: () => NOW,
  })
  const written: Buffer[] = []
  const upstream = new GovernedUpstream(SESSION, { write: (bytes) => written.push(bytes) > 0 }, new Outgoing())
  return { journal, bugs, events, commit, session, upstream, written }
}

const description = (text: string) => ({
  operation: 'Query',
  executes: true,
  access: ACCESS,
  statement: [{ kind: 'text' as const, label: '', bytes: Buffer.from(text) }],
  parameters: [],
  trace: null,
})

describe('Permit', () => {
  it('is for one session and one frame, and for one use', () => {
    const permit = mintPermit(SESSION, 3)
    expect(() => permit.redeem(SESSION, 4)).toThrow(PermitMisused)
    expect(() => permit.redeem('another', 3)).toThrow(PermitMisused)
    permit.redeem(SESSION, 3)
    expect(() => permit.redeem(SESSION, 3)).toThrow(PermitMisused)
  })

  it('cannot be made outside of the package', () => {
    expect(() => new Permit(Symbol('mint') as never, SESSION, 0)).toThrow(PermitMisused)
  })
})

describe('Session', () => {
  it('gives a permit only where the policy permits, and records both', () => {
    const { session, events } = pipeline((access) => (access === ACCESS ? PERMIT : DENY))
    expect(session.submit(description('select 1')).kind).toBe('permitted')
    expect(session.submit({ ...description('drop'), access: { ...ACCESS } }).kind).toBe('denied')
    expect(events.map((event) => [event.kind, event.decision?.effect])).toEqual([
      ['request', 'permit'],
      ['request', 'deny'],
    ])
  })

  it('gives no permit where the journal is full, and hands out no sequence number', () => {
    const { session, journal, events } = pipeline(() => PERMIT)
    journal.full = true
    expect(() => session.submit(description('select 1'))).toThrow(expect.objectContaining({ code: 'journal_full' }))
    expect(events).toEqual([])
  })

  it('ends each request once', () => {
    const { session, events } = pipeline(() => PERMIT)
    const submitted = session.submit(description('select 1'))
    session.finish(submitted.request, 'ok', null, Buffer.from('rows'))
    session.finish(submitted.request, 'interrupted', null, null)
    expect(events.filter((event) => event.kind === 'finished')).toHaveLength(1)
    expect(events.at(-1)?.outcome).toMatchObject({ status: 'ok', bytes: 4 })
  })
})

describe('GroupCommit', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('commits once a turn and then releases every member', async () => {
    const { commit, journal } = pipeline(() => PERMIT)
    let commits = 0
    const members = [1, 2, 3].map(
      (): TurnMember => ({
        endTurn: () => undefined,
        committed: () => commits++,
        commitFailed: () => expect.unreachable(),
      }),
    )
    for (const member of members) {
      commit.append(() => ({ key: Buffer.alloc(0), value: Buffer.alloc(0), headers: '{}' }))
      commit.enlist(member)
    }
    expect(journal.committed).toBe(0)
    await turn()
    expect([journal.committed, commits]).toEqual([3, 3])
  })

  it('commits what a member records at the end of its turn', async () => {
    const { commit, journal } = pipeline(() => PERMIT)
    let committed = 0
    commit.enlist({
      endTurn: () => void commit.append(() => ({ key: Buffer.alloc(0), value: Buffer.alloc(0), headers: '{}' })),
      committed: () => {
        committed = journal.committed
      },
      commitFailed: () => expect.unreachable(),
    })
    await turn()
    expect(committed).toBe(1)
  })

  it('releases nobody when the commit fails', async () => {
    const { commit, journal } = pipeline(() => PERMIT)
    journal.broken = true
    const failures: string[] = []
    commit.enlist({
      endTurn: () => undefined,
      committed: () => expect.unreachable(),
      commitFailed: (cause) => failures.push(cause.code),
    })
    await turn()
    expect(failures).toEqual(['journal_broken'])
  })
})

describe('a member that throws', () => {
  it('keeps no other member from its turn', async () => {
    const { commit, bugs } = pipeline(() => PERMIT)
    const bug = new Error('bug')
    let released = 0
    commit.enlist({
      endTurn: () => undefined,
      committed: () => {
        throw bug
      },
      commitFailed: () => expect.unreachable(),
    })
    commit.enlist({ endTurn: () => undefined, committed: () => released++, commitFailed: () => expect.unreachable() })
    await new Promise((resolve) => setImmediate(resolve))
    expect([released, bugs]).toEqual([1, [bug]])
  })
})

describe('GovernedUpstream', () => {
  it('writes exactly the frames that have a permit, whatever is tried, in order and after release', () => {
    const step = fc.record({ denied: fc.boolean(), reuse: fc.boolean(), skew: fc.integer({ min: -1, max: 1 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let deny = false
        const { session, upstream, written } = pipeline(() => (deny ? DENY : PERMIT))
        const allowed: string[] = []
        let misused = 0
        const attempts = steps.flatMap(({ denied, reuse, skew }, index) => {
          deny = denied
          const submitted = session.submit(description('x'))
          if (submitted.kind !== 'permitted') return []
          const bytes = Buffer.from(`frame ${index}`)
          const attempt = (): void => {
            try {
              upstream.queue(submitted.permit, submitted.frame + skew, [bytes])
            } catch (error) {
              if (error instanceof PermitMisused) misused++
            }
          }
          if (skew === 0) allowed.push(String(bytes))
          return reuse ? [attempt, attempt] : [attempt]
        })
        for (const attempt of attempts) attempt()
        expect(misused).toBe(attempts.length - allowed.length)
        expect(written).toEqual([])
        upstream.release()
        expect(written.map(String)).toEqual(allowed)
      }),
    )
  })

  it('forgets what was discarded', () => {
    const { session, upstream, written } = pipeline(() => PERMIT)
    const { permit, frame } = session.housekeeping()
    upstream.queue(permit, frame, [Buffer.from('x')])
    upstream.discard()
    upstream.release()
    expect(written).toEqual([])
  })
})

import { type ApprovalDecision, controlHash, nowMicros, TOPICS, uuidv7 } from '@sluice/events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { approvalOf, type ControlPlane, facts, NODE, startControlPlane, until } from '../control-plane.fixture.ts'
import type { ApprovalOutcome, HeldApproval } from './approval-desk.ts'
import type { LoggedApprovalDesk } from './logged-approval-desk.ts'

let plane: ControlPlane
let desk: LoggedApprovalDesk

beforeEach(async () => {
  plane = await startControlPlane()
  desk = await plane.openDesk()
})
afterEach(async () => {
  await desk.close()
  await plane.stop()
  if (plane.lost.length > 0) throw new Error(`lost: ${JSON.stringify(plane.lost)}`)
})

async function ask(overrides: Parameters<typeof facts>[0] = {}) {
  const asked = facts(overrides)
  const held = await desk.ask(uuidv7(), asked)
  const decide = (change: Partial<ApprovalDecision> = {}, options: Parameters<ControlPlane['append']>[3] = {}) =>
    plane.append(TOPICS.decisions, held.approvalId, approvalOf(held.approvalId, asked, change), {
      partition: NODE.partition,
      ...options,
    })
  return { held, asked, decide }
}

/** Reads on: what was written to the log before has been looked at when this resolves. */
async function seenByDesk(): Promise<void> {
  const { held, decide } = await ask()
  await decide({ kind: 'denied', usableUntil: null })
  expect((await held.decided).kind).toBe('denied')
}

const undecided = async (held: HeldApproval): Promise<boolean> =>
  (await Promise.race([held.decided, Promise.resolve('undecided')])) === 'undecided'

const codes = () => plane.incidents.map(({ code }) => code)

describe('a request', () => {
  it('is in the log when asking resolves, after the start of the node', async () => {
    const { held, asked } = await ask()
    const [started, requested] = await plane.requests()
    expect(started).toMatchObject({ kind: 'node_started', approvalId: NODE.id, nodeId: NODE.id, requested: null })
    expect(requested).toMatchObject({
      kind: 'requested',
      approvalId: held.approvalId,
      replyPartition: NODE.partition,
      requested: { ...asked, code: held.code },
    })
    expect(held.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/)
    expect(desk.held).toBe(1)
  })

  it('is refused where as many wait as may', async () => {
    await desk.close()
    desk = await plane.openDesk({ maxHeld: 1 })
    const { held, decide } = await ask()
    await expect(ask()).rejects.toMatchObject({ name: 'PolicyUnavailable', code: 'approval_room' })
    await decide()
    await held.decided
    await ask()
  })

  it('is refused where the log does not take it, and holds no room', async () => {
    const [asked] = await Promise.allSettled([desk.ask(uuidv7(), facts()), plane.log.close()])
    const reason = { name: 'AuditUnavailable', code: 'approval_not_published' }
    expect(asked).toMatchObject({ status: 'rejected', reason })
    expect(desk.held).toBe(0)
    // Nobody knows whether the log has it: what withdraws it is tried until the end.
    await desk.close()
    expect(plane.lost.splice(0)).toMatchObject([{ kind: 'withdrawn', withdrawn: { reason: 'session_ended' } }])
  })
})

describe('a decision', () => {
  it('settles what it names, once', async () => {
    const { held, decide } = await ask()
    const first = await decide()
    expect(await held.decided).toMatchObject({ kind: 'approved', decision: { kind: 'approved' } })
    await decide({ kind: 'denied' }, { version: 2, previous: controlHash(first) })
    await seenByDesk()
    expect((await held.decided).kind).toBe('approved')
    expect(codes()).toEqual([])
  })

  it('says who denied it and why', async () => {
    const { held, decide } = await ask()
    await decide({ kind: 'denied', usableUntil: null, reasonCode: 'reviewer', reason: 'not today' })
    expect(await held.decided).toMatchObject({
      kind: 'denied',
      reason: 'not today',
      reasonCode: 'reviewer',
      by: ['olivia'],
    })
  })

  it('leaves it open where it only counts a vote', async () => {
    const { held, decide } = await ask()
    const counted = await decide({ kind: 'vote_counted', usableUntil: null })
    await seenByDesk()
    expect(await undecided(held)).toBe(true)
    await decide({}, { version: 2, previous: controlHash(counted) })
    expect((await held.decided).kind).toBe('approved')
  })

  it.each<[string, Partial<ApprovalDecision>]>([
    ['node', { nodeId: 'node-2' }],
    ['session', { sessionId: uuidv7() }],
    ['execution', { execution: 2 }],
    ['command', { commandDigest: Buffer.alloc(32, 8) }],
    ['policy version', { policyVersion: 'ba9876543210' }],
    ['approval', { approvalId: uuidv7() }],
  ])('counts as a denial where it names another %s', async (what, change) => {
    const { held, decide } = await ask()
    await decide(change)
    const outcome: ApprovalOutcome = await held.decided
    expect(outcome).toMatchObject({ kind: 'denied', decision: null, reasonCode: 'decision_mismatch' })
    expect(plane.incidents).toMatchObject([{ code: 'decision_mismatch', detail: expect.stringContaining(what) }])
    const last = await until(plane.requests, (seen) => seen.at(-1)?.kind === 'withdrawn')
    expect(last.at(-1)).toMatchObject({ approvalId: held.approvalId, withdrawn: { reason: 'changed' } })
  })

  it.each([
    ['is used up', () => nowMicros() - 1],
    ['says not until when', () => null],
  ])('counts as a denial where the approval %s', async (_what, usableUntil) => {
    const { held, decide } = await ask()
    await decide({ usableUntil: usableUntil() })
    expect(await held.decided).toMatchObject({ kind: 'denied', reasonCode: 'approval_expired', by: [] })
    expect(codes()).toEqual(['decision_expired'])
  })

  it('changes nothing where another key than the approver’s signed it', async () => {
    const { held, decide } = await ask()
    await decide({}, { key: plane.keys.stranger })
    await decide({}, { key: plane.keys.node })
    await until(codes, (seen) => seen.length === 2)
    expect(codes()).toEqual(['foreign_key', 'wrong_role'])
    expect(await undecided(held)).toBe(true)
  })

  it('changes nothing where it is a copy of one for another approval', async () => {
    const first = await ask()
    const second = await ask()
    const value = await first.decide()
    await first.held.decided
    await plane.appendRaw(TOPICS.decisions, second.held.approvalId, value, NODE.partition)
    await until(codes, (seen) => seen.length === 1)
    expect(codes()).toEqual(['unsigned'])
    expect(await undecided(second.held)).toBe(true)
  })

  it('is not for this node in another partition', async () => {
    const { held, decide } = await ask()
    await decide({}, { partition: NODE.partition + 1 })
    await seenByDesk()
    expect(await undecided(held)).toBe(true)
  })

  it('is ignored where nothing waits for it', async () => {
    const { held, decide } = await ask()
    held.withdraw('client_left')
    await decide()
    await seenByDesk()
    expect(await undecided(held)).toBe(true)
    expect(codes()).toEqual([])
  })
})

describe('the end', () => {
  const kinds = async () => (await plane.requests()).map(({ kind }) => kind)

  it('is published, once', async () => {
    const { held } = await ask()
    held.withdraw('cancelled')
    held.withdraw('client_left')
    expect(desk.held).toBe(0)
    const published = await until(plane.requests, (all) => all.length === 3)
    expect(published[2]).toMatchObject({
      kind: 'withdrawn',
      approvalId: held.approvalId,
      withdrawn: { reason: 'cancelled' },
    })
    await seenByDesk()
    expect(await kinds()).toEqual(['node_started', 'requested', 'withdrawn', 'requested'])
  })

  it('says what the approved command did', async () => {
    const { held, decide } = await ask()
    await decide()
    await held.decided
    held.executed({ status: 'ok', code: null, rows: 1, durationMicros: 900 })
    held.withdraw('changed')
    const published = await until(plane.requests, (all) => all.length === 3)
    expect(published[2]).toMatchObject({ kind: 'executed', executed: { rows: 1 } })
  })

  it('may be that an approved command does not run after all', async () => {
    const { held, decide } = await ask()
    await decide()
    await held.decided
    held.withdraw('changed')
    const published = await until(plane.requests, (all) => all.length === 3)
    expect(published[2]).toMatchObject({ kind: 'withdrawn', withdrawn: { reason: 'changed' } })
  })

  it('is nothing more after a denial', async () => {
    const { held, decide } = await ask()
    await decide({ kind: 'denied' })
    await held.decided
    held.withdraw('client_left')
    await seenByDesk()
    expect(await kinds()).toEqual(['node_started', 'requested', 'requested'])
  })

  it('can not be an execution that nobody approved', async () => {
    const { held } = await ask()
    expect(() => held.executed({ status: 'ok', code: null, rows: 1, durationMicros: 1 })).toThrow(
      'before it was decided',
    )
  })

  it('comes by itself where the approver is away, and the approver is told', async () => {
    await desk.close()
    desk = await plane.openDesk({ graceMs: 20 })
    const { held, decide } = await ask({ expiresAt: nowMicros() + 30_000 })
    expect(await held.decided).toMatchObject({ kind: 'expired', decision: null, reasonCode: 'expired' })
    const published = await until(plane.requests, (all) => all.at(-1)?.kind === 'withdrawn')
    expect(published.at(-1)).toMatchObject({ approvalId: held.approvalId, withdrawn: { reason: 'timed_out' } })
    await decide()
    await seenByDesk()
    expect((await held.decided).kind).toBe('expired')
  })

  it('of what is open is its withdrawal where the node stops, and a new start says so too', async () => {
    const { held } = await ask()
    await desk.close()
    expect((await plane.requests()).at(-1)).toMatchObject({
      kind: 'withdrawn',
      approvalId: held.approvalId,
      withdrawn: { reason: 'session_ended' },
    })
    await expect(desk.ask(uuidv7(), facts())).rejects.toMatchObject({ code: 'approval_stopping' })
    desk = await plane.openDesk()
    expect((await plane.requests()).at(-1)).toMatchObject({ kind: 'node_started', nodeId: NODE.id })
  })
})

describe('many at once', () => {
  const COUNT = 200
  const PER_TURN = 4

  it('leaves turns to others between signatures', async () => {
    let turns = 0
    let counting = true
    const count = (): void => {
      turns += 1
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    const asked = Array.from({ length: COUNT }, () => ({ approvalId: uuidv7(), asked: facts() }))
    const held = await Promise.all(asked.map((each) => desk.ask(each.approvalId, each.asked)))
    expect(turns).toBeGreaterThanOrEqual(COUNT / PER_TURN)

    const settledIn = new Map<number, number>()
    const settled = held.map(async ({ decided }) => {
      const { kind } = await decided
      settledIn.set(turns, (settledIn.get(turns) ?? 0) + 1)
      return kind
    })
    const decisions = asked.map((each) => approvalOf(each.approvalId, each.asked))
    await Promise.all(
      decisions.map((each) => plane.append(TOPICS.decisions, each.approvalId, each, { partition: NODE.partition })),
    )
    expect(new Set(await Promise.all(settled))).toEqual(new Set(['approved']))
    counting = false
    expect(Math.max(...settledIn.values())).toBeLessThanOrEqual(2 * PER_TURN)
    expect(desk.held).toBe(0)
  })
})

import { afterEach, describe, expect, it } from 'vitest'
import { approvalAnswer, EXECUTED } from '../approvals/approval.fixture.ts'
import { digestOf, readApproval } from '../approvals/approval.ts'
import { type Asked, type FakeConsole, type Reply, startFakeConsole } from '../console/fake-console.fixture.ts'
import { EXIT_CODES } from '../failure.ts'
import { outputInto } from '../terminal/output.ts'
import { runApprovals } from './approvals.ts'
import { runKeys } from './keys.ts'
import { outcomeLine, runVote, type VoteFlags } from './vote.ts'

let running: FakeConsole | null = null
afterEach(() => stop())

function stop(): void {
  running?.stop()
  running = null
}

async function contextOf(answer: (asked: Asked) => Reply) {
  running = await startFakeConsole(answer)
  const lines: string[] = []
  const context = { output: outputInto(lines), environment: running.environment, stateDir: '/nowhere' }
  return { lines, context, asked: running.asked }
}

/** @param answers to the vote, and then to each look at what became of it */
async function voted(
  vote: 'approve' | 'deny',
  answers: readonly Reply[],
  flags: VoteFlags = {},
  typed = 'k7qm-2xpd',
  held: unknown = approvalAnswer(),
) {
  const rest = [...answers]
  const world = await contextOf(({ method, path }) => {
    if (method === 'GET' && !path.includes('?')) return { status: 200, body: held }
    return rest.shift() ?? { status: 500, body: { detail: `not expected: ${method} ${path}` } }
  })
  await runVote(vote, typed, flags, world.context)
  return world
}

const ok = (body: unknown): Reply => ({ status: 200, body })
const result = (result: string, changes = {}): Reply => ok({ result, approval: approvalAnswer(changes) })
const refused = (status: number, code: string): Reply => ({
  status,
  body: { title: 'No', detail: 'the reason.', code },
})

describe('a vote', () => {
  it('is on exactly what was shown, and says what came of it', async () => {
    const { lines, asked } = await voted(
      'approve',
      [
        result('approved', { state: 'approved', revision: 8 }),
        ok(approvalAnswer({ state: 'approved', revision: 9 })),
        ok(approvalAnswer({ state: 'executed', executed: EXECUTED, revision: 10 })),
      ],
      { reason: 'ticket 4711' },
    )
    expect(lines).toEqual([
      'UPDATE orders on shop, asked by agent (agents) via psql',
      "update orders set status = 'shipped' where id = 7",
      expect.stringMatching(/^Approved\. The statement ran \d\.\d s later: 1 row\.$/),
    ])
    expect(asked.map(({ method, path }) => `${method} ${path.replace(/waitMs=\d+/, 'waitMs=N')}`)).toEqual([
      'GET /v1/approvals/K7QM2XPD',
      'POST /v1/approvals/K7QM2XPD/votes',
      'GET /v1/approvals/K7QM2XPD?since=8&waitMs=N',
      'GET /v1/approvals/K7QM2XPD?since=9&waitMs=N',
    ])
    const shownDigest = digestOf(readApproval(approvalAnswer())).toString('base64url')
    expect(asked[1]?.body).toEqual({ vote: 'approve', reason: 'ticket 4711', shownDigest })
  })

  it('shows the values of parameters too', async () => {
    const held = approvalAnswer({}, { parameters: ['shipped', '\u001b[2J7'] })
    const { lines } = await voted('deny', [result('denied', { state: 'denied' })], {}, 'k7qm-2xpd', held)
    expect(lines.slice(1, 4)).toEqual([
      "update orders set status = 'shipped' where id = 7",
      '$1 = shipped',
      '$2 = \\x1b[2J7',
    ])
  })

  it('is given on nothing but what waits under the code that was typed', async () => {
    const other = approvalAnswer({}, { code: '00000000' })
    await expect(voted('approve', [], {}, 'k7qm-2xpd', other)).rejects.toThrow(
      'another command than the one that waits',
    )
    expect(running?.asked.map(({ method }) => method)).toEqual(['GET'])
  })

  it('waits for nothing where others have to agree, or it was denied', async () => {
    const one = await voted('approve', [result('counted', { waitingFor: '1 of group security' })])
    expect(one.lines.at(-1)).toBe('Your vote is counted; it still waits for 1 of group security.')
    stop()
    const two = await voted('deny', [result('denied', { state: 'denied' })], { reason: 'no' })
    expect(two.lines.at(-1)).toMatch(/^Denied\./)
    expect(two.asked[1]?.body).toMatchObject({ vote: 'deny', reason: 'no' })
  })

  it('tells what failed or was too late from what ran', () => {
    const line = (changes: Record<string, unknown>) => outcomeLine('approved', readApproval(approvalAnswer(changes)), 0)
    const failed = { ...EXECUTED, status: 'error', code: '23505', rows: 0 }
    expect(line({ state: 'executed', executed: failed })).toBe(
      'Approved. The statement ran 0.1 s later and did not succeed: error 23505.',
    )
    expect(line({ state: 'withdrawn', endedReason: 'who asked went away' })).toBe(
      'Approved, but it was withdrawn: who asked went away. Nothing ran.',
    )
    expect(line({ state: 'approved' })).toContain('It has not run yet')
    expect(line({ state: 'denied', endedReason: '\u001b[2J' })).toContain('\\x1b[2J')
  })

  it.each([
    [403, 'requester', EXIT_CODES.forbidden],
    [409, 'already_voted', EXIT_CODES.conflict],
    [422, 'reason_required', EXIT_CODES.failed],
    [503, 'approver_silent', EXIT_CODES.failed],
  ])('that is refused with %i %s ends with its reason and code', async (status, code, exitCode) => {
    await expect(voted('approve', [refused(status, code)])).rejects.toMatchObject({
      exitCode,
      message: `the reason. (${code})`,
    })
  })

  it('needs the whole code, and asks nobody with less', async () => {
    for (const typed of ['K7QM', 'K7QM-2XP', '../keys', '']) {
      const world = await contextOf(() => ok({}))
      await expect(runVote('approve', typed, {}, world.context)).rejects.toMatchObject({ exitCode: EXIT_CODES.usage })
      expect(world.asked).toEqual([])
      stop()
    }
  })

  it('is not cast on what has ended', async () => {
    const ended = approvalAnswer({ state: 'expired', endedReason: 'nobody decided in time' })
    const { context, asked } = await contextOf(() => ok(ended))
    await expect(runVote('approve', 'K7QM2XPD', {}, context)).rejects.toMatchObject({
      exitCode: EXIT_CODES.conflict,
      message: 'K7QM-2XPD waits no more; it was expired: nobody decided in time',
    })
    expect(asked).toHaveLength(1)
  })
})

describe('the approvals verb', () => {
  it('lists what is open, or everything, and shows one in full', async () => {
    const { context, lines, asked } = await contextOf(({ path }) =>
      ok(path.includes('K7QM2XPD') ? approvalAnswer() : { revision: 1, approvals: [approvalAnswer()] }),
    )
    await runApprovals(undefined, {}, context)
    await runApprovals(undefined, { all: true }, context)
    await runApprovals('K7QM-2XPD', {}, context)
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/approvals?state=open&limit=500',
      '/v1/approvals?state=all&limit=500',
      '/v1/approvals/K7QM2XPD',
    ])
    expect(lines[1]).toContain('K7QM-2XPD')
    expect(lines.join('\n')).toContain('approval rule data-owner')
  })

  it('says that nothing waits, and gives programs what the console said', async () => {
    const { context, lines } = await contextOf(() => ok({ revision: 1, approvals: [] }))
    await runApprovals(undefined, {}, context)
    expect(lines).toEqual(['nothing waits for approval; what has ended: sluice approvals --all'])
    await runApprovals(undefined, { json: true }, context)
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ revision: 1, approvals: [] })
  })

  it('takes no flags of the list with a code', async () => {
    const { context } = await contextOf(() => ok({}))
    const usage = { exitCode: EXIT_CODES.usage }
    await expect(runApprovals('K7QM-2XPD', { watch: true }, context)).rejects.toMatchObject(usage)
    await expect(runApprovals('K7QM', {}, context)).rejects.toMatchObject(usage)
  })
})

describe('the keys verb', () => {
  it('shows each certificate, which are not accepted and why, and the root', async () => {
    const key = {
      keyId: '3f9a',
      role: 'node',
      name: 'node-1',
      validFrom: '2026-03-02T12:00:00.000000Z',
      validUntil: null,
      version: 1,
      fingerprint: 'ab',
      accepted: true,
      reason: null,
    }
    const late = { ...key, keyId: '77aa', role: 'approver', accepted: false, reason: 'its time is over' }
    const { context, lines } = await contextOf(() => ok({ root: { fingerprint: 'cdef' }, keys: [key, late] }))
    await runKeys({}, context)
    expect(lines[1]).toMatch(/^3f9a +node +node-1 +.+ 1 +yes$/)
    expect(lines[2]).toMatch(/^77aa +approver +.+ 1 +no: its time is over$/)
    expect(lines[3]).toContain('cdef')
  })
})

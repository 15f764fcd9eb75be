// A proxy that is killed while a command waits, begins, runs or commits: it never runs unapproved, and at most once.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import type { RunningProxy } from '../stand/proxy.ts'
import { bind, execute, logIn, parse, query, sync, transcript, type WireClient } from '../stand/wire-client.ts'
import { type ApprovalStand, type AskedRequest, startApprovalStand } from './stand.ts'

/** A change that stops where a test wants it to: while it runs, or while it is committed. */
const SETUP = `
  create table ledger (id int primary key, runs int not null);
  insert into ledger values (1, 0);
  create function stop_here() returns trigger language plpgsql security definer as $$
    begin perform pg_advisory_xact_lock(tg_argv[0]::int); return null; end $$;
  create trigger while_running after update on ledger for each row execute function stop_here(1);
  create constraint trigger while_committing after update on ledger deferrable initially deferred
    for each row execute function stop_here(2);
  grant select, update on ledger to sluice_gateway;
`
const TEXT = 'update ledger set runs = runs + 1 where id = 1'
const WAIT = { timeout: 15_000, interval: 20 }
const OLIVIA = { id: 'olivia' }

const SENT: readonly (readonly [string, Buffer])[] = [
  ['a simple query', query(TEXT)],
  ['the extended protocol', Buffer.concat([parse('', TEXT), bind('', ''), execute(), sync])],
]

let database: Database
let stand: ApprovalStand
let proxy: RunningProxy
let client: WireClient

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(SETUP)
  stand = await startApprovalStand(database, {
    approvalRules: { 'data-owner': { reviewers: ['group:data-owners'], inTransaction: { hold: '1s' } } },
    limits: { denialsBeforePause: 1_000, drainMs: 300 },
  })
  proxy = stand.proxy
})
afterAll(async () => {
  await stand?.stop()
  await database?.stop()
})
beforeEach(async () => {
  client = await logIn(proxy, await proxy.ticket())
})
afterEach(async () => {
  client.end()
  await database.query('update ledger set runs = 0')
})

const runs = async (): Promise<unknown> => (await database.query('select runs from ledger')).rows[0].runs

const sessionsOfTheGateway = async (more = ''): Promise<number> => {
  const { rows } = await database.query(`select 1 from pg_stat_activity where usename = 'sluice_gateway' ${more}`)
  return rows.length
}

async function held(sent: Buffer): Promise<AskedRequest> {
  client.send(sent)
  const [asked] = await stand.pending(1)
  return asked as AskedRequest
}

const approve = ({ requested }: AskedRequest): Promise<string> =>
  stand.vote({ code: requested.code, as: OLIVIA, vote: 'approve' })

/** Everybody who comes to this trigger waits there until `release`. */
async function barrier(trigger: 1 | 2) {
  const holder = await database.connect()
  await holder.query('select pg_advisory_lock($1)', [trigger])
  return {
    reached: () =>
      expect.poll(() => sessionsOfTheGateway("and wait_event_type = 'Lock' and wait_event = 'advisory'"), WAIT).toBe(1),
    release: () => holder.end(),
  }
}

/** Kills the proxy, and starts it again. */
async function kill(): Promise<void> {
  proxy = await stand.restartProxy('SIGKILL')
}

/** The database has done whatever it still had to do for the proxy that was killed. */
const settled = () => expect.poll(() => sessionsOfTheGateway(), WAIT).toBe(0)

/** A command after the crash is asked for anew, and nothing of what was before it is left to run. */
async function nothingComesLater(): Promise<void> {
  const before = await runs()
  const other = await logIn(proxy, await proxy.ticket())
  other.send(query(TEXT))
  const [asked] = await stand.pending(1)
  await stand.vote({ code: asked?.requested.code ?? '', as: OLIVIA, vote: 'deny' })
  expect(transcript(await other.until())).toBe('N E(42501) Z(I)')
  other.end()
  expect(await runs()).toBe(before)
}

describe.each(SENT)('a proxy that is killed: %s', { timeout: 60_000 }, (_name, sent) => {
  it('while the command waits: it never runs, whoever approves it afterwards', async () => {
    const asked = await held(sent)
    await kill()
    expect(transcript(await client.until())).toBe('N')
    expect(await stand.answerTo(await approve(asked))).toMatchObject({ kind: 'vote_refused', reasonCode: 'ended' })
    await nothingComesLater()
    expect(await runs()).toBe(0)
  })

  it('in the moment of the approval: it ran once or never, and once where the client was told so', async () => {
    const asked = await held(sent)
    await approve(asked)
    await stand.decisionOn(asked.approvalId)
    await kill()
    await settled()
    const told = transcript(await client.until()).includes('C(UPDATE 1)')
    expect(await runs()).toBeOneOf(told ? [1] : [0, 1])
    await nothingComesLater()
  })

  it('while the command runs: nothing of it stays', async () => {
    const running = await barrier(1)
    await approve(await held(sent))
    await running.reached()
    await kill()
    await running.release()
    await settled()
    expect(transcript(await client.until())).not.toContain('C(')
    expect(await runs()).toBe(0)
    await nothingComesLater()
  })

  it('while it is committed: it stays, once', async () => {
    const committing = await barrier(2)
    await approve(await held(sent))
    await committing.reached()
    await kill()
    await committing.release()
    await settled()
    expect(await runs()).toBe(1)
    await nothingComesLater()
  })
})

describe('a proxy that is stopped', { timeout: 60_000 }, () => {
  it('tells the client, and withdraws what nobody decided meanwhile', async () => {
    const asked = await held(query(TEXT))
    const stopped = stand.restartProxy('SIGTERM')
    expect(transcript(await client.until())).toBe('N E(57P01)')
    proxy = await stopped
    expect(await stand.decisionOn(asked.approvalId)).toMatchObject({ kind: 'withdrawn', reason: 'the session ended' })
    await nothingComesLater()
    expect(await runs()).toBe(0)
  })
})

describe('an approver that is killed', { timeout: 60_000 }, () => {
  const sent = query(TEXT)

  it('while it has a vote to count: counts it once it is back', async () => {
    const asked = await held(sent)
    await approve(asked)
    await stand.restartApprover('SIGKILL')
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    expect(await runs()).toBe(1)
  })

  it('after its approval: decides nothing twice', async () => {
    const asked = await held(sent)
    await approve(asked)
    expect(transcript(await client.until())).toBe('N C(UPDATE 1) Z(I)')
    await stand.restartApprover('SIGKILL')
    expect(await stand.answerTo(await approve(asked))).toMatchObject({ kind: 'vote_refused', reasonCode: 'ended' })
    expect(await runs()).toBe(1)
    const ends = (await stand.decisions()).filter(
      ({ approvalId, kind }) => approvalId === asked.approvalId && kind === 'approved',
    )
    expect(ends).toHaveLength(1)
  })

  it('and does not come back: the command ends in its time, with an error that says so', async () => {
    await client.ask(query('begin'))
    const asked = await held(sent)
    await stand.stopApprover('SIGKILL')
    const replies = await client.until()
    expect(transcript(replies)).toBe('N E(42501) Z(E)')
    const error = replies.find(({ type }) => type === 'E')
    expect(decodeReport(error?.bytes ?? Buffer.alloc(0)).get('M')).toContain('nobody decided in time')
    expect(await client.ask(query('rollback'))).toBe('C(ROLLBACK) Z(I)')
    await stand.restartApprover()
    expect(await stand.answerTo(await approve(asked))).toMatchObject({ kind: 'vote_refused', reasonCode: 'ended' })
    expect(await runs()).toBe(0)
  })
})

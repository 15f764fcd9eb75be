import { once } from 'node:events'
import { Socket } from 'node:net'
import { AuditUnavailable } from '@sluice/events'
import type { GovernedUpstream, GroupCommit, Session, TurnMember } from '@sluice/session'
import { describe, expect, it, vi } from 'vitest'
import type { AskingPeople } from '../hold/asking-people.ts'
import * as encode from '../wire/encode.ts'
import { GatewaySession } from './gateway-session.ts'

const NOTHING = Buffer.alloc(0)
const OPENING = { claims: [], clientAddress: null, welcome: NOTHING, fromClient: NOTHING, fromUpstream: NOTHING }
const LIMITS = { preparedStatements: 1, preparedStatementBytes: 1, portals: 1, pipelinedRequests: 1 }

const PEOPLE = {} as unknown as AskingPeople

async function closedSocket(): Promise<Socket> {
  const socket = new Socket()
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
  return socket
}

type Begun = { readonly ended: unknown; readonly enlisted: readonly TurnMember[]; readonly cancels: () => number }

/** Begins a session on these sockets; returns how it ended, and what waits for the end of the turn. */
function begun(client: Socket, upstream: Socket): Begun {
  let ended: unknown = null
  const enlisted: TurnMember[] = []
  let cancels = 0
  const session = { open: () => undefined, close: () => undefined, housekeeping: () => ({ permit: null, frame: 0 }) }
  const governed = { queue: () => undefined, release: () => true, discard: () => undefined }
  new GatewaySession({
    client,
    upstream,
    governed: governed as unknown as GovernedUpstream,
    session: session as unknown as Session,
    commit: { enlist: (member: TurnMember) => enlisted.push(member) } as unknown as GroupCommit,
    reader: { read: () => Promise.reject(new Error('nothing to read')) },
    bounds: { statementBytes: 1, bindBytes: 1 },
    limits: LIMITS,
    people: PEOPLE,
    masking: null,
    heldAheadBytes: 1,
    sessionMs: 3_600_000,
    cancelUpstream: () => {
      cancels++
    },
    onEnd: (how) => {
      ended = how
    },
    onBug: (error) => {
      throw error
    },
  }).begin(OPENING)
  return { ended, enlisted, cancels: () => cancels }
}

describe('a session that begins when one side has left already', () => {
  it('ends with the client', async () => {
    expect(begun(await closedSocket(), new Socket()).ended).toEqual({ status: 'ok', code: null })
  })

  it('ends with the upstream', async () => {
    expect(begun(new Socket(), await closedSocket()).ended).toEqual({ status: 'interrupted', code: '08006' })
  })
})

describe('a session whose records can not be written', () => {
  it.each([
    ['cancels what runs, whose answer nobody gets', encode.sync, 1],
    ['cancels nothing where nothing runs', NOTHING, 0],
  ])('%s', (_what, sent, expected) => {
    const client = new Socket()
    const { enlisted, cancels } = begun(client, new Socket())
    client.emit('data', sent)
    enlisted[0]?.commitFailed(new AuditUnavailable('journal_full', 'the journal is full'))
    expect(cancels()).toBe(expected)
  })

  it('leaves no timer behind that would keep it in memory', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { enlisted } = begun(new Socket(), new Socket())
      expect(vi.getTimerCount()).toBe(1)
      for (const member of enlisted) member.commitFailed(new AuditUnavailable('journal_full', 'the journal is full'))
      // The sockets are given some seconds to close.
      vi.advanceTimersByTime(10_000)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

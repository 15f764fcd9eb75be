import { once } from 'node:events'
import { Socket } from 'node:net'
import type { GovernedUpstream, GroupCommit, Session } from '@sluice/session'
import { describe, expect, it } from 'vitest'
import type { AskingPeople } from '../hold/asking-people.ts'
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

/** Begins a session on these sockets; returns how it ended. */
function begun(client: Socket, upstream: Socket): unknown {
  let ended: unknown = null
  const session = { open: () => undefined, close: () => undefined, housekeeping: () => ({ permit: null, frame: 0 }) }
  const governed = { queue: () => undefined, release: () => true }
  new GatewaySession({
    client,
    upstream,
    governed: governed as unknown as GovernedUpstream,
    session: session as unknown as Session,
    commit: { enlist: () => undefined } as unknown as GroupCommit,
    reader: { read: () => Promise.reject(new Error('nothing to read')) },
    bounds: { statementBytes: 1, bindBytes: 1 },
    limits: LIMITS,
    people: PEOPLE,
    heldAheadBytes: 1,
    sessionMs: 1_000,
    cancelUpstream: () => undefined,
    onEnd: (how) => {
      ended = how
    },
    onBug: (error) => {
      throw error
    },
  }).begin(OPENING)
  return ended
}

describe('a session that begins when one side has left already', () => {
  it('ends with the client', async () => {
    expect(begun(await closedSocket(), new Socket())).toEqual({ status: 'ok', code: null })
  })

  it('ends with the upstream', async () => {
    expect(begun(new Socket(), await closedSocket())).toEqual({ status: 'interrupted', code: '08006' })
  })
})

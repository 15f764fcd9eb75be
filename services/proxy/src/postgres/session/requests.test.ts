import { unreadableAccess } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import { parse, query } from '../wire/encode.ts'
import { CLIENT } from '../wire/message-types.ts'
import { type RequestParts, Requests } from './requests.ts'
import type { ReadStatement } from './statements.ts'

const LIMITS = { preparedStatements: 10, preparedStatementBytes: 1024, portals: 10, pipelinedRequests: 10 }
const STATEMENT: ReadStatement = {
  access: unreadableAccess(),
  segments: [],
  deallocates: null,
  changes: false,
  source: null,
  needsTree: false,
  parts: null,
  utility: null,
}

function requestsReadBy(read: () => ReadStatement | Promise<ReadStatement>) {
  const forwarded: unknown[] = []
  const submissions = {
    epoch: 0,
    discarding: false,
    endEpoch: () => undefined,
    session: { mayWait: () => false },
    forward: (description: unknown) => {
      forwarded.push(description)
      return null
    },
  }
  const guard = { suspects: false, executes: () => undefined }
  const parts = { submissions, reader: { read }, holds: {}, guard, delivery: {}, analyses: null }
  return { requests: new Requests(parts as unknown as RequestParts, LIMITS), forwarded }
}

describe('what is not yet recorded when a session ends', () => {
  it.each([
    ['Query', CLIENT.query, query('select 1')],
    ['Parse', CLIENT.parse, parse('', 'select 1')],
  ])('is not recorded behind the end: a %s that takes long to read', async (_name, type, bytes) => {
    const reading = Promise.withResolvers<ReadStatement>()
    const { requests, forwarded } = requestsReadBy(() => reading.promise)
    const handled = requests.handle({ kind: 'message', type, bytes })
    requests.end()
    reading.resolve(STATEMENT)
    await handled
    requests.endTurn()
    expect(forwarded).toEqual([])
  })

  it('is not recorded behind the end: a group that goes on', () => {
    const { requests, forwarded } = requestsReadBy(() => STATEMENT)
    void requests.handle({ kind: 'message', type: CLIENT.parse, bytes: parse('', 'select 1') })
    requests.end()
    requests.endTurn()
    expect(forwarded).toEqual([])
  })
})

import type { HeldRequest, OpenRequest } from '@sluice/session'
import { describe, expect, it } from 'vitest'
import type { HeldCommand } from './held-command.ts'
import { HeldRun } from './held-run.ts'
import type { HoldParts } from './hold-parts.ts'
import type { OwnResult, OwnStatement } from './own-work.ts'

const DEFINITIONS = 'd'.repeat(64)
const LOOK = [[DEFINITIONS, 'read committed', 'f', null]]
const done = (status: 'I' | 'T', ...results: (typeof LOOK)[]): OwnResult => ({ kind: 'done', results, status })
const cancelled: OwnResult = { kind: 'failed', fields: new Map([['C', '57014']]), status: 'E' }

/** Runs one approved query; `answers` are what the upstream says to each run of statements of the gateway's own. */
async function runQuery(answers: readonly OwnResult[], stillPending = true) {
  const left = [...answers]
  const own: string[] = []
  const told: string[] = []
  const access = { connection: 'shop', kinds: ['UPDATE'], targets: [], actions: ['sql:write'] }
  const request = { description: { access }, decision: { policyIds: [] } } as unknown as OpenRequest
  const parts = {
    nowMicros: () => 0,
    enlist: () => undefined,
    epochEnded: () => undefined,
    own: {
      run: (statements: readonly OwnStatement[]) => {
        own.push(statements.map(({ text }) => (text.length > 20 ? 'look' : text)).join(' '))
        return Promise.resolve(left.shift())
      },
    },
    submissions: { epoch: 0, forwardApproved: () => undefined, replace: () => told.push('replaced') },
    session: { useApproval: () => ({ kind: 'permitted' }), denyHeld: () => undefined },
    delivery: {
      push: (bytes: Buffer) => told.push(String.fromCharCode(bytes[0] ?? 0) + (bytes.length === 6 ? bytes.at(5) : '')),
      pushResult: () => told.push('C'),
      finish: () => undefined,
    },
  } as unknown as HoldParts
  const command = {
    refusedAs: 'refused-query',
    messages: [],
    expect: (_request, gate) => {
      gate.completed(Buffer.from('C\0\0\0\rUPDATE 1\0'))
      gate.ready('T')
    },
  } as Partial<HeldCommand> as HeldCommand
  const approved = {
    approval: { code: 'K7QM2XPD', executed: () => undefined, withdraw: () => undefined },
    decision: {},
    seen: { inTransaction: false, inspection: { definitions: DEFINITIONS } },
  } as unknown as Parameters<HeldRun['run']>[3]
  const run = new HeldRun(parts, {
    still: (step) => step,
    stillPending: () => stillPending,
    digest: () => Buffer.alloc(0),
  })
  await run.run(command, request, {} as HeldRequest, approved)
  return { own, told }
}

const READY = `Z${'I'.charCodeAt(0)}`

describe('the transaction of an approved query', () => {
  it('is committed, and the client told then', async () => {
    const { own, told } = await runQuery([done('T', [], LOOK), done('T', LOOK), done('I', [])])
    expect(own).toEqual(['BEGIN look', 'look', 'COMMIT'])
    expect(told).toEqual(['C', READY])
  })

  it('is undone where a cancel meets its COMMIT, and the client told that nothing is open', async () => {
    const { own, told } = await runQuery([done('T', [], LOOK), done('T', LOOK), cancelled, cancelled, done('I', [])])
    expect(own).toEqual(['BEGIN look', 'look', 'COMMIT', 'ROLLBACK', 'ROLLBACK'])
    expect(told).toEqual(['E', READY])
  })

  it('is undone before anything ran where the policies changed during the look', async () => {
    const { own, told } = await runQuery([done('T', [], LOOK), done('I', [])], false)
    expect(own).toEqual(['BEGIN look', 'ROLLBACK'])
    expect(told).toEqual(['replaced'])
  })

  it('ends the session where it does not end', async () => {
    const never = Array.from({ length: 20 }, () => cancelled)
    await expect(runQuery([done('T', [], LOOK), done('T', LOOK), ...never])).rejects.toThrow('does not end')
  })
})

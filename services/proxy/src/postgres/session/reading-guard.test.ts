import { unreadableAccess } from '@sluice/policy'
import { describe, expect, it } from 'vitest'
import type { OwnResult, OwnWork } from '../hold/own-work.ts'
import type { Delivery } from './delivery.ts'
import { ReadingGuard } from './reading-guard.ts'
import type { Submissions } from './submissions.ts'

const accessOf = (action: 'sql:read' | 'sql:write' | 'sql:transaction') => ({
  access: { ...unreadableAccess(), actions: [action] },
  changes: action === 'sql:write',
})
const WRITE = accessOf('sql:write')
const READ = accessOf('sql:read')
const COMMIT = accessOf('sql:transaction')
const STANDS: OwnResult = { kind: 'done', results: [[['UTF8', 'on']]], status: null }

function guardOf(answer: OwnResult = STANDS) {
  const delivered: string[] = []
  const own = { run: () => Promise.resolve(answer) } as unknown as OwnWork
  const delivery = { push: (bytes: Buffer) => delivered.push(bytes.toString('latin1', 0, 1)) } as unknown as Delivery
  return { guard: new ReadingGuard({ epoch: 0 } as Submissions, own, delivery), delivered }
}

describe('what was executed', () => {
  it('is suspected up to ReadyForQuery of its epoch, in a transaction or not', () => {
    const { guard } = guardOf()
    guard.executes(3, READ)
    expect(guard.suspects).toBe(false)
    guard.executes(3, WRITE)
    guard.ready(2, true)
    expect(guard.suspects).toBe(true)
    guard.ready(3, false)
    expect(guard.suspects).toBe(false)
  })

  it('is asked about once, but again when its deferred triggers may have fired', async () => {
    const { guard } = guardOf()
    guard.executes(0, WRITE)
    expect(await guard.check()).toBe('stands')
    guard.executes(0, READ)
    expect(guard.suspects).toBe(false)
    guard.executes(0, COMMIT)
    expect(guard.suspects).toBe(true)
    guard.ready(0, true)
    guard.executes(1, COMMIT)
    expect(guard.suspects).toBe(false)
  })

  it('is waited for where the server will be ready behind it by itself', () => {
    const { guard } = guardOf()
    guard.executes(-1, WRITE)
    expect(guard.check()).toBe('wait')
  })

  it('is told to the client where the question failed: the server ignores what follows', async () => {
    const { guard, delivered } = guardOf({ kind: 'failed', fields: new Map([['C', '57014']]), status: null })
    guard.executes(0, WRITE)
    expect(await guard.check()).toBe('ignored')
    expect(delivered).toEqual(['E'])
  })
})

import { type ApprovalRequest, nowMicros, uuidv7 } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { RequestOutbox } from './request-outbox.ts'

function withdrawal(): ApprovalRequest {
  return {
    approvalId: uuidv7(),
    kind: 'withdrawn',
    nodeId: 'node-1',
    replyPartition: 0,
    time: nowMicros(),
    requested: null,
    withdrawn: { reason: 'cancelled' },
    executed: null,
  }
}

/** A log that is busy for the first `failures` records. */
function setUp(failures: number, maxInBackground = 10) {
  const written: string[] = []
  const forgotten: string[] = []
  const lost: string[] = []
  let attempts = 0
  const outbox = new RequestOutbox({
    writer: {
      publish: async (key) => {
        attempts += 1
        if (attempts <= failures) throw new Error('busy')
        written.push(key)
      },
      forget: (key) => forgotten.push(key),
    },
    maxInBackground,
    onLost: ({ approvalId }) => lost.push(approvalId),
  })
  return { outbox, written, forgotten, lost }
}

describe('the outbox', () => {
  it('tells who waits that the log did not take it, and goes on', async () => {
    const { outbox, written } = setUp(1)
    await expect(outbox.publish(withdrawal())).rejects.toThrow('busy')
    const second = withdrawal()
    await outbox.publish(second)
    expect(written).toEqual([second.approvalId])
  })

  it('tries again what nobody waits for, and forgets its key then', async () => {
    const { outbox, written, forgotten, lost } = setUp(2)
    const last = withdrawal()
    outbox.publishLast(last)
    await outbox.close(5_000)
    expect(written).toEqual([last.approvalId])
    expect(forgotten).toEqual([last.approvalId])
    expect(lost).toEqual([])
  })

  it('says what was lost where a stop leaves no time, and forgets its key too', async () => {
    const { outbox, forgotten, lost } = setUp(Number.POSITIVE_INFINITY)
    const last = withdrawal()
    outbox.publishLast(last)
    await outbox.close(1)
    expect(lost).toEqual([last.approvalId])
    expect(forgotten).toEqual([last.approvalId])
  })

  it('tries no more at the same time than it may', async () => {
    const { outbox, written, lost } = setUp(0, 1)
    const [first, second] = [withdrawal(), withdrawal()]
    outbox.publishLast(first)
    outbox.publishLast(second)
    await outbox.close(5_000)
    expect(written).toEqual([first.approvalId])
    expect(lost).toEqual([second.approvalId])
  })
})

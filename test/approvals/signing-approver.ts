// Stands where the approver stands, without its rules: sees what the proxy asks, and signs whatever a test wants to
// answer, right or wrong.

import { type ApprovalDecision, type ApprovalRequest, nowMicros, type SigningKey, TOPICS } from '@sluice/events'
import { ControlReader, ControlWriter, TrustedKeys } from '@sluice/trust'
import type { ControlPlane } from '../stand/control-plane.ts'
import { type AskedRequest, isAsked } from './stand.ts'

const WAIT_MS = 15_000

export type SigningApprover = {
  /** Everything that the node published so far. */
  readonly records: readonly ApprovalRequest[]
  /** The next command that is held, in the order of asking. */
  readonly nextAsked: () => Promise<AskedRequest>
  /** The end of an approval as the node tells it. */
  readonly endOf: (approvalId: string) => Promise<ApprovalRequest>
  /** Approves what was asked; `other` changes the decision, `key` is whose word it is. */
  readonly decide: (asked: AskedRequest, other?: Partial<ApprovalDecision>, key?: SigningKey) => Promise<void>
  readonly close: () => Promise<void>
}

export async function startSigningApprover(control: ControlPlane): Promise<SigningApprover> {
  const { log, registry, root, signing } = control
  const onIncident = (): void => undefined
  const keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident })
  const reader = await ControlReader.open({
    log,
    registry,
    topic: TOPICS.approvalRequests,
    keys,
    role: 'node',
    memory: null,
    onIncident,
  })
  const records: ApprovalRequest[] = []
  let waiting: (() => void)[] = []
  const take = ({ content }: { readonly content: ApprovalRequest }): void => {
    records.push(content)
    for (const wake of waiting.splice(0)) wake()
  }
  await reader.catchUp(take)
  reader.follow(take)
  const found = async <T>(find: () => T | undefined, what: string): Promise<T> => {
    const late = AbortSignal.timeout(WAIT_MS)
    for (;;) {
      const record = find()
      if (record !== undefined) return record
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve)
        late.addEventListener('abort', () => reject(new Error(`no ${what} in time`)), { once: true })
      })
    }
  }
  let hand: { readonly key: SigningKey; readonly writer: ControlWriter<typeof TOPICS.decisions> } | null = null
  const writerOf = async (key: SigningKey): Promise<ControlWriter<typeof TOPICS.decisions>> => {
    if (hand?.key.keyId === key.keyId) return hand.writer
    // One writer of a partition: who signs with another key takes the place of the one before.
    await hand?.writer.close()
    hand = null
    const writer = await ControlWriter.open({ log, registry, topic: TOPICS.decisions, key, nowMicros })
    hand = { key, writer }
    return writer
  }
  let seen = 0
  return {
    records,
    nextAsked: () =>
      found(() => {
        while (seen < records.length) {
          const record = records[seen++]
          if (record !== undefined && isAsked(record)) return record
        }
        return undefined
      }, 'request'),
    endOf: (approvalId) =>
      found(
        () => records.find((record) => record.approvalId === approvalId && record.kind !== 'requested'),
        'end of an approval',
      ),
    decide: async ({ approvalId, nodeId, replyPartition, requested }, other = {}, key = signing.approver) => {
      const writer = await writerOf(key)
      const decision: ApprovalDecision = {
        approvalId,
        kind: 'approved',
        nodeId,
        sessionId: requested.sessionId,
        execution: requested.execution,
        commandDigest: requested.commandDigest,
        policyVersion: requested.policyVersion,
        time: nowMicros(),
        usableUntil: nowMicros() + 60_000_000,
        reviewId: null,
        reviewers: [
          { person: 'owner', issuer: 'https://issuer.test', id: 'owner', groups: ['data-owners'], reason: null },
        ],
        reasonCode: null,
        reason: null,
        ...other,
      }
      await writer.publish(decision.approvalId, decision, { partition: replyPartition })
    },
    close: async () => {
      for (const wake of waiting) wake()
      waiting = []
      await hand?.writer.close()
      await reader.close()
      await keys.close()
    },
  }
}

// Reads requests and decisions into the book: what is there at start, and from then on what comes. Records come signed
// by a key of the right role; here they must also be about what their key and their signer's name say.
import { TOPICS } from '@sluice/events'
import type { ControlReader, RecordHandler } from '@sluice/trust'
import type { ReportIncident } from '../incidents.ts'
import type { ApprovalBook } from './approval-book.ts'
import type { VoteDesk } from './vote-desk.ts'

export type FollowApprovalsOptions = {
  readonly requests: Pick<ControlReader<typeof TOPICS.approvalRequests>, 'catchUp' | 'follow' | 'close'>
  readonly decisions: Pick<ControlReader<typeof TOPICS.decisions>, 'catchUp' | 'follow' | 'close'>
  readonly book: Pick<ApprovalBook, 'applyRequest' | 'applyDecision'>
  readonly votes: Pick<VoteDesk, 'answered'>
  readonly onIncident: ReportIncident
}

/** Resolves when everything that is there has been read. */
export async function followApprovals(options: FollowApprovalsOptions): Promise<{ close(): Promise<void> }> {
  const { requests, decisions, book, votes, onIncident } = options
  const takeRequest: RecordHandler<typeof TOPICS.approvalRequests> = ({ key, content, signer }) => {
    const detail =
      signer !== content.nodeId
        ? 'it speaks for another node than the one whose key has signed it'
        : key !== content.approvalId
          ? 'it stands under the key of another approval'
          : null
    if (detail === null) book.applyRequest(content)
    else onIncident({ code: 'request_mismatch', topic: TOPICS.approvalRequests, key, detail })
  }
  const takeDecision: RecordHandler<typeof TOPICS.decisions> = ({ key, content }) => {
    if (key !== content.approvalId) {
      const detail = 'it stands under the key of another approval'
      onIncident({ code: 'decision_mismatch', topic: TOPICS.decisions, key, detail })
      return
    }
    book.applyDecision(content)
    votes.answered(content)
  }
  await requests.catchUp(takeRequest)
  await decisions.catchUp(takeDecision)
  requests.follow(takeRequest)
  decisions.follow(takeDecision)
  return {
    async close() {
      await Promise.all([requests.close(), decisions.close()])
    },
  }
}

// Passes a person's vote to the approver, signed, with the person's own token sealed to it; and waits for its answer.
// Whether the vote counts is the approver's decision alone.
import {
  type ApprovalDecision,
  type ApprovalReview,
  AuditUnavailable,
  type SealedText,
  type Subject,
  type TOPICS,
  uuidBytes,
  uuidv7,
} from '@sluice/events'
import type { ControlWriter } from '@sluice/trust'
import { isOwnCode, refuse } from '../problem.ts'
import { RequestLimit } from '../request-limit.ts'
import { subjectKey } from '../route-basics.ts'
import { type ApprovalEntry, endingOf } from './approval-entry.ts'

export const VOTES_AT_ONCE = 30
export const VOTES_PER_SECOND = 0.5
export const MAX_VOTING_SUBJECTS = 10_000
/** Votes whose answer is waited for, of all. */
export const MAX_WAITING_VOTES = 500
export const VOTE_ANSWER_MS = 5_000

export type Vote = {
  readonly vote: 'approve' | 'deny'
  readonly reason: string | null
  readonly shownDigest: Buffer
}

export type VoteResult = 'counted' | 'approved' | 'denied'

type Waiting = { readonly approvalId: string; readonly settle: (decision: ApprovalDecision) => void }

export type VoteDeskOptions = {
  readonly writer: Pick<ControlWriter<typeof TOPICS.approvalReviews>, 'publish'>
  /** Seals to the approver. */
  readonly seal: (aad: Buffer, text: string) => Promise<SealedText>
  readonly nowMs: () => number
  readonly onResult: (result: string) => void
  readonly answerMs?: number
}

export class VoteDesk {
  readonly #options: VoteDeskOptions
  readonly #rate = new RequestLimit({
    burst: VOTES_AT_ONCE,
    perSecond: VOTES_PER_SECOND,
    maxKeys: MAX_VOTING_SUBJECTS,
    code: 'votes_too_fast',
    detail: (waitSeconds) => `too many votes of yours came at once; wait ${waitSeconds} s`,
  })
  readonly #waiting = new Map<string, Waiting>()

  constructor(options: VoteDeskOptions) {
    this.#options = options
  }

  /** @throws ProblemError: why it does not count, or that the approver did not say. */
  async vote(subject: Subject, token: string, entry: ApprovalEntry, vote: Vote): Promise<VoteResult> {
    const { nowMs, onResult } = this.#options
    this.#rate.count(subjectKey(subject), nowMs())
    const ending = endingOf(entry)
    if (ending.kind !== 'open' && !entry.lapsed) {
      onResult('ended')
      throw refuse('ended', `this was ${ending.kind} already, so no vote changes it; see sluice approvals --all`)
    }
    const reviewId = uuidv7()
    const answer = await this.#answerTo(reviewId, entry.approvalId, () => this.#publish(reviewId, entry, token, vote))
    if (answer === null) {
      onResult('silent')
      throw refuse(
        'approver_silent',
        'the vote is recorded, but the approver did not answer in time; it counts when the approver is there again: look with sluice approvals, and vote again only if it is still missing',
        { 'retry-after': '5' },
      )
    }
    if (answer.kind === 'vote_refused') {
      const code = answer.reasonCode ?? ''
      const known = isOwnCode(code) ? code : 'vote_refused'
      onResult(known)
      throw refuse(known, answer.reason ?? 'the approver does not count this vote; look at it again, and ask an admin')
    }
    const result = answer.kind === 'approved' || answer.kind === 'denied' ? answer.kind : 'counted'
    onResult(result)
    return result
  }

  /** Takes each decision that was found to be signed: the approver answers each vote with one. */
  answered(decision: ApprovalDecision): void {
    const { reviewId, approvalId } = decision
    const waiting = reviewId === null ? undefined : this.#waiting.get(reviewId)
    if (waiting?.approvalId === approvalId) waiting.settle(decision)
  }

  /** Null where nothing came in time. */
  async #answerTo(
    reviewId: string,
    approvalId: string,
    publish: () => Promise<void>,
  ): Promise<ApprovalDecision | null> {
    if (this.#waiting.size >= MAX_WAITING_VOTES) {
      throw refuse('too_many_waiting', 'too many votes wait for the approver; try again in a moment', {
        'retry-after': '2',
      })
    }
    const answer = Promise.withResolvers<ApprovalDecision | null>()
    this.#waiting.set(reviewId, { approvalId, settle: answer.resolve })
    let timer: NodeJS.Timeout | undefined
    try {
      await publish()
      timer = setTimeout(() => answer.resolve(null), this.#options.answerMs ?? VOTE_ANSWER_MS)
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(reviewId)
    }
  }

  async #publish(reviewId: string, { approvalId }: ApprovalEntry, token: string, vote: Vote): Promise<void> {
    const { seal, writer, nowMs } = this.#options
    const review: ApprovalReview = {
      approvalId,
      reviewId,
      ...vote,
      token: await seal(uuidBytes(reviewId), token),
      time: nowMs() * 1000,
    }
    try {
      await writer.publish(approvalId, review)
    } catch (cause) {
      throw new AuditUnavailable(
        'review_log_unavailable',
        'the vote could not be recorded, so it does not count; try again, and look at the console’s log if that does not help',
        { cause },
      )
    }
  }
}

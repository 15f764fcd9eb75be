// Who votes is what the reviewer's own token says. It comes sealed to the approver, so that nobody who reads the log can
// vote with it. The console can't vote for whom it likes, but it sees the tokens that it is shown while they are fresh.

import {
  type ApprovalReview,
  openText,
  PeerInvalid,
  REVIEW_TOKEN_INFO,
  type SealingPrivateKey,
  SluiceError,
  uuidBytes,
} from '@sluice/events'
import type { TokenVerifier } from '@sluice/identity'
import type { Reviewer } from './votes.ts'

const MICROS_PER_SECOND = 1_000_000

/** Never rejects for what is in the review. */
export async function verifyReviewer(
  { reviewId, token }: ApprovalReview,
  key: SealingPrivateKey,
  verifier: Pick<TokenVerifier, 'verify'>,
): Promise<Reviewer> {
  try {
    const jwt = await openText(key, REVIEW_TOKEN_INFO, uuidBytes(reviewId), token)
    const { authenticatedAt, demo, issuer, id, kind, groups, onBehalfOf } = await verifier.verify(jwt, 'sluice:console')
    return {
      kind: 'verified',
      subject: { issuer, id, kind, groups, onBehalfOf },
      demo,
      authenticatedAt: authenticatedAt === null ? null : authenticatedAt * MICROS_PER_SECOND,
    }
  } catch (error) {
    if (error instanceof PeerInvalid && error.code === 'sealed_unreadable') {
      return { kind: 'invalid', why: 'it does not belong to this vote' }
    }
    if (error instanceof SluiceError) return { kind: 'invalid', why: error.message }
    throw error
  }
}

// What a session gives to those of its commands that wait.

import type { Session } from '@sluice/session'
import type { Delivery } from '../session/delivery.ts'
import type { Submissions } from '../session/submissions.ts'
import type { TransactionStatus } from '../wire/message-types.ts'
import type { AskingPeople } from './asking-people.ts'
import type { OwnWork } from './own-work.ts'

export type HoldParts = AskingPeople & {
  readonly session: Session
  readonly submissions: Submissions
  readonly own: OwnWork
  readonly delivery: Delivery
  readonly nowMicros: () => number
  /** What was queued or pushed is to leave at the end of this turn. */
  readonly enlist: () => void
  /** An epoch has ended at the upstream, of which only the gateway knew so far. */
  readonly epochEnded: (epoch: number, status: TransactionStatus) => void
}

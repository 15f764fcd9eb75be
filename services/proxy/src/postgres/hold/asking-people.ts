// What a session needs to ask people for an approval.

import type { Subject } from '@sluice/events'
import type { ApprovalRules } from '@sluice/policy'
import type { ApprovalDesk } from '../../approvals/approval-desk.ts'
import type { LookTurns } from './look-turns.ts'

export type AskingPeople = {
  readonly desk: ApprovalDesk
  /** Of all sessions on the connection. */
  readonly lookTurns: LookTurns
  /** Of the policies that hold now. Throws PolicyUnavailable. */
  readonly approvalRules: () => ApprovalRules
  readonly about: {
    readonly subject: Subject
    readonly connection: string
    /** As claimed, made safe to show. */
    readonly application: string | null
    readonly clientAddress: string | null
    readonly purpose: string | null
  }
  /** What is longer can't be read by a person in time. */
  readonly maxCommandBytes: number
}

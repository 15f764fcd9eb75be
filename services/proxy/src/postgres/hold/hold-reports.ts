// What a client is told about a command that waits, or that will not run after all.

import { type ApprovalRules, denyProtocol, heldWords, showApprovalCode } from '@sluice/policy'
import type { ApprovalUnusable, OpenRequest } from '@sluice/session'
import type { ApprovalOutcome, HeldApproval } from '../../approvals/approval-desk.ts'
import { denialReport } from '../session/refusals.ts'
import type { ErrorReport } from '../wire/encode.ts'
import { INTERNAL_ERROR, QUERY_CANCELED } from '../wire/sql-states.ts'
import { positionBehindPrefix } from './estimate.ts'
import { printable } from './printable.ts'

const MICROS_PER_SECOND = 1_000_000

export type Refused = { readonly code: string; readonly reason: string; readonly hint: string | null }

const ASK_AGAIN = 'Send it again to ask again.'

export const UNUSABLE: Readonly<Record<ApprovalUnusable, Refused>> = {
  not_approved: { code: 'not_approved', reason: 'it was not approved', hint: null },
  for_another: { code: 'approval_foreign', reason: 'the approval is for another command', hint: ASK_AGAIN },
  changed: {
    code: 'approval_outdated',
    reason: 'what the command depends on (tables, triggers, functions or settings) changed while it waited',
    hint: ASK_AGAIN,
  },
  too_late: { code: 'approval_late', reason: 'the approval came too late to be used', hint: ASK_AGAIN },
  used: { code: 'approval_used', reason: 'the approval was used already', hint: ASK_AGAIN },
}

export const POLICY_CHANGED: Refused = {
  code: 'policy_changed',
  reason: 'the policies changed while it waited, and no longer permit it in this way',
  hint: ASK_AGAIN,
}

export const IN_TRANSACTION: Refused = {
  code: 'in_transaction',
  reason: 'it needs an approval, and may not wait for one inside of a transaction, whose locks others would wait for',
  hint: 'Send it outside of a transaction.',
}

export const SENT_TOO_MUCH: Refused = {
  code: 'sent_too_much',
  reason: 'too much was sent behind a command that waits for approval',
  hint: 'Wait for its answer before sending more.',
}

/** A closed way for each reason why a command can't be held, although a policy would let a person decide. */
export function notHoldable(why: string): Refused {
  return {
    code: 'not_holdable',
    reason: `it needs an approval, and can not wait for one: ${why}`,
    hint: 'Change the command so that a person can judge it, or ask for a policy that permits it without.',
  }
}

export function undecided({ kind, reason, reasonCode, by }: Exclude<ApprovalOutcome, { kind: 'approved' }>): Refused {
  const people = by.map(printable).join(', ')
  const said = printable(reason)
  if (kind === 'expired') return { code: 'approval_expired', reason: said, hint: ASK_AGAIN }
  return {
    code: reasonCode,
    reason: people === '' ? said : `${people} denied it: ${said}`,
    // Where nobody did, the reason says what to do.
    hint: people === '' ? null : 'Talk to whoever denied it before you send it again.',
  }
}

export function cancelledReport(): ErrorReport {
  return { severity: 'ERROR', sqlState: QUERY_CANCELED, message: 'canceling statement due to user request' }
}

/** The notice that a client gets at once. */
export function heldNotice(
  approval: HeldApproval,
  facts: {
    readonly rules: ApprovalRules
    readonly names: readonly string[]
    readonly policyIds: readonly string[]
    readonly nowMicros: number
    readonly inTransaction: boolean
  },
): ErrorReport {
  const rules = facts.names.flatMap((name) => facts.rules[name] ?? [])
  const seconds = Math.max(1, Math.round((approval.expiresAt - facts.nowMicros) / MICROS_PER_SECOND))
  const locks = facts.inTransaction
    ? ' Its transaction keeps its locks meanwhile; outside of a transaction it could wait longer.'
    : ''
  return {
    severity: 'NOTICE',
    sqlState: '00000',
    message: `sluice: ${heldWords(rules, seconds)}`,
    detail: `approval ${showApprovalCode(approval.code)} · policy ${facts.policyIds.join(', ')}`,
    hint: `Whoever may approve sees it with: sluice approvals.${locks}`,
  }
}

export function heldDenial(request: OpenRequest, refused: Refused, approval: HeldApproval | null): ErrorReport {
  const { connection, kinds } = request.description.access
  const denial = denyProtocol(
    refused.code,
    `${kinds.join(', ')} on connection ${connection} was refused: ${refused.reason}`,
    refused.hint,
  )
  return denialReport({ ...denial, policyIds: request.decision.policyIds }, request, approval?.code ?? null)
}

/** The server's own words, with the place in the client's text. */
export function reportOf(fields: ReadonlyMap<string, string>): ErrorReport {
  const position = positionBehindPrefix(fields.get('P'))
  const [detail, hint] = [fields.get('D'), fields.get('H')]
  return {
    severity: 'ERROR',
    sqlState: fields.get('C') ?? INTERNAL_ERROR,
    message: fields.get('M') ?? 'the command failed',
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { position }),
  }
}

// What a client is told when something is refused: the protocol's ordinary error with reason, event and what to do.

import type { AuditUnavailable, PolicyUnavailable } from '@sluice/events'
import { type Denial, type PolicyDecision, showApprovalCode } from '@sluice/policy'
import type { OpenRequest } from '@sluice/session'
import { TRY_AGAIN } from '../../policies/unavailable.ts'
import type { ErrorReport } from '../wire/encode.ts'
import * as encode from '../wire/encode.ts'
import { INTERNAL_ERROR } from '../wire/sql-states.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
const NOT_AUTHORIZED = '28000'
const IO_ERROR = '58030'

/** SQLSTATEs of refusals that are not a matter of policy. */
const SQLSTATE_BY_CODE: Readonly<Record<string, string>> = {
  message_malformed: '08P01',
  too_large: '54000',
  text_not_utf8: '22021',
  statement_unknown: '26000',
  portal_unknown: '34000',
  too_many_statements: '54000',
}

/** @param approvalCode of the approval that was asked for */
export function denialReport(denial: Denial, request: OpenRequest, approvalCode: string | null = null): ErrorReport {
  const approval = approvalCode === null ? '' : `approval ${showApprovalCode(approvalCode)} · `
  const policy = denial.policyIds.length === 0 ? '' : `policy ${denial.policyIds.join(', ')} · `
  return {
    severity: 'ERROR',
    sqlState: SQLSTATE_BY_CODE[denial.reasonCode] ?? INSUFFICIENT_PRIVILEGE,
    message: `sluice: ${denial.reason}`,
    detail: `${approval}${policy}event ${request.eventId}`,
    ...(denial.hint === null ? {} : { hint: denial.hint }),
  }
}

/** A session that the policies do not let begin. */
export function connectRefused(decision: PolicyDecision, connection: string): ErrorReport {
  const policies = decision.policyIds.length === 0 ? 'no policy permits it' : `policy ${decision.policyIds.join(', ')}`
  const denial = decision.kind === 'deny' ? decision : null
  return {
    severity: 'FATAL',
    sqlState: NOT_AUTHORIZED,
    message: `sluice: ${denial?.reason ?? `to connect to ${connection} needs an approval, which can not be asked for here`}`,
    detail: policies,
    hint: denial?.hint ?? 'Ask whoever writes the policies of this connection.',
  }
}

/** The upstream does what its protocol does not allow. */
export function misbehavedReport(reason: string): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: '08P01',
    message: `sluice: the database sent something that the gateway does not understand: ${reason}`,
    hint: 'The session was ended. Please report this with the event log of the session.',
  }
}

export function auditReport(cause: AuditUnavailable, severity: 'ERROR' | 'FATAL'): ErrorReport {
  return {
    severity,
    sqlState: IO_ERROR,
    message: `sluice: ${cause.message}`,
    detail: `The gateway's journal says: ${cause.code}.`,
    hint: 'Nothing was sent to the database. Try again when the operator has made room for the journal.',
  }
}

/** A row that is masked has to be held whole. How long it is would tell how long the values in it are. */
export function rowTooLongReport(bound: number): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: '54000',
    message: `sluice: a row is too long to be masked: at most ${bound} bytes are`,
    hint: 'Select fewer or shorter columns, or ask the operator to raise limits.maskedRowBytes.',
  }
}

/** Nobody knows yet what is sensitive there. */
export function planMissing({ message }: PolicyUnavailable): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: NOT_AUTHORIZED,
    message: `sluice: ${message}`,
    hint: TRY_AGAIN,
  }
}

/** The same as PostgreSQL's own words for what it can't go on with. */
export const MEANING_CHANGED: ErrorReport = {
  severity: 'FATAL',
  sqlState: '0A000',
  message: 'sluice: a prepared statement would show other columns than when it was prepared',
  hint: 'Connect again and prepare it again.',
}

/** How a session ends that neither side ended. */
export const SESSION_OVER: ErrorReport = {
  severity: 'FATAL',
  sqlState: '57P05',
  message: 'sluice: the session has reached its longest duration',
  hint: 'Connect again.',
}

export const UPSTREAM_LOST: ErrorReport = {
  severity: 'FATAL',
  sqlState: '08006',
  message: 'sluice: the database ended the connection',
  hint: 'Connect again; if it goes on, ask the operator of the database.',
}

export const OUR_BUG: ErrorReport = {
  severity: 'FATAL',
  sqlState: INTERNAL_ERROR,
  message: 'sluice: the gateway made a mistake and ended this session',
  hint: 'Please report this with the time of the error.',
}

/** Fails in every PostgreSQL, in failed transactions too, without reaching a statement: its comment never ends. */
const UNPARSABLE = '/* sluice: refused'
/** A name of its own: an unnamed Parse would destroy the client's unnamed statement. */
const REFUSED_NAME = 'sluice_refused'

/** Sent in place of a refused Query or FunctionCall, which are answered with ReadyForQuery. */
export const failingQuery = encode.query(UNPARSABLE)
/** Sent in place of a refused message of the extended protocol. */
export const failingParse = encode.parse(REFUSED_NAME, UNPARSABLE)

// Errors as `application/problem+json` (RFC 9457): one table from code to status, so that nothing answers by chance.
import { SluiceError } from '@sluice/events'

type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 421 | 422 | 429 | 431 | 500 | 503

/** The codes that the console itself gives, with status and title. */
const OWN_PROBLEMS = {
  agents_may_not_ask: [403, 'Agents may not ask'],
  already_voted: [409, 'This person has voted'],
  approval_unknown: [404, 'There is no such approval'],
  approver_silent: [503, 'The approver did not answer'],
  body_invalid: [400, 'The body is not valid'],
  body_too_large: [413, 'The body is too large'],
  connection_not_demo: [403, 'Not for demo identities'],
  connection_unknown: [404, 'There is no such connection'],
  ended: [409, 'It has ended'],
  group_required: [403, 'A group is required'],
  header_too_large: [431, 'The header is too large'],
  host_unknown: [421, 'Not this host'],
  internal: [500, 'Something failed here'],
  media_type: [415, 'Another media type is needed'],
  method_not_allowed: [405, 'Another method is needed'],
  not_human: [403, 'People only'],
  not_in_group: [403, 'A group is required'],
  parameter_invalid: [400, 'A parameter is not valid'],
  people_only: [403, 'People only'],
  policies_invalid: [422, 'The policies have mistakes'],
  policies_lost: [503, 'Published policies are lost'],
  policies_unknown: [503, 'No policies are known'],
  reason_required: [422, 'A reason is required'],
  request_malformed: [400, 'The request is malformed'],
  request_timeout: [408, 'The request took too long to arrive'],
  requester: [403, 'Who asks does not review'],
  route_unknown: [404, 'There is nothing here'],
  shown_differs: [409, 'Something else was shown'],
  stale_login: [403, 'The sign-in is too old'],
  stopping: [503, 'The console is stopping'],
  timeout: [503, 'The answer took too long'],
  token_invalid: [403, 'The approver does not accept the token'],
  token_missing: [401, 'A token is required'],
  too_many_codes: [429, 'Too many unknown codes'],
  too_many_failures: [429, 'Too many failed attempts'],
  too_many_policy_sets: [429, 'Too many policy sets'],
  too_many_tickets: [429, 'Too many tickets'],
  too_many_votes: [409, 'Enough people have voted'],
  too_many_waiting: [503, 'Too many wait'],
  unknown_request: [409, 'The approver does not know it'],
  vote_refused: [409, 'The vote does not count'],
  votes_too_fast: [429, 'Too many votes at once'],
} as const satisfies Record<string, readonly [ProblemStatus, string]>

export type OwnCode = keyof typeof OWN_PROBLEMS

export function isOwnCode(code: string): code is OwnCode {
  return Object.hasOwn(OWN_PROBLEMS, code)
}

/** Codes of other parts whose status is not that of their class. */
const FOREIGN_STATUS: Readonly<Record<string, ProblemStatus>> = {
  issuer_unavailable: 503,
  query_refused: 422,
  session_unknown: 404,
  session_ambiguous: 400,
}

const STATUS_BY_CLASS: Readonly<Record<string, ProblemStatus>> = {
  PeerInvalid: 400,
  PeerMisbehaved: 400,
  PeerUnsupported: 422,
  UpstreamFailed: 503,
  PolicyUnavailable: 503,
  AuditUnavailable: 503,
  ConfigInvalid: 500,
}

const TITLE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'The token is not accepted',
  404: 'Not found',
  422: 'The request is not permitted',
  503: 'Not available now',
}

export type Problem = {
  readonly status: ProblemStatus
  readonly code: string
  readonly title: string
  /** For people: what happened, why, what to do next. */
  readonly detail: string
  readonly headers: Readonly<Record<string, string>>
  /** Further members of the answer, for programs. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Thrown by handlers where an answer ends early; it is an answer, not a failure. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

export function problem(code: OwnCode, detail: string, headers: Readonly<Record<string, string>> = {}): Problem {
  const [status, title] = OWN_PROBLEMS[code]
  return { status, code, title, detail, headers }
}

export function refuse(code: OwnCode, detail: string, headers: Readonly<Record<string, string>> = {}): ProblemError {
  return new ProblemError(problem(code, detail, headers))
}

const RETRY_AFTER_SECONDS = '5'

/** What an error means to the client; null for our own bugs, of which it learns nothing. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof ProblemError) return error.problem
  if (!(error instanceof SluiceError)) return null
  const { code, message: detail } = error
  const status = statusOf(error)
  const headers: Record<string, string> = {}
  if (status === 401)
    headers['www-authenticate'] = `Bearer realm="sluice", error="invalid_token", error_description="${code}"`
  if (status === 503) headers['retry-after'] = RETRY_AFTER_SECONDS
  return { status, code, title: TITLE_BY_STATUS[status] ?? 'Something failed here', detail, headers }
}

function statusOf({ code, name }: SluiceError): ProblemStatus {
  if (code.startsWith('token_')) return 401
  return FOREIGN_STATUS[code] ?? STATUS_BY_CLASS[name] ?? 500
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

export function problemBody({ status, code, title, detail, members }: Problem, requestId: string | null): string {
  const instance = requestId === null ? {} : { instance: `urn:uuid:${requestId}` }
  return JSON.stringify({ ...members, type: `urn:sluice:problem:${code}`, title, status, detail, code, ...instance })
}

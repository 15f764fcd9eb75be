/** The console's API as functions; its errors as failures that say what to do. */

import { CliFailure, EXIT_CODES, type ExitCode } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import { ask } from './http.ts'

export type ConsoleAccess = {
  readonly url: string
  /** PEM; null: the system's CAs. */
  readonly authority: string | null
  readonly token: string
}

export type TicketRequest = { readonly connection?: string; readonly task?: string; readonly ttlSeconds?: number }
export type TicketAnswer = {
  readonly ticketId: string
  readonly secret: string
  readonly expiresAt: string
  /** `subject.ticket`, as it goes into a connection's user name. */
  readonly user: string
}

const EXIT_OF_STATUS: Readonly<Record<number, ExitCode>> = {
  401: EXIT_CODES.unauthenticated,
  403: EXIT_CODES.forbidden,
  404: EXIT_CODES.notFound,
  409: EXIT_CODES.conflict,
}

export type ApprovalState = 'open' | 'ended' | 'all'

/** Waits for news: for those after `since`, where that is known, and at most so long. */
export type Waiting = { readonly since?: number; readonly waitMs: number; readonly signal?: AbortSignal }

export type Vote = {
  readonly vote: 'approve' | 'deny'
  readonly reason?: string
  /** base64url of what was shown. */
  readonly shownDigest: string
}

export type CandidatePolicies = {
  readonly files: readonly { readonly name: string; readonly text: string }[]
  /** As written in `sluice.yaml`. */
  readonly approvalRules: unknown
  readonly masking: unknown
}

/** As many as the console gives at once. */
const MAX_APPROVALS = '500'

export class ConsoleClient {
  readonly #access: ConsoleAccess

  constructor(access: ConsoleAccess) {
    this.#access = access
  }

  async ticket(wanted: TicketRequest): Promise<TicketAnswer> {
    return (await this.#ask('POST', '/v1/tickets', {}, wanted)) as TicketAnswer
  }

  sessions(query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.#ask('GET', '/v1/sessions', query)
  }

  /** With what was delivered. `after`: the sequence number behind which the answer begins. */
  events(session: string, limit: number, after: number): Promise<unknown> {
    const path = `/v1/sessions/${encodeURIComponent(session)}/events`
    return this.#ask('GET', path, { limit: String(limit), after: String(after), results: 'true' })
  }

  accessTo(object: string, since: string, limit?: number): Promise<unknown> {
    return this.#ask('GET', '/v1/access', { object, since, ...(limit === undefined ? {} : { limit: String(limit) }) })
  }

  sql(query: string): Promise<unknown> {
    return this.#ask('POST', '/v1/sql', {}, { query })
  }

  approvals(state: ApprovalState, waiting?: Waiting): Promise<unknown> {
    return this.#ask(
      'GET',
      '/v1/approvals',
      { state, limit: MAX_APPROVALS, ...waitingQuery(waiting) },
      undefined,
      waiting?.signal,
    )
  }

  /** @param code all eight characters of it */
  approval(code: string, waiting?: Waiting): Promise<unknown> {
    const path = `/v1/approvals/${encodeURIComponent(code)}`
    return this.#ask('GET', path, waitingQuery(waiting), undefined, waiting?.signal)
  }

  vote(code: string, vote: Vote): Promise<unknown> {
    return this.#ask('POST', `/v1/approvals/${encodeURIComponent(code)}/votes`, {}, vote)
  }

  applyPolicies(candidate: CandidatePolicies): Promise<unknown> {
    return this.#ask('POST', '/v1/policies', {}, candidate)
  }

  findings(connection?: string): Promise<unknown> {
    return this.#ask('GET', '/v1/findings', connection === undefined ? {} : { connection })
  }

  keys(): Promise<unknown> {
    return this.#ask('GET', '/v1/keys', {})
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    query: Readonly<Record<string, string>>,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const { authority, token } = this.#access
    const url = new URL(path, this.#access.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const given = { ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }) }
    const answer = await ask({ url, authority, method, token, ...given }).catch((cause: NodeJS.ErrnoException) => {
      throw unreachable(url, cause)
    })
    if (answer.status >= 200 && answer.status < 300) return parsed(answer.text, url)
    throw refused(answer.status, answer.text)
  }
}

function waitingQuery(waiting: Waiting | undefined): Readonly<Record<string, string>> {
  if (waiting === undefined) return {}
  const { since, waitMs } = waiting
  return { ...(since === undefined ? {} : { since: String(since) }), waitMs: String(waitMs) }
}

function parsed(text: string, url: URL): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliFailure(`${url.origin} answered no JSON; is it the console of Sluice?`, EXIT_CODES.failed, { cause })
  }
}

const TLS_ADVICE: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown CA; name the CA file in SLUICE_CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown CA; name the CA file in SLUICE_CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown CA; name the CA file in SLUICE_CA',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; use the name in the certificate',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

function unreachable(url: URL, cause: NodeJS.ErrnoException): CliFailure {
  const code = cause.code ?? ''
  const why =
    TLS_ADVICE[code] ?? (code === 'ECONNREFUSED' ? 'nothing listens there; start it with: npm start' : cause.message)
  return new CliFailure(`the console at ${url.origin} can't be reached: ${why}`, EXIT_CODES.unreachable, { cause })
}

/** RFC 9457: `title`, `detail`, and our `code`. */
function refused(status: number, text: string): CliFailure {
  let problem: { title?: unknown; detail?: unknown; code?: unknown } = {}
  try {
    problem = JSON.parse(text) ?? {}
  } catch {
    // Not ours then; the status has to do.
  }
  const words = [problem.detail ?? problem.title].filter((part) => typeof part === 'string')
  const code = typeof problem.code === 'string' ? ` (${problem.code})` : ''
  const message = words.length > 0 ? `${words.join('')}${code}` : `the console answered ${status}${code}`
  return new CliFailure(escapeControls(message), EXIT_OF_STATUS[status] ?? EXIT_CODES.failed)
}

// The routes of held commands: list them, look at one, wait for news, vote.
import { setTimeout } from 'node:timers/promises'
import type { Subject } from '@sluice/events'
import type { VerifiedSubject } from '@sluice/identity'
import { type ApprovalRule, type PersonOf, parseApprovalCode } from '@sluice/policy'
import type { Hono, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { bearerToken } from '../authenticate.ts'
import { readBody, readParameters } from '../parameters.ts'
import type { PolicyOffice } from '../policies/policy-office.ts'
import { refuse } from '../problem.ts'
import { RequestLimit } from '../request-limit.ts'
import { type ConsoleContext, type ConsoleEnv, jsonText, onlyBy, subjectKey } from '../route-basics.ts'
import type { ApprovalBook } from './approval-book.ts'
import type { ApprovalEntry } from './approval-entry.ts'
import { type ApprovalView, approvalView } from './approval-view.ts'
import type { ChangeBell } from './change-bell.ts'
import { askedThemselves, maySeeApprovals } from './reviewers.ts'
import type { VoteDesk } from './vote-desk.ts'

const DEFAULT_APPROVALS = 100
const MAX_APPROVALS = 500
/** Longer waits are cut to `maxWaitMs`; a client asks again. */
const MAX_ASKED_WAIT_MS = 600_000
/** Many changes at once are one answer. */
const GATHER_MS = 50
const MAX_REASON_CHARACTERS = 500
export const UNKNOWN_CODES_AT_ONCE = 10
export const UNKNOWN_CODES_PER_SECOND = 0.1
export const MAX_GUESSING_SUBJECTS = 10_000

export type ApprovalRoutes = {
  readonly book: Pick<ApprovalBook, 'findByCode' | 'open' | 'ended' | 'revision'>
  readonly bell: ChangeBell
  readonly votes: Pick<VoteDesk, 'vote'>
  readonly policies: Pick<PolicyOffice, 'inForce' | 'rulesOf'>
  readonly personOf: PersonOf
  /** Whether a connection is one of the demo. */
  readonly isDemo: (connection: string) => boolean
  readonly nowMs: () => number
  readonly maxWaitMs: number
  /** Aborted when the console stops: nobody is kept waiting then. */
  readonly stopping: AbortSignal
}

const count = z.coerce.number().int().min(0)
const listSchema = z.strictObject({
  state: z.enum(['open', 'ended', 'all']).default('open'),
  limit: count.min(1).max(MAX_APPROVALS).default(DEFAULT_APPROVALS),
  since: count.max(Number.MAX_SAFE_INTEGER).optional(),
  waitMs: count.max(MAX_ASKED_WAIT_MS).default(0),
})
const oneSchema = listSchema.pick({ since: true, waitMs: true })
const voteSchema = z.strictObject({
  vote: z.enum(['approve', 'deny']),
  reason: z
    .string()
    .min(1)
    .max(MAX_REASON_CHARACTERS)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'may have no line breaks, control characters and invisible ones')
    .nullish(),
  /** SHA-256, base64url without padding. */
  shownDigest: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'has to be the digest of what was shown'),
})

export function addApprovalRoutes(app: Hono<ConsoleEnv>, options: ApprovalRoutes, limited: MiddlewareHandler): void {
  const { book, votes } = options
  const codes = new CodeLookup(options)

  app.get('/v1/approvals', async (c) => {
    const subject = c.get('subject')
    checkMaySee(subject, options)
    const { state, limit, since, waitMs } = readParameters(listSchema, c.req.queries())
    await changed(c, options, waitMs, () => book.revision !== since)
    const { revision } = book
    const open = state === 'ended' ? [] : book.open()
    const ended = state === 'open' ? [] : book.ended()
    const shown = [...open, ...ended].filter((entry) => isInReach(subject, entry, options)).slice(0, limit)
    const approvals = shown.map((entry) => viewOf(entry, subject, options))
    return c.json({ revision, approvals })
  })
  app.all('/v1/approvals', onlyBy('GET'))

  app.get('/v1/approvals/:code', async (c) => {
    const subject = c.get('subject')
    const { since, waitMs } = readParameters(oneSchema, c.req.queries())
    const entry = codes.visible(subject, c.req.param('code'))
    const from = since ?? entry.revision
    const latest = (): ApprovalEntry => book.findByCode(entry.requested.code) ?? entry
    await changed(c, options, waitMs, () => latest().revision !== from)
    return c.json(viewOf(latest(), subject, options))
  })
  app.all('/v1/approvals/:code', onlyBy('GET'))

  app.post('/v1/approvals/:code/votes', limited, async (c) => {
    const subject = c.get('subject')
    const { vote, reason, shownDigest } = readBody(voteSchema, await jsonText(c))
    const entry = codes.find(subject, c.req.param('code'))
    const token = bearerToken(c.req.header('authorization')) ?? ''
    const result = await votes.vote(subject, token, entry, {
      vote,
      reason: reason ?? null,
      shownDigest: Buffer.from(shownDigest, 'base64url'),
    })
    const latest = book.findByCode(entry.requested.code) ?? entry
    return c.json({ result, approval: viewOf(latest, subject, options) })
  })
  app.all('/v1/approvals/:code/votes', onlyBy('POST'))
}

/** Codes as people type them. Who guesses is slowed down. */
class CodeLookup {
  readonly #options: ApprovalRoutes
  readonly #unknown = new RequestLimit({
    burst: UNKNOWN_CODES_AT_ONCE,
    perSecond: UNKNOWN_CODES_PER_SECOND,
    maxKeys: MAX_GUESSING_SUBJECTS,
    code: 'too_many_codes',
    detail: (waitSeconds) => `too many codes of yours were unknown; wait ${waitSeconds} s`,
  })

  constructor(options: ApprovalRoutes) {
    this.#options = options
  }

  /** @throws ProblemError where there is none, or too many codes were unknown. */
  find(subject: VerifiedSubject, typed: string): ApprovalEntry {
    const { book, nowMs } = this.#options
    const key = subjectKey(subject)
    const refusal = this.#unknown.refusal(key, nowMs())
    if (refusal !== null) throw refusal
    const code = parseApprovalCode(typed)
    const entry = code === null ? null : book.findByCode(code)
    if (entry !== null && isInReach(subject, entry, this.#options)) return entry
    this.#unknown.take(key, nowMs())
    throw refuse(
      'approval_unknown',
      code === null
        ? 'a code has eight letters and digits, such as K7QM-2XPD, and is never shortened; see sluice approvals'
        : 'no command with this code waits or ended lately; see sluice approvals --all',
    )
  }

  /** The same for who wants to see it: of others than reviewers only who asked learns that it is there. */
  visible(subject: VerifiedSubject, typed: string): ApprovalEntry {
    if (maySee(subject, this.#options)) return this.find(subject, typed)
    const code = parseApprovalCode(typed)
    const entry = code === null ? null : this.#options.book.findByCode(code)
    if (entry !== null && askedThemselves(subject, entry.requested)) {
      throw refuse('requester', 'you asked for this yourself, so someone else must review it.')
    }
    throw notForThem(subject)
  }
}

/** The demo's own logins are for the demo's own connections. */
function isInReach(subject: VerifiedSubject, { requested }: ApprovalEntry, { isDemo }: ApprovalRoutes): boolean {
  return !subject.demo || isDemo(requested.connection)
}

function maySee(subject: Subject, { policies }: ApprovalRoutes): boolean {
  return maySeeApprovals(subject, policies.inForce?.approvalRules ?? {})
}

function checkMaySee(subject: Subject, options: ApprovalRoutes): void {
  if (!maySee(subject, options)) throw notForThem(subject)
}

function notForThem(subject: Subject): Error {
  if (subject.kind !== 'human') {
    return refuse('people_only', 'held commands are for the people who review them; ask with the token of a person')
  }
  return refuse(
    'group_required',
    'held commands are for the groups that review them, admins and analysts; ask to be taken into one of these groups',
  )
}

/** Waits for news, at most so long; answers at once where there are some. */
async function changed(
  c: ConsoleContext,
  { bell, maxWaitMs, stopping }: ApprovalRoutes,
  waitMs: number,
  isNews: () => boolean,
): Promise<void> {
  const key = subjectKey(c.get('subject'))
  const left = c.req.raw.signal
  const deadline = performance.now() + Math.min(waitMs, maxWaitMs)
  while (!isNews() && !left.aborted && !stopping.aborted) {
    const maxMs = deadline - performance.now()
    if (maxMs <= 0) return
    if (bell.isFullFor(key)) {
      throw refuse('too_many_waiting', 'too many wait for news here; ask again in some seconds', { 'retry-after': '5' })
    }
    await bell.wait({ key, maxMs, signals: [left, stopping] })
    if (isNews()) await setTimeout(Math.min(GATHER_MS, maxMs))
  }
}

function viewOf(entry: ApprovalEntry, viewer: Subject, { policies, personOf }: ApprovalRoutes): ApprovalView {
  const known = policies.rulesOf(entry.requested.policyVersion)
  const named = entry.requested.approvalRules.map((name) =>
    known !== null && Object.hasOwn(known, name) ? known[name] : undefined,
  )
  const rules = named.every((rule): rule is ApprovalRule => rule !== undefined) ? named : null
  return approvalView(entry, { viewer, rules, personOf })
}

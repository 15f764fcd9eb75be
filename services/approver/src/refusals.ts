// Why a vote does not count and why a request is not held, each with a sentence for the person who reads it.

import type { EndKind } from './approval-state.ts'

export type Refused<Code extends string> = { readonly code: Code; readonly reason: string }

const BECAME: Readonly<Record<EndKind, string>> = {
  approved: 'it was approved already',
  denied: 'it was denied already',
  expired: 'its time is over, and nobody had decided',
  withdrawn: 'who asked does not wait for it any more',
}

export function endedRefusal(ended: EndKind): Refused<'ended'> {
  return { code: 'ended', reason: `${BECAME[ended]}, so this vote changes nothing.` }
}

const VOTE_REASONS = {
  unknown_request: 'no request with this id is known; look at the list of approvals again.',
  requester: 'you asked for this yourself, so someone else must review it.',
  not_human: 'only people review, each with a login of their own; log in as yourself and vote again.',
  shown_differs: 'what you were shown is not what would run; look at the request again, and vote on what it says.',
  already_voted: 'you voted on this already, and a person counts once; somebody else has to vote.',
  reason_required: 'a reason is required here; vote again and give one.',
  too_many_votes: 'so many people voted on this that no more are counted; who asked has to cancel it and ask again.',
} as const

export function voteRefusal<Code extends keyof typeof VOTE_REASONS>(code: Code): Refused<Code> {
  return { code, reason: VOTE_REASONS[code] }
}

export function notInGroup(groups: readonly string[]): Refused<'not_in_group'> {
  return { code: 'not_in_group', reason: `only people of these groups review this: ${groups.join(', ')}.` }
}

export function staleLogin(maxAgeMs: number): Refused<'stale_login'> {
  const reason = `your login must not be older than ${describeMs(maxAgeMs)}; log in again, and vote again.`
  return { code: 'stale_login', reason }
}

/** `why` must not hold a part of the token. */
export function tokenInvalid(why: string): Refused<'token_invalid'> {
  return { code: 'token_invalid', reason: `your login does not count here: ${why}; log in again, and vote again.` }
}

const REQUEST_REASONS = {
  policy_unknown: 'the policies that ask for this approval are not known to the approver; try again in a moment.',
  rule_unknown:
    'a policy asks for an approval under a rule that its policy set does not have; the rule must be added to it.',
  in_transaction: 'this may not be held inside a transaction, which would keep its locks; ask outside of one.',
  code_taken: 'the code of this request belongs to another one that waits; try again.',
  session_pending: 'another command of this session waits for an approval; wait for it, or cancel it.',
} as const

export function requestDenial<Code extends keyof typeof REQUEST_REASONS>(code: Code): Refused<Code> {
  return { code, reason: REQUEST_REASONS[code] }
}

export function tooManyOfSubject(max: number): Refused<'held_per_subject'> {
  const reason = `${max} of your commands wait for approval already, and no more may; wait for them, or cancel some.`
  return { code: 'held_per_subject', reason }
}

export function tooMany(max: number): Refused<'held'> {
  const reason = `${max} commands wait for approval already, and no more may; try again when some are decided.`
  return { code: 'held', reason }
}

export function paused(denials: number, untilMicros: number): Refused<'paused'> {
  const until = new Date(untilMicros / 1000).toISOString()
  const reason = `${denials} of your requests were denied, so no more are held until ${until}; ask the reviewers first.`
  return { code: 'paused', reason }
}

const UNITS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

function describeMs(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1]
  return `${ms / size} ${unit}`
}

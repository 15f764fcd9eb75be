// From the claims of a verified token to the subject that policies and records speak of.
import { PeerInvalid, type Subject, type SubjectKind } from '@sluice/events'
import type { JWTPayload } from 'jose'
import type { TrustedIssuer } from './trusted-issuer.ts'

export const MAX_SUBJECT_ID_CHARACTERS = 255
export const MAX_GROUPS = 256

const KINDS: readonly string[] = ['human', 'agent', 'service'] satisfies readonly SubjectKind[]
/** Who doesn't say what it is gets the least: agents may do less than people and services. */
const DEFAULT_KIND: SubjectKind = 'agent'
/** No control character: a name stands in logs and on terminals. */
const NAME = /^\P{Cc}+$/u

type Claims = Readonly<Record<string, unknown>>

/**
 * `act` (RFC 8693 section 4.1) names who acts, and the token's own subject on whose behalf. Kind and groups are then
 * read from `act` too: an agent doesn't get the groups of the person it works for.
 * @throws PeerInvalid `token_claims`
 */
export function subjectOf(claims: JWTPayload, issuer: TrustedIssuer): Subject {
  const id = nameOf(claims[issuer.subjectClaim], issuer.subjectClaim)
  const actor = claims['act']
  if (actor === undefined) return { ...identityOf(id, claims, issuer), onBehalfOf: null }
  if (typeof actor !== 'object' || actor === null || Array.isArray(actor)) throw refused('act')
  const acting = actor as Claims
  return { ...identityOf(nameOf(acting['sub'], 'act.sub'), acting, issuer), onBehalfOf: id }
}

function identityOf(id: string, claims: Claims, issuer: TrustedIssuer): Omit<Subject, 'onBehalfOf'> {
  return {
    issuer: issuer.issuer,
    id,
    kind: kindOf(claims[issuer.kindClaim], issuer.kindClaim),
    groups: groupsOf(claims[issuer.groupsClaim], issuer.groupsClaim),
  }
}

function kindOf(value: unknown, claim: string): SubjectKind {
  if (value === undefined) return DEFAULT_KIND
  if (typeof value !== 'string' || !KINDS.includes(value)) throw refused(claim)
  return value as SubjectKind
}

function groupsOf(value: unknown, claim: string): readonly string[] {
  if (value === undefined) return []
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (groups.length > MAX_GROUPS) throw refused(claim)
  return [...new Set(groups.map((group) => nameOf(group, claim)))]
}

function nameOf(value: unknown, claim: string): string {
  if (typeof value !== 'string' || value.length > MAX_SUBJECT_ID_CHARACTERS || !NAME.test(value)) throw refused(claim)
  return value
}

function refused(claim: string): PeerInvalid {
  return new PeerInvalid(
    'token_claims',
    `the token's claim ${claim} is missing or can't be used; have its issuer set it`,
  )
}

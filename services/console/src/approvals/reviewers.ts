// Who may see and decide held commands, as far as the console can tell. What counts is what the approver says: these
// answers only keep people from votes that would be refused.
import type { CountedReviewer, Requested, Subject } from '@sluice/events'
import type { ApprovalRule, ApprovalRules } from '@sluice/policy'
import { type ApprovalEntry, isOpen } from './approval-entry.ts'

/** They see what is held without being reviewers. */
export const GROUPS_THAT_WATCH: readonly string[] = ['admins', 'analysts']

type PersonSettings = {
  readonly name: string
  readonly identities: readonly { readonly issuer: string; readonly id: string }[]
}

/** Which identities are one person. */
export class People {
  readonly #names: ReadonlyMap<string, string>

  constructor(people: readonly PersonSettings[]) {
    this.#names = new Map(
      people.flatMap(({ name, identities }) => identities.map(({ issuer, id }) => [`${issuer}|${id}`, name])),
    )
  }

  personOf(issuer: string, id: string): string {
    const identity = `${issuer}|${id}`
    return this.#names.get(identity) ?? identity
  }
}

/** One demand of a rule: so many people of any of these groups. */
type Demand = { readonly groups: readonly string[]; readonly count: number }

const nameOf = (group: string): string => group.replace(/^group:/, '')

function demandsOf({ reviewers, count }: ApprovalRule): readonly Demand[] {
  const plain = reviewers.filter((entry) => typeof entry === 'string').map(nameOf)
  const own = reviewers.filter((entry) => typeof entry !== 'string')
  return [
    ...(plain.length > 0 ? [{ groups: plain, count }] : []),
    ...own.map((entry) => ({ groups: [nameOf(entry.group)], count: entry.count })),
  ]
}

function groupsOf(rules: readonly ApprovalRule[]): ReadonlySet<string> {
  return new Set(rules.flatMap((rule) => demandsOf(rule).flatMap(({ groups }) => groups)))
}

/** Where people of these rules may vote, and whoever watches, the list of held commands is open. */
export function maySeeApprovals(subject: Subject, rules: ApprovalRules): boolean {
  if (subject.kind !== 'human') return false
  const reviewing = groupsOf(Object.values(rules))
  return subject.groups.some((group) => reviewing.has(group) || GROUPS_THAT_WATCH.includes(group))
}

export function isRequester(subject: Subject, requested: Requested): boolean {
  return subject.issuer === requested.subject.issuer && subject.id === requested.subject.id
}

/** @param rules those that the request names; null where they are not known here */
export function mayReview(
  subject: Subject,
  entry: ApprovalEntry,
  rules: readonly ApprovalRule[] | null,
  people: People,
): boolean {
  if (rules === null || subject.kind !== 'human' || subject.onBehalfOf !== null || !isOpen(entry)) return false
  const { issuer, id, onBehalfOf } = entry.requested.subject
  const person = people.personOf(subject.issuer, subject.id)
  if (person === people.personOf(issuer, id)) return false
  if (onBehalfOf !== null && isPersonNamed(person, issuer, onBehalfOf, people)) return false
  const voted = [...entry.approvals, ...entry.denials].some((reviewer) => reviewer.person === person)
  if (voted) return false
  const groups = groupsOf(rules)
  return subject.groups.some((group) => groups.has(group))
}

/** `onBehalfOf` is an id of the same issuer, or `issuer|id`. */
function isPersonNamed(person: string, issuer: string, onBehalfOf: string, people: People): boolean {
  if (person === people.personOf(issuer, onBehalfOf)) return true
  const cut = onBehalfOf.indexOf('|')
  return cut > 0 && person === people.personOf(onBehalfOf.slice(0, cut), onBehalfOf.slice(cut + 1))
}

/** Such as `1 of group data-owners and 2 of group security`; null where nothing is missing or the rules are unknown. */
export function waitingFor(
  rules: readonly ApprovalRule[] | null,
  approvals: readonly CountedReviewer[],
): string | null {
  if (rules === null) return null
  const missing = rules.flatMap(demandsOf).flatMap(({ groups, count }) => {
    const counted = approvals.filter((reviewer) => reviewer.groups.some((group) => groups.includes(group))).length
    const name = groups.length === 1 ? `group ${groups[0]}` : `groups ${groups.join(' or ')}`
    return counted < count ? [`${count - counted} of ${name}`] : []
  })
  return missing.length === 0 ? null : [...new Set(missing)].join(' and ')
}

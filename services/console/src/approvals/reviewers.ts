// Who may see held commands, and what the approver would say to whom: by its own rules, so that people are kept from
// votes that would be refused. What counts is what the approver itself says.
import type { CountedReviewer, Requested, Subject } from '@sluice/events'
import {
  type ApprovalRule,
  type ApprovalRules,
  countingGroups,
  describeSeats,
  freeSeats,
  isRequester,
  type PersonOf,
} from '@sluice/policy'
import { type ApprovalEntry, isOpen } from './approval-entry.ts'

/** They see what is held without being reviewers. */
export const GROUPS_THAT_WATCH: readonly string[] = ['admins', 'analysts']

/** Where people of these rules may vote, and whoever watches, the list of held commands is open. */
export function maySeeApprovals(subject: Subject, rules: ApprovalRules): boolean {
  if (subject.kind !== 'human') return false
  if (subject.groups.some((group) => GROUPS_THAT_WATCH.includes(group))) return true
  return countingGroups(Object.values(rules), subject.groups).length > 0
}

/** Whether somebody asked under this very identity. */
export function askedThemselves(subject: Subject, requested: Requested): boolean {
  return subject.issuer === requested.subject.issuer && subject.id === requested.subject.id
}

/** @param rules those that the request names; null where they are not known here */
export function mayReview(
  subject: Subject,
  entry: ApprovalEntry,
  rules: readonly ApprovalRule[] | null,
  personOf: PersonOf,
): boolean {
  if (rules === null || subject.kind !== 'human' || subject.onBehalfOf !== null || !isOpen(entry)) return false
  if (isRequester(entry.requested.subject, subject, personOf)) return false
  const person = personOf(subject)
  const voted = [...entry.approvals, ...entry.denials].some((reviewer) => reviewer.person === person)
  return !voted && countingGroups(rules, subject.groups).length > 0
}

/** Such as `1 of group data-owners and 2 of group security`; null where nothing is missing or the rules are unknown. */
export function waitingFor(
  rules: readonly ApprovalRule[] | null,
  approvals: readonly CountedReviewer[],
): string | null {
  const people = approvals.map(({ groups }) => groups)
  const free = (rules ?? []).flatMap((rule) => freeSeats(rule, people))
  return free.length === 0 ? null : describeSeats(free)
}

// Who may review, as whom they count, and whether those who agreed are enough. The approver decides by it, and the
// console tells people by the same what the approver would say.

import type { Subject } from '@sluice/events'
import type { ApprovalRule } from './approval-rule.ts'

export type Identity = { readonly issuer: string; readonly id: string }

/** The one name of all identities of a person. */
export type PersonOf = (identity: Identity) => string

export type PersonSettings = { readonly name: string; readonly identities: readonly Identity[] }

/** `issuer|id`, which is also the person of everybody who is not listed. */
export function identityName({ issuer, id }: Identity): string {
  return `${issuer}|${id}`
}

export function personsOf(people: readonly PersonSettings[]): PersonOf {
  const persons = new Map<string, string>()
  for (const { name, identities } of people) {
    for (const identity of identities) persons.set(identityName(identity), name)
  }
  return (identity) => persons.get(identityName(identity)) ?? identityName(identity)
}

/**
 * Whether somebody is who asked, or who that acts for, under any of their identities. `onBehalfOf` is an id of the same
 * issuer or `issuer|id`: it is taken as both, since to miss the requester would be worse than to refuse a namesake.
 */
export function isRequester(
  requester: Subject,
  reviewer: Identity & { readonly onBehalfOf: string | null },
  personOf: PersonOf,
): boolean {
  const asked = new Set(identitiesBehind(requester).map(personOf))
  return identitiesBehind(reviewer).some((identity) => asked.has(personOf(identity)))
}

function identitiesBehind(subject: Identity & { readonly onBehalfOf: string | null }): readonly Identity[] {
  const { issuer, id, onBehalfOf } = subject
  if (onBehalfOf === null) return [{ issuer, id }]
  const cut = onBehalfOf.indexOf('|')
  const named = cut < 0 ? [] : [{ issuer: onBehalfOf.slice(0, cut), id: onBehalfOf.slice(cut + 1) }]
  return [{ issuer, id }, { issuer, id: onBehalfOf }, ...named]
}

/** So many people, each of one of these groups. */
export type Seats = { readonly groups: readonly string[]; readonly count: number }

/** Only approval rules write it before a group's name. */
export const GROUP_PREFIX = 'group:'

/** What a rule asks for: `count` people of its plain groups together, and so many of each group with a count of its own. */
export function seatsOf(rule: ApprovalRule): readonly Seats[] {
  const nameOf = (entry: string): string => entry.slice(GROUP_PREFIX.length)
  const plain = rule.reviewers.filter((entry) => typeof entry === 'string').map(nameOf)
  const counted = rule.reviewers
    .filter((entry) => typeof entry !== 'string')
    .map(({ group, count }) => ({ groups: [nameOf(group)], count }))
  return plain.length === 0 ? counted : [{ groups: plain, count: rule.count }, ...counted]
}

/** Every group that any of the rules names, once. */
export function groupsAsked(rules: readonly ApprovalRule[]): readonly string[] {
  return [...new Set(rules.flatMap(seatsOf).flatMap(({ groups }) => groups))]
}

/** Those of a person's groups that any of the rules names: no other stands in a record, nor counts. */
export function countingGroups(rules: readonly ApprovalRule[], groups: readonly string[]): readonly string[] {
  const asked = groupsAsked(rules)
  return groups.filter((group) => asked.includes(group))
}

/** Whether somebody of these groups may review under this rule. */
export function mayReview(rule: ApprovalRule, groups: readonly string[]): boolean {
  return seatsOf(rule).some((seats) => seats.groups.some((group) => groups.includes(group)))
}

/**
 * The seats of a rule that stay free when as many as possible of these people, given by their groups, sit down, each on
 * one. None: the rule is satisfied. Someone who fits on several seats moves on when another needs theirs.
 */
export function freeSeats(rule: ApprovalRule, people: readonly (readonly string[])[]): readonly Seats[] {
  const rows = seatsOf(rule).map((seats) => ({ seats, sitting: [] as (readonly string[])[] }))
  type Row = (typeof rows)[number]
  const seat = (person: readonly string[], tried: Set<Row>): boolean => {
    for (const row of rows) {
      if (tried.has(row) || !row.seats.groups.some((group) => person.includes(group))) continue
      tried.add(row)
      if (row.sitting.length < row.seats.count) {
        row.sitting.push(person)
        return true
      }
      const moving = row.sitting.findIndex((other) => seat(other, tried))
      if (moving >= 0) {
        row.sitting[moving] = person
        return true
      }
    }
    return false
  }
  for (const person of people) seat(person, new Set())
  return rows
    .map(({ seats, sitting }) => ({ groups: seats.groups, count: seats.count - sitting.length }))
    .filter(({ count }) => count > 0)
}

/** `1 of group data-owners and 2 of group security`, as people read it. */
export function describeSeats(free: readonly Seats[]): string {
  const described = free.map(({ groups, count }) => {
    return `${count} of group${groups.length === 1 ? '' : 's'} ${groups.join(' or ')}`
  })
  return [...new Set(described)].join(' and ')
}

// Who may do what here. Everyone may take a ticket for themselves; people and services of some groups may ask.
import type { Subject } from '@sluice/events'
import { refuse } from './problem.ts'

export const GROUPS_THAT_ASK: readonly string[] = ['admins', 'analysts', 'data-owners']

/** @throws ProblemError where the subject may not read what was recorded. */
export function checkMayAsk(subject: Subject): void {
  if (subject.kind === 'agent') {
    throw refuse('agents_may_not_ask', 'agents may take tickets for themselves, and nothing else here; ask as a person')
  }
  checkIsInOneOf(subject, GROUPS_THAT_ASK)
}

export const GROUPS_THAT_SEE_KEYS: readonly string[] = ['admins', 'analysts']

/** @throws ProblemError where the subject may not see whose keys are trusted. */
export function checkMaySeeKeys(subject: Subject): void {
  checkPersonOf(subject, GROUPS_THAT_SEE_KEYS)
}

export const GROUPS_THAT_APPLY: readonly string[] = ['admins']

/** @throws ProblemError where the subject may not say what everyone may do. */
export function checkMayApply(subject: Subject): void {
  checkPersonOf(subject, GROUPS_THAT_APPLY)
}

function checkPersonOf(subject: Subject, groups: readonly string[]): void {
  if (subject.kind !== 'human') throw refuse('people_only', 'this is for people; ask with the token of a person')
  checkIsInOneOf(subject, groups)
}

function checkIsInOneOf(subject: Subject, groups: readonly string[]): void {
  if (!subject.groups.some((group) => groups.includes(group))) {
    const named = groups.length === 1 ? `the group ${groups[0]}` : `one of the groups ${groups.join(', ')}`
    throw refuse('group_required', `this needs membership in ${named}`)
  }
}

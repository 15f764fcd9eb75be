// Who may do what here. Everyone may take a ticket for themselves; people and services of some groups may ask.
import type { Subject } from '@sluice/events'
import { refuse } from './problem.ts'

export const GROUPS_THAT_ASK: readonly string[] = ['admins', 'analysts', 'data-owners']

/** @throws ProblemError where the subject may not read what was recorded. */
export function checkMayAsk(subject: Subject): void {
  if (subject.kind === 'agent') {
    throw refuse('agents_may_not_ask', 'agents may take tickets for themselves, and nothing else here; ask as a person')
  }
  if (!subject.groups.some((group) => GROUPS_THAT_ASK.includes(group))) {
    throw refuse('group_required', `this needs membership in one of the groups ${GROUPS_THAT_ASK.join(', ')}`)
  }
}

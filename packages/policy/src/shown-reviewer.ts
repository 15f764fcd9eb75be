import type { CountedReviewer } from '@sluice/events'
import { identityName } from './reviewers.ts'

/** Who reviewed, for people: a person's name; an id alone where nobody is listed, whose name has the issuer's address in it. */
export function shownReviewer(reviewer: Pick<CountedReviewer, 'person' | 'issuer' | 'id'>): string {
  return reviewer.person === identityName(reviewer) ? reviewer.id : reviewer.person
}

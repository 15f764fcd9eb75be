import type { CountedReviewer } from '@sluice/events'

/** Who reviewed, for people: a person's name; an id alone where nobody is listed, whose name has the issuer's address in it. */
export function shownReviewer({ person, issuer, id }: Pick<CountedReviewer, 'person' | 'issuer' | 'id'>): string {
  return person === `${issuer}|${id}` ? id : person
}

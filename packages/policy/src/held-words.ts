// What whoever asked is told about the wait: by the gateway, and by whoever explains the policies beforehand.

import type { ApprovalRule } from './approval-rule.ts'
import { type Seats, seatsOf } from './reviewers.ts'

const SECONDS_PER_MINUTE = 60

/** `held until a person of data-owners approves (up to 10 minutes)` */
export function heldWords(rules: readonly ApprovalRule[], seconds: number): string {
  const seats = rules.flatMap(seatsOf)
  const who = [...new Set(seats.map(peopleOf))]
  const approve = who.length === 1 && seats[0]?.count === 1 ? 'approves' : 'approve'
  return `held until ${who.join(' and ')} ${approve} (up to ${durationOf(seconds)})`
}

function peopleOf({ groups, count }: Seats): string {
  return `${count === 1 ? 'a person' : `${count} people`} of ${[...new Set(groups)].join(' or ')}`
}

/** `10 minutes`, `30 seconds`. */
function durationOf(seconds: number): string {
  if (seconds === 1) return '1 second'
  return seconds >= 2 * SECONDS_PER_MINUTE
    ? `${Math.round(seconds / SECONDS_PER_MINUTE)} minutes`
    : `${seconds} seconds`
}
